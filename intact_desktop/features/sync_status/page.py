"""The page of the sync: what waits and why, what was not accepted, what happened."""

from functools import partial

from PySide6.QtCore import QModelIndex, QStandardPaths, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTableView, QTabWidget, QVBoxLayout
from sqlalchemy.orm import Session

from intact_desktop.features.sync_status import bundle, queries, tables
from intact_desktop.features.sync_status.bundle_dialog import BundleDialog
from intact_desktop.features.sync_status.head import SyncHead
from intact_desktop.features.sync_status.kept_view import KeptView
from intact_desktop.features.sync_status.photo_limit import PhotoLimit
from intact_desktop.features.sync_status.queries import LogLine, SyncStatus, WaitingLine
from intact_desktop.features.sync_status.refused_view import RefusedView
from intact_desktop.qt.notices import EmptyState, button
from intact_desktop.qt.page import Page
from intact_desktop.qt.rows import RowModel
from intact_desktop.qt.tasks import Task
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.store import kept_copies, naming
from intact_desktop.store.engine import turn_of
from intact_desktop.store.kept_copies import KeptCopy, Other
from intact_desktop.sync.liveness import Live
from intact_desktop.sync.refused import Refused, leave, send_again

WAITING, REFUSED, HISTORY, KEPT = range(4)


class SyncPage(Page):
    """`sync_wanted` asks for a round now, `counted` says how many changes were not accepted."""

    sync_wanted = Signal()
    counted = Signal(int)
    sent_again = Signal(int)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        bench.synced.connect(self._recount)
        self._live: Live | None = None
        self.dialog: BundleDialog | None = None
        self.head = SyncHead()
        self.sync_button = button((self.tr("Sync &now"), self.sync_wanted.emit), "main")
        self.bundle_button = button((self.tr("Support &bundle…"), self._gather))
        self.lines: RowModel[WaitingLine] = RowModel(tables.waiting_columns())
        self.log: RowModel[LogLine] = RowModel(tables.log_columns())
        self.refused_view = RefusedView()
        self.refused_view.again_wanted.connect(self._send_again)
        self.refused_view.left.connect(self._leave)
        self.kept_view = KeptView()
        self.kept_view.wanted.connect(self._compare)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._waiting(), self.tr("Waiting"))
        self.tabs.addTab(self.refused_view, self.tr("Not accepted"))
        self.tabs.addTab(self._history(), self.tr("History"))
        self.tabs.addTab(self.kept_view, self.tr("Kept copies"))
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addLayout(self._top())
        column.addWidget(self.tabs, 1)
        self.photo_limit = PhotoLimit(bench)
        column.addWidget(self.photo_limit)

    def reload(self) -> None:
        self.bench.ask(queries.status, self._show, owner=self)
        self.kept_view.show_copies(kept_copies.copies(self.bench.opened.profile.set_aside))

    def show_live(self, live: Live) -> None:
        """What the sync is at just now."""
        self._live = live
        self.head.show_live(live)

    def _recount(self) -> None:
        """What a round brought is counted at the left, also while this page is out of sight."""
        if not self.isVisible():
            self.reload()

    def _top(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.addWidget(self.head, 1)
        buttons = QVBoxLayout()
        for one in (self.sync_button, self.bundle_button):
            buttons.addWidget(one)
        buttons.addStretch()
        row.addLayout(buttons)
        return row

    def _waiting(self) -> QStackedWidget:
        self._stack = QStackedWidget()
        self._stack.addWidget(tables.make_table(self.tr("Waiting"), self.lines, 0))
        sentence = self.tr("What you write is saved at once and goes up by itself.")
        empty = EmptyState(self.tr("Nothing waits"), sentence, None, "check-circle")
        self._stack.addWidget(empty)
        return self._stack

    def _history(self) -> QTableView:
        table = tables.make_table(self.tr("History"), self.log, 2)
        table.activated.connect(self._go)
        return table

    def _go(self, index: QModelIndex) -> None:
        both = self.log.row(index).both
        if both is not None:
            self.bench.show_place(both.place)

    def _show(self, read: SyncStatus) -> None:
        self.head.show_read(read)
        self.lines.show_rows(read.lines)
        self._stack.setCurrentIndex(0 if read.lines else 1)
        self.refused_view.show_rows(read.refused)
        waiting = sum(not one.is_left for one in read.refused)
        name = self.tr("Not accepted")
        self.tabs.setTabText(REFUSED, f"{name} ({waiting})" if waiting else name)
        self.log.show_rows(read.log)
        self.counted.emit(waiting)
        self.loaded()

    def _send_again(self, one: Refused) -> None:
        def done(count: int) -> None:
            self.bench.tell(self.tr("Sent again as a new change."))
            self.outdate()
            self.sent_again.emit(count)

        self.bench.do(partial(send_again, txn_id=one.txn_id), done, owner=self)

    def _leave(self, one: Refused) -> None:
        self.bench.tell(self.tr("The text is in the clipboard. The change stays here as it is."))
        self.bench.do(partial(leave, txn_id=one.txn_id), lambda _: self.outdate(), owner=self)

    def _compare(self, copy: KeptCopy) -> None:
        bench = self.bench
        key, turn = bench.opened.unlocked.database_key, turn_of(bench.opened.engine)

        def work(task: Task) -> tuple[list[Other], dict[str, str]]:
            def rest() -> None:
                task.check()
                turn.rest()

            with bench.readers() as session:
                others = kept_copies.others(copy.path, key, session, rest)
                return others, naming.audits(session) | naming.clients(session)

        bench.lanes.cpu.run_watched(
            work,
            lambda found: self.kept_view.show_others(copy, *found),
            lambda error: self.kept_view.show_fault(error.sentence),
            self,
        )

    def _gather(self) -> None:
        live, logs = self._live, self.bench.opened.profile.logs

        def read(session: Session) -> dict[str, str]:
            return bundle.gather(session, live, logs)

        self.bench.ask(read, self._preview, owner=self)

    def _preview(self, parts: dict[str, str]) -> None:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        self.dialog = BundleDialog(parts, folder, self)
        self.dialog.kept.connect(
            lambda path: self.bench.tell(self.tr("The bundle is kept: {path}").format(path=path))
        )
        self.dialog.open()
