"""Conflicts by audit, with the choice beside them."""

from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
)

from intact_core.errors import IntactError, Place
from intact_desktop.features.conflicts import actions, queries
from intact_desktop.features.conflicts.actions import Choice
from intact_desktop.features.conflicts.conflict_view import ConflictView
from intact_desktop.features.conflicts.queries import ConflictRow
from intact_desktop.qt.notices import EmptyState
from intact_desktop.qt.page import Page
from intact_desktop.qt.record_words import field_words, record_words
from intact_desktop.qt.workbench import Workbench

_WIDTHS = (320, 960)
_ROW = Qt.ItemDataRole.UserRole


class ConflictsPage(Page):
    """`settled` carries the id of a conflict, `counted` how many wait for somebody."""

    settled = Signal(object)
    counted = Signal(int)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        bench.synced.connect(self._recount)
        self.rows: list[ConflictRow] = []
        self._wanted: UUID | None = None
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Conflicts"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentItemChanged.connect(lambda *_: self._turn())
        self.view = ConflictView()
        self.list.itemActivated.connect(lambda _: self.view.reason.setFocus())
        self.view.chosen.connect(self._settle)
        self.view.place_wanted.connect(bench.show_place)
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self.view)
        split.setSizes(list(_WIDTHS))
        split.setStretchFactor(1, 1)
        sentence = self.tr(
            "When two people write the same thing, both versions wait here until somebody chooses."
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(split)
        self._stack.addWidget(EmptyState(self.tr("No conflicts"), sentence, None, "check-circle"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._stack)

    def _recount(self) -> None:
        """What a round brought is counted at the left, also while this page is out of sight."""
        if not self.isVisible():
            self.reload()

    def reload(self) -> None:
        self.bench.ask(queries.open_conflicts, self._show, owner=self)

    def go_to(self, place: Place) -> None:
        """Show a conflict, or the first one of a record."""
        self._wanted = place.id
        self._select()

    @property
    def current(self) -> ConflictRow | None:
        item = self.list.currentItem()
        row: ConflictRow | None = item.data(_ROW) if item else None
        return row

    def _show(self, rows: list[ConflictRow]) -> None:
        kept = self.current
        self._wanted = self._wanted or (kept.id if kept else None)
        self.rows = rows
        self._fill()
        self._select()
        self._stack.setCurrentIndex(0 if rows else 1)
        self.counted.emit(len(rows))
        self.loaded()

    def _fill(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        audit = None
        for row in self.rows:
            if row.audit != audit:
                audit = row.audit
                head = QListWidgetItem(audit or self.tr("Other"), self.list)
                head.setFlags(Qt.ItemFlag.NoItemFlags)
            item = QListWidgetItem(self._title(row), self.list)
            item.setData(_ROW, row)
        self.list.blockSignals(False)

    def _title(self, row: ConflictRow) -> str:
        what = record_words(row.place.type, row.subject)
        if row.kind == "delete_edit":
            about = self.tr("Removed and changed")
        elif row.kind == "possible_duplicate":
            about = self.tr("The same number twice")
        else:
            about = ", ".join(field_words(one.name) for one in row.fields[:3])
        others = [side.by for side in (row.first, row.second) if side.by and not side.is_mine]
        return f"{what}\n{' · '.join([about, *others])}"

    def _select(self) -> None:
        items = [self.list.item(at) for at in range(self.list.count())]
        rows = [(one, one.data(_ROW)) for one in items if one.data(_ROW) is not None]
        wanted = [one for one, row in rows if self._wanted in (row.id, row.place.id)]
        if rows:
            self.list.setCurrentItem(wanted[0] if wanted else rows[0][0])
            self._wanted = None
        self._turn()

    def _turn(self) -> None:
        row = self.current
        if row is not None:
            self.view.show_conflict(row)

    def _settle(self, choice: Choice) -> None:
        row = self.current
        if row is None:
            return

        def settled(_: None) -> None:
            self.view.forget(row.id)
            self.list.setFocus()
            self.bench.tell(self.tr("Settled. Both versions stay in the history."))
            self.outdate()
            self.settled.emit(row.id)

        self.bench.do(
            partial(actions.resolve, conflict_id=row.id, choice=choice),
            settled,
            self._say,
            self,
        )

    def _say(self, error: IntactError) -> None:
        self.view.notice.say(error.sentence)
