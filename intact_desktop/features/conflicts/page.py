"""Conflicts by audit with the choice beside them, and what the server did not accept."""

from functools import partial
from uuid import UUID

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QStackedWidget,
    QTabWidget,
    QVBoxLayout,
)
from sqlalchemy.orm import Session

from intact_core.errors import IntactError, Place
from intact_desktop.features.conflicts import actions, queries, shown
from intact_desktop.features.conflicts.actions import Choice
from intact_desktop.features.conflicts.conflict_view import ConflictView
from intact_desktop.features.conflicts.queries import ConflictRow, Refused
from intact_desktop.features.conflicts.refused_view import RefusedView
from intact_desktop.qt.notices import EmptyState
from intact_desktop.qt.page import Page
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_WIDTHS = (320, 960)
_Read = tuple[list[ConflictRow], list[Refused]]


class ConflictsPage(Page):
    """`settled` carries the id of a conflict, `counted` how many things wait for somebody."""

    settled = Signal(object)
    put_back = Signal(int)
    counted = Signal(int)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.rows: list[ConflictRow] = []
        self._wanted: UUID | None = None
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Conflicts"))
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentItemChanged.connect(lambda *_: self._turn())
        self.view = ConflictView()
        self.view.chosen.connect(self._settle)
        self.view.place_wanted.connect(bench.show_place)
        self.refused_view = RefusedView()
        self.refused_view.put_back_wanted.connect(self._put_back)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._conflicts(), self.tr("Conflicts"))
        self.tabs.addTab(self._refused(), self.tr("Not accepted"))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, GRID, 0, 0)
        column.addWidget(self.tabs)

    def reload(self) -> None:
        def read(session: Session) -> _Read:
            return queries.open_conflicts(session), queries.refused(session)

        self.bench.ask(read, self._show, owner=self)

    def go_to(self, place: Place) -> None:
        """Show a conflict, or the first one of a record."""
        self._wanted = place.id
        self.tabs.setCurrentIndex(0)
        self._select()

    @property
    def current(self) -> ConflictRow | None:
        item = self.list.currentItem()
        row: ConflictRow | None = item.data(Qt.ItemDataRole.UserRole) if item else None
        return row

    def _conflicts(self) -> QStackedWidget:
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self.view)
        split.setSizes(list(_WIDTHS))
        split.setStretchFactor(1, 1)
        self._stack = QStackedWidget()
        self._stack.addWidget(split)
        sentence = self.tr(
            "When two people write the same thing, both versions wait here until somebody chooses."
        )
        self._stack.addWidget(EmptyState(self.tr("No conflicts"), sentence, None, "check-circle"))
        return self._stack

    def _refused(self) -> QStackedWidget:
        self._refused_stack = QStackedWidget()
        self._refused_stack.addWidget(self.refused_view)
        sentence = self.tr("What the server cannot take stays here, with the reason.")
        empty = EmptyState(self.tr("Everything was accepted"), sentence, None, "check-circle")
        self._refused_stack.addWidget(empty)
        return self._refused_stack

    def _show(self, read: _Read) -> None:
        kept = self.current
        self._wanted = self._wanted or (kept.id if kept else None)
        self.rows, refused = read
        self._fill()
        self._select()
        self._stack.setCurrentIndex(0 if self.rows else 1)
        self.refused_view.show_rows(refused)
        self._refused_stack.setCurrentIndex(0 if refused else 1)
        self.tabs.setTabText(0, _counted(self.tr("Conflicts"), len(self.rows)))
        self.tabs.setTabText(1, _counted(self.tr("Not accepted"), len(refused)))
        self.counted.emit(len(self.rows) + len(refused))
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
            what = shown.record_words(row.place.type, row.subject)
            fields = ", ".join(shown.field_words(one.name) for one in row.fields[:3])
            item = QListWidgetItem(f"{what}\n{fields}", self.list)
            item.setData(Qt.ItemDataRole.UserRole, row)
        self.list.blockSignals(False)

    def _select(self) -> None:
        items = [self.list.item(at) for at in range(self.list.count())]
        rows = [(one, one.data(Qt.ItemDataRole.UserRole)) for one in items]
        found = [one for one, row in rows if row is not None]
        wanted = [
            one for one, row in rows if row is not None and self._wanted in (row.id, row.place.id)
        ]
        if wanted or found:
            self.list.setCurrentItem((wanted or found)[0])
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

    def _put_back(self, refused: Refused) -> None:
        def done(count: int) -> None:
            self.outdate()
            self.put_back.emit(count)

        self.bench.do(partial(actions.put_back, txn_id=refused.txn_id), done, owner=self)


def _counted(title: str, number: int) -> str:
    return f"{title} ({number})" if number else title
