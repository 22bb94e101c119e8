"""The truth about sync: what waits, why, since when; what was proved; what happened."""

from datetime import datetime
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QTabWidget,
    QVBoxLayout,
)

from intact_core.errors import IntactError
from intact_desktop.features.sync_status import queries
from intact_desktop.features.sync_status.queries import LogLine, Proof, SyncStatus, WaitingLine
from intact_desktop.features.sync_status.refused_view import RefusedView
from intact_desktop.qt import words
from intact_desktop.qt.notices import ErrorPanel, button, label
from intact_desktop.qt.page import Page
from intact_desktop.qt.rows import Column, RowModel
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.sync.outgoing import Waiting
from intact_desktop.sync.refused import Refused, leave, send_again

_SKEW_SECONDS = 300


class SyncPage(Page):
    """`sync_wanted` asks for a round now, `counted` how many changes were not accepted."""

    sync_wanted = Signal()
    counted = Signal(int)
    sent_again = Signal(int)

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        bench.synced.connect(self._recount)
        self.proof = label("", "heading", wrap=True)
        self.waiting = label("", wrap=True)
        self.why = label("", "muted", wrap=True)
        self.clock = label("", "error", wrap=True)
        self.error = ErrorPanel()
        self.sync_button = button((self.tr("Sync now"), self.sync_wanted.emit), "main")
        self.lines = RowModel(self._line_columns())
        self.log = RowModel(self._log_columns())
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("Sync"), "title"))
        head.addStretch()
        head.addWidget(self.sync_button)
        column.addLayout(head)
        for widget in (self.proof, self.waiting, self.why, self.clock, self.error):
            column.addWidget(widget)
        self.refused_view = RefusedView()
        self.refused_view.again_wanted.connect(self._send_again)
        self.refused_view.left.connect(self._leave)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._table(self.tr("Waiting"), self.lines), self.tr("Waiting"))
        self.tabs.addTab(self.refused_view, self.tr("Not accepted"))
        self.tabs.addTab(self._table(self.tr("History"), self.log), self.tr("History"))
        column.addSpacing(GRID)
        column.addWidget(self.tabs, 1)

    def _recount(self) -> None:
        """What a round brought is counted at the left, also while this page is out of sight."""
        if not self.isVisible():
            self.reload()

    def reload(self) -> None:
        self.bench.ask(queries.status, self._show, owner=self)

    def show_reach(self, error: IntactError | None, since: datetime | None) -> None:
        """Why nothing is sent just now; None where the last round ended well."""
        if error is None:
            self.error.hide()
            self.why.setText("")
            return
        self.error.show_error(error)
        self.why.setText(
            self.tr("No connection since {time}; it is tried again by itself.").format(
                time=words.moment(since)
            )
            if since
            else ""
        )

    def _show(self, read: SyncStatus) -> None:
        self.proof.setText(self._proof_words(read.proof))
        self.waiting.setText(self._waiting_words(read.waiting))
        offset = read.clock_offset_seconds or 0
        self.clock.setVisible(abs(offset) > _SKEW_SECONDS)
        self.clock.setText(
            self.tr(
                "This computer's clock is {span} from the server's. Nothing is lost by it, but "
                "times in reports are this computer's: set the clock right."
            ).format(span=self._span(abs(offset)))
        )
        self.refused_view.show_rows(read.refused)
        waiting = sum(not one.is_left for one in read.refused)
        name = self.tr("Not accepted")
        self.tabs.setTabText(1, f"{name} ({waiting})" if waiting else name)
        self.counted.emit(waiting)
        self.lines.show_rows(read.lines)
        self.log.show_rows(read.log)
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

    def _proof_words(self, proof: Proof | None) -> str:
        if proof is None:
            return self.tr("Nothing was proved to be on the server yet.")
        return self.tr("{operations} and {files} are on the server, {time}.").format(
            operations=words.count(proof.operations, self.tr("operation"), self.tr("operations")),
            files=words.count(proof.files, self.tr("file"), self.tr("files")),
            time=words.moment(proof.at),
        )

    def _span(self, seconds: int) -> str:
        days, minutes = round(seconds / 86400), round(seconds / 60)
        if days > 1:
            return words.count(days, self.tr("day"), self.tr("days"))
        return words.count(minutes, self.tr("minute"), self.tr("minutes"))

    def _waiting_words(self, found: Waiting) -> str:
        if not found.operations and not found.files:
            return self.tr("Nothing waits.")
        return self.tr("{operations} and {files} ({size}) wait, the oldest since {age}.").format(
            operations=words.count(found.operations, self.tr("operation"), self.tr("operations")),
            files=words.count(found.files, self.tr("file"), self.tr("files")),
            size=words.size(found.file_bytes),
            age=words.age(found.oldest),
        )

    def _line_columns(self) -> list[Column[WaitingLine]]:
        return [
            Column(self.tr("What"), lambda one: words.word(one.kind)),
            Column(self.tr("Since"), lambda one: words.moment(one.at)),
            Column(
                self.tr("Size"), lambda one: words.size(one.size) if one.size else "", number=True
            ),
            Column(
                self.tr("Sent"), lambda one: words.size(one.sent) if one.sent else "", number=True
            ),
        ]

    def _log_columns(self) -> list[Column[LogLine]]:
        outcomes = {
            "done": self.tr("done"),
            "failed": self.tr("not finished"),
            "mismatch": self.tr("fetched again"),
        }
        return [
            Column(self.tr("When"), lambda one: words.moment(one.at)),
            Column(self.tr("Outcome"), lambda one: outcomes.get(one.outcome, one.outcome)),
            Column(self.tr("What"), lambda one: one.words, tip=lambda one: one.words),
        ]

    @staticmethod
    def _table(name: str, model: RowModel[WaitingLine] | RowModel[LogLine]) -> QTableView:
        table = QTableView()
        table.setAccessibleName(name)
        table.setModel(model)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.setWordWrap(False)
        table.verticalHeader().hide()
        table.verticalHeader().setDefaultSectionSize(4 * GRID)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        stretched = 0 if model.columnCount() == 4 else 2
        header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
        return table
