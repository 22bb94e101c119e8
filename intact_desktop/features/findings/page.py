"""The findings of an audit: the list, and one to write."""

from functools import partial
from uuid import UUID

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QMenu,
    QSplitter,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from intact_core.errors import IntactError, Place
from intact_desktop.features.findings import actions, queries
from intact_desktop.features.findings.editor import FindingEditor
from intact_desktop.features.findings.queries import FindingRow, Findings
from intact_desktop.qt import icons, words
from intact_desktop.qt.notices import EmptyState, button, label
from intact_desktop.qt.page import AuditPage
from intact_desktop.qt.rows import Column, RowModel
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_WIDTHS = (420, 640)


class FindingsPage(AuditPage):
    """`started` carries the id of a finding just made."""

    started = Signal(object)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self._known = Findings([], False)
        self._wanted: tuple[UUID, str | None] | None = None
        self.model = RowModel(self._columns())
        self.table = self._table()
        self.setFocusProxy(self.table)
        self.editor = FindingEditor()
        self.statement = self.editor.statement
        self.new_button = button((self.tr("New finding"), self.start), "main")
        self._right = QStackedWidget()
        self._right.addWidget(self.editor)
        self._right.addWidget(
            EmptyState(
                self.tr("No findings yet"),
                self.tr("Press N at an item of the checklist, or begin one here."),
                (self.tr("New finding"), self.start),
                "flag",
            )
        )
        split = QSplitter()
        split.addWidget(self._left())
        split.addWidget(self._right)
        split.setSizes(list(_WIDTHS))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        self._connect()

    def reload(self) -> None:
        audit_id = self.audit_id
        if audit_id is not None:
            self.read(lambda s: queries.findings(s, audit_id), self._show)

    def flush(self) -> None:
        self.editor.flush()

    def leave(self) -> None:
        super().leave()
        self.editor.finding = None

    def go_to(self, place: Place) -> None:
        """Show a finding with the cursor in the field named."""
        self._wanted = (place.id, place.field)
        self._open_wanted()

    def start(self, item_id: UUID | None = None) -> None:
        """Make a finding, from an item where one is named, with the cursor in its statement."""
        audit_id = self.audit_id
        if audit_id is None:
            return
        self.editor.flush()
        self.bench.do(
            lambda session: actions.start(session, audit_id, item_id), self._started, owner=self
        )

    def join(self, finding_id: UUID, item_id: UUID) -> None:
        """Put an item behind a finding."""
        self._do(partial(actions.join, finding_id=finding_id, item_id=item_id))

    def choose_to_join(self, item_id: UUID) -> None:
        """Ask which finding an item joins."""
        open_ones = [row for row in self._known.rows if row.status == "open"]
        if not open_ones:
            self.bench.tell(self.tr("There is no finding to join yet. Press N for a new one."))
            return
        menu = QMenu(self)
        menu.setAccessibleName(self.tr("Join a finding"))
        for row in open_ones:
            action = menu.addAction(
                icons.grade_icon(words.grade_of(row.severity)),
                f"{row.number}  {row.statement[:60]}",
            )
            action.triggered.connect(partial(self.join, row.id, item_id))
        menu.popup(QCursor.pos())

    def _connect(self) -> None:
        editor = self.editor
        editor.written.connect(self._write)
        editor.graded.connect(self._grade)
        editor.voided.connect(self._void)
        editor.parted.connect(self._part)
        editor.item_wanted.connect(
            lambda item_id: self.bench.show_place(Place("audit_checklists", item_id))
        )

    def _columns(self) -> list[Column[FindingRow]]:
        return [
            Column(
                self.tr("Finding"),
                lambda row: row.number.rpartition("-")[2],
                icon=lambda row: icons.grade_icon(words.grade_of(row.severity)),
                tip=lambda row: f"{row.number}, {words.word(row.severity)}",
            ),
            Column(self.tr("Clause"), lambda row: row.clause),
            Column(self.tr("Statement"), lambda row: row.statement.replace("\n", " ")),
            Column(self.tr("State"), self._state),
        ]

    def _state(self, row: FindingRow) -> str:
        return self.tr("incomplete") if row.missing else words.word(row.status)

    def _left(self) -> QWidget:
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(2 * GRID, 2 * GRID, GRID, GRID)
        row = QHBoxLayout()
        self.count = label("", "muted")
        row.addWidget(self.count)
        row.addStretch()
        row.addWidget(self.new_button)
        column.addLayout(row)
        column.addWidget(self.table, 1)
        return left

    def _table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName(self.tr("Findings"))
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(4 * GRID + 4)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        table.selectionModel().currentRowChanged.connect(lambda now, _: self._turn_to(now))
        return table

    def _show(self, read: Findings) -> None:
        kept = self.editor.finding.id if self.editor.finding else None
        self._known = read
        self.model.show_rows(read.rows)
        self.count.setText(words.count(len(read.rows), self.tr("finding"), self.tr("findings")))
        self._right.setCurrentIndex(0 if read.rows else 1)
        if self._wanted is None and read.rows:
            self._select(kept or read.rows[0].id)
        self._open_wanted()
        self.loaded()

    def _select(self, finding_id: UUID) -> bool:
        places = (at for at, row in enumerate(self.model.rows) if row.id == finding_id)
        place = next(places, None)
        if place is None:
            return False
        self.table.selectRow(place)
        return True

    def _open_wanted(self) -> None:
        if self._wanted is None or not self._select(self._wanted[0]):
            return
        field = self._wanted[1]
        self._wanted = None
        if field in self.editor.texts:
            self.editor.texts[field].setFocus()

    def _turn_to(self, index: QModelIndex) -> None:
        if index.isValid():
            self.editor.show_finding(self.model.row(index), is_stage1=self._known.is_stage1)

    def _started(self, finding_id: UUID) -> None:
        self._wanted = (finding_id, "description")
        self.outdate()
        self.started.emit(finding_id)

    def _write(self, field: str, text: str) -> None:
        if self.editor.finding is not None:
            self._do(
                partial(actions.write, finding_id=self.editor.finding.id, field=field, text=text)
            )

    def _grade(self, severity: str) -> None:
        if self.editor.finding is not None:
            self._do(partial(actions.grade, finding_id=self.editor.finding.id, severity=severity))

    def _void(self, reason: str) -> None:
        if self.editor.finding is not None:
            self._do(partial(actions.void, finding_id=self.editor.finding.id, reason=reason))

    def _part(self, item_id: UUID) -> None:
        if self.editor.finding is not None:
            self._do(partial(actions.part, finding_id=self.editor.finding.id, item_id=item_id))

    def _do(self, action: partial[None]) -> None:
        self.bench.do(action, lambda _: self.outdate(), self._refused, self)

    def _refused(self, error: IntactError) -> None:
        self.bench.tell(error.sentence)
        self.outdate()
