"""Everything of an unlocked profile that is on the screen, and what feeds it."""

from functools import cached_property, partial
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from intact_core.errors import IntactError
from intact_desktop.features.audits.page import AuditsPage
from intact_desktop.features.conflicts.page import ConflictsPage
from intact_desktop.features.evidence.intake import GetCamera
from intact_desktop.features.follow_up.page import FollowUpPage
from intact_desktop.features.sync_status.page import SyncPage
from intact_desktop.features.team_room.page import TeamRoomPage
from intact_desktop.features.team_room.queries import AuditChoice
from intact_desktop.qt.workbench import Workbench
from intact_desktop.shell.network_watch import NetworkWatch
from intact_desktop.shell.sync_driver import SyncDriver
from intact_desktop.shell.workspace import Workspace
from intact_desktop.sync.engine import SyncEngine
from intact_desktop.sync.liveness import Live

_PAGES = ("audits", "workspace", "follow_up", "conflicts", "room", "sync")


class Desk(QObject):
    """Dropped as a whole by locking. All pages but My audits are made when they are asked for.

    `counted` carries a place and the number of things that wait there; `room_wanted` asks
    for the page of the team room.
    """

    counted = Signal(str, int)
    room_wanted = Signal()

    def __init__(self, bench: Workbench, engine: SyncEngine, camera: GetCamera) -> None:
        super().__init__()
        self.bench, self._camera = bench, camera
        self.driver = SyncDriver(bench, engine, NetworkWatch())
        self.audits = AuditsPage(bench)
        self.driver.lives.connect(self._lives)
        self.driver.failed.connect(self._failed)

    @cached_property
    def workspace(self) -> Workspace:
        made = Workspace(self.bench, self._camera)
        made.hand_over_wanted.connect(self._hand_over)
        return made

    @cached_property
    def follow_up(self) -> FollowUpPage:
        page = FollowUpPage(self.bench)
        page.counted.connect(partial(self.counted.emit, "follow_up"))
        return page

    @cached_property
    def conflicts(self) -> ConflictsPage:
        page = ConflictsPage(self.bench)
        page.counted.connect(partial(self.counted.emit, "conflicts"))
        return page

    @cached_property
    def sync(self) -> SyncPage:
        page = SyncPage(self.bench)
        page.sync_wanted.connect(self.driver.sync_now)
        page.counted.connect(partial(self.counted.emit, "sync"))
        page.show_live(self.driver.live)
        return page

    @cached_property
    def room(self) -> TeamRoomPage:
        return TeamRoomPage(self.bench)

    def count(self) -> None:
        """Read what waits at the places that nobody has gone to yet, one after the other."""
        self.driver.count()
        QTimer.singleShot(0, self, lambda: self.follow_up.reload())
        QTimer.singleShot(0, self, lambda: self.conflicts.reload())
        QTimer.singleShot(0, self, lambda: self.sync.reload())

    def hide(self) -> None:
        """Take all pages out of sight: a text hands over what was typed, a room is closed."""
        if "room" in vars(self):
            self.room.leave()
        for page in self._made():
            page.hide()

    def discard(self) -> None:
        """Delete the pages that were made only to count: the window deletes those it showed.

        Left to the interpreter's end, they would outlive the application that they draw with.
        """
        for page in self._made():
            if page.parent() is None:
                page.deleteLater()

    def _made(self) -> list[QWidget]:
        return [vars(self)[name] for name in _PAGES if name in vars(self)]

    def _hand_over(self, audit_id: UUID, title: str) -> None:
        self.room_wanted.emit()
        self.room.hand_over(AuditChoice(audit_id, title))

    def _lives(self, live: Live) -> None:
        if "sync" in vars(self):
            self.sync.show_live(live)

    def _failed(self, _: IntactError) -> None:
        if "sync" in vars(self):
            self.sync.outdate()
