"""The page of the team room: before a room, inside one, and what waits or meets below."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QStackedWidget, QVBoxLayout

from intact_core.errors import IntactError
from intact_desktop.features.team_room import queries, tables
from intact_desktop.features.team_room.actions import RoomView
from intact_desktop.features.team_room.choosing import Choosing
from intact_desktop.features.team_room.dialogs import GiveDialog, TakeDialog
from intact_desktop.features.team_room.driver import RoomDriver
from intact_desktop.features.team_room.inside import Inside
from intact_desktop.features.team_room.queries import AuditChoice, RoomStatus
from intact_desktop.qt.notices import Banner, label
from intact_desktop.qt.page import Page
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench

_MOST_LINES = 8


class TeamRoomPage(Page):
    """Work together where no server can be reached."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__(bench)
        self.driver = RoomDriver(bench)
        self.choosing, self.inside = Choosing(), Inside()
        self.notice = Banner()
        self.dialog: GiveDialog | TakeDialog | None = None
        self.both, self.carried = label("", wrap=True), label("", "muted", wrap=True)
        self.both_heading = label(self.tr("Changed by two"), "heading")
        self.both_hint = label(
            self.tr(
                "What you have stays on your screen. Nothing is lost: the server keeps both and "
                "asks, once one of you reaches it."
            ),
            "muted",
            wrap=True,
        )
        self.stack = QStackedWidget()
        self.stack.addWidget(self.choosing)
        self.stack.addWidget(self.inside)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 3 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(2 * GRID)
        column.addWidget(label(self.tr("Team room"), "title"))
        column.addWidget(self.notice)
        column.addWidget(self.stack)
        for one in (self.both_heading, self.both, self.both_hint, self.carried):
            column.addWidget(one)
        column.addStretch()
        self._connect()

    def reload(self) -> None:
        self.bench.ask(queries.status, self._show, owner=self)

    def leave(self) -> None:
        """Close the room before the database closes."""
        self.driver.close()

    def hand_over(self, audit: AuditChoice) -> None:
        """Ask for the file and the passphrase, then write the audit's unsent work."""
        self._give(audit)

    def _connect(self) -> None:
        choosing, driver = self.choosing, self.driver
        choosing.opened.connect(lambda audit_id: self._busy(lambda: driver.open(audit_id)))
        choosing.joined.connect(lambda at, code: self._busy(lambda: driver.join(at, code)))
        choosing.searched.connect(driver.search)
        choosing.give_wanted.connect(self._give)
        choosing.take_wanted.connect(self._take)
        driver.found.connect(self._show_rooms)
        driver.shown.connect(self._show_room)
        driver.failed.connect(self._fail)
        driver.left.connect(self._left)
        self.inside.leave_wanted.connect(driver.leave)

    def _busy(self, begin: Callable[[], None]) -> None:
        self.notice.hide()
        self.choosing.rest(busy=True)
        begin()

    def _show(self, read: RoomStatus) -> None:
        self.choosing.show_audits(read.audits)
        lines = [tables.both_words(one) for one in read.both[:_MOST_LINES]]
        if len(read.both) > _MOST_LINES:
            lines.append(self.tr("and {n} more").format(n=len(read.both) - _MOST_LINES))
        self.both.setText("\n".join(lines))
        for one in (self.both_heading, self.both, self.both_hint):
            one.setVisible(bool(lines))
        self.carried.setText("\n".join(map(tables.carried_words, read.carried)))
        self.carried.setVisible(bool(read.carried))
        self.loaded()

    def _show_rooms(self, rooms: object) -> None:
        self.choosing.show_rooms(rooms)  # type: ignore[arg-type]
        if not rooms:
            self.notice.say(
                self.tr(
                    "No room was found on this network. Type the address that is shown on the "
                    "lead's screen."
                )
            )

    def _show_room(self, view: RoomView) -> None:
        self.choosing.rest(busy=False)
        self.inside.show_view(view)
        self.stack.setCurrentWidget(self.inside)

    def _fail(self, error: IntactError) -> None:
        self.choosing.rest(busy=False)
        if self.stack.currentWidget() is self.inside:
            self.inside.show_trouble(error)
        self.notice.say(error.sentence)

    def _left(self) -> None:
        self.stack.setCurrentWidget(self.choosing)

    def _give(self, audit: AuditChoice) -> None:
        self.dialog = GiveDialog(self.bench, audit, self)
        self.dialog.done_with.connect(self.bench.tell)
        self.dialog.open()

    def _take(self, source: Path | None = None) -> None:
        self.dialog = TakeDialog(self.bench, self, source)
        self.dialog.done_with.connect(self._taken)
        self.dialog.open()

    def _taken(self, sentence: str) -> None:
        self.bench.tell(sentence)
        self.bench.synced.emit()
        self.bench.request_sync()
