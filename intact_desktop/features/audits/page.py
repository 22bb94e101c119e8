"""My audits: one row each, with one tick for "ready offline" that says what is here."""

from uuid import UUID

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from intact_desktop.features.audits import queries
from intact_desktop.features.audits.queries import AuditRow, Pack
from intact_desktop.qt import icons, theme, words
from intact_desktop.qt.notices import EmptyState, button, label
from intact_desktop.qt.page import Page
from intact_desktop.qt.rows import Column, RowModel
from intact_desktop.qt.theme import GRID, Grade
from intact_desktop.qt.workbench import Workbench


class AuditsPage(Page):
    """`opened` carries the id of the audit to work in; `listed` all rows after each reading."""

    opened = Signal(object)
    listed = Signal(list)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search audits"))
        self.search.setAccessibleName(self.tr("Search audits"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.model = RowModel(self._columns())
        self.table = self._table()
        self.setFocusProxy(self.table)
        self.pack = PackPanel()
        self.open_button = button((self.tr("Open audit"), self._open_current), "main")
        self._listed = self._list()
        self._whole = QStackedWidget()
        self._whole.addWidget(self._listed)
        self._whole.addWidget(
            EmptyState(
                self.tr("No audit is on this laptop yet"),
                self.tr(
                    "Audits that the office puts you on arrive by themselves with the next sync."
                ),
                (self.tr("Sync now"), bench.request_sync),
                "clipboard-text",
            )
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(self._head())
        column.addWidget(self._whole, 1)

    def reload(self) -> None:
        user_id = self.bench.user_id
        self.bench.ask(lambda s: queries.audits(s, user_id), self._show, owner=self)

    def row_of(self, audit_id: UUID) -> AuditRow | None:
        """The row of an audit that is shown."""
        return next((row for row in self.model.rows if row.id == audit_id), None)

    def open_audit(self, audit_id: UUID) -> None:
        """Open the workspace of an audit."""
        self.opened.emit(audit_id)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(label(self.tr("My audits"), "title"))
        row.addStretch()
        self.search.setFixedWidth(34 * GRID)
        row.addWidget(self.search)
        row.addWidget(self.open_button)
        return row

    def _list(self) -> QWidget:
        both = QWidget()
        column = QVBoxLayout(both)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2 * GRID)
        column.addWidget(self.table, 1)
        column.addWidget(self.pack)
        return both

    def _columns(self) -> list[Column[AuditRow]]:
        return [
            Column(self.tr("Client"), lambda row: row.client, tip=lambda row: row.number),
            Column(self.tr("Number"), lambda row: row.number),
            Column(self.tr("Standard"), lambda row: row.standard),
            Column(self.tr("Audit"), _kind),
            Column(self.tr("Days"), lambda row: words.days(row.first_day, row.last_day)),
            Column(self.tr("Answered"), lambda row: f"{row.done} / {row.items}", number=True),
            Column(self.tr("Offline"), self._ready_words, icon=_ready_icon),
            Column(
                self.tr("Conflicts"),
                lambda row: str(row.conflicts) if row.conflicts else "",
                number=True,
            ),
            Column(self.tr("State"), lambda row: words.word(row.workflow)),
        ]

    def _ready_words(self, row: AuditRow) -> str:
        if row.is_ready:
            return self.tr("ready")
        return self.tr("{here} of {all} files").format(here=row.files_here, all=row.files)

    def _table(self) -> QTableView:
        table = QTableView()
        table.setAccessibleName(self.tr("My audits"))
        table.setModel(self.model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(5 * GRID)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        # Only the rows in sight say how wide a column is: all of them are asked for each change.
        header.setResizeContentsPrecision(0)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        table.activated.connect(self._open)
        table.doubleClicked.connect(self._open)
        table.selectionModel().currentRowChanged.connect(lambda now, _: self._unfold(now))
        return table

    def _show(self, rows: list[AuditRow]) -> None:
        current = self._current()
        self._whole.setCurrentIndex(0 if rows else 1)
        self.open_button.setVisible(bool(rows))
        self.model.show_rows(rows)
        self.listed.emit(rows)
        self._select(current.id if current else None)
        self.loaded()

    def _select(self, audit_id: UUID | None) -> None:
        if not self.model.rows:
            return
        places = (at for at, row in enumerate(self.model.rows) if row.id == audit_id)
        self.table.selectRow(next(places, 0))

    def _current(self) -> AuditRow | None:
        index = self.table.currentIndex()
        return self.model.row(index) if index.isValid() else None

    def _filter(self, text: str) -> None:
        wanted = text.casefold().split()
        self.model.show_only(
            lambda row: all(
                part in f"{row.client} {row.number} {row.standard}".casefold() for part in wanted
            )
        )
        self._select(None)

    def _open_current(self) -> None:
        row = self._current()
        if row is not None:
            self.opened.emit(row.id)

    def _open(self, index: QModelIndex) -> None:
        self.opened.emit(self.model.row(index).id)

    def _unfold(self, index: QModelIndex) -> None:
        if not index.isValid():
            self.pack.hide()
            return
        row = self.model.row(index)
        until = words.moment(self.bench.opened.lease_until)
        self.bench.ask(
            lambda session: queries.pack(session, row),
            lambda pack: self.pack.show_pack(row, pack, until),
            owner=self,
        )


class PackPanel(QFrame):
    """What is behind the tick: each part with its number."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "panel")
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, GRID, 2 * GRID, 2 * GRID)
        self.title = label("", "heading")
        column.addWidget(self.title)
        row = QHBoxLayout()
        row.setSpacing(4 * GRID)
        self.parts = [label("") for _ in range(7)]
        for part in self.parts:
            row.addWidget(part)
        row.addStretch()
        column.addLayout(row)
        self.hide()

    def show_pack(self, audit: AuditRow, pack: Pack, lease_until: str) -> None:
        ready = (
            self.tr("{client}: ready offline")
            if audit.is_ready
            else self.tr("{client}: not all of it is here yet")
        )
        self.title.setText(ready.format(client=audit.client))
        photos = (
            self.tr("{here} of {all}\nphotos and files").format(
                here=pack.files_here, all=pack.files
            )
            if pack.files
            else self.tr("no photos\nor files yet")
        )
        texts = (
            self.tr("{n}\nchecklist items").format(n=pack.items),
            self.tr("{n}\nclauses of the standard").format(n=pack.clauses),
            self.tr("{n}\nearlier findings").format(n=pack.earlier_findings),
            self.tr("{n}\nrecords of the client").format(n=pack.client_records),
            self.tr("{n}\nreports").format(n=pack.documents),
            photos,
            self.tr("works offline until\n{day}").format(day=lease_until),
        )
        for part, text in zip(self.parts, texts, strict=True):
            part.setText(text)
        self.setAccessibleName(self.title.text())
        self.setAccessibleDescription("; ".join(text.replace("\n", " ") for text in texts))
        self.show()


def _kind(row: AuditRow) -> str:
    stage = f", {words.word(row.stage)}" if row.stage else ""
    return words.word(row.kind) + stage


def _ready_icon(row: AuditRow) -> QIcon:
    if row.is_ready:
        return icons.grade_icon(Grade.CONFORMS)
    return icons.icon("arrow-down", theme.colours().muted)
