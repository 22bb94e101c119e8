"""Keeps the room going: a look every few seconds, on the network lane."""

from collections.abc import Callable
from threading import Lock
from uuid import UUID

from PySide6.QtCore import QObject, QTimer, Signal

from intact_core.errors import IntactError, NotSignedIn
from intact_desktop.features.team_room import actions
from intact_desktop.features.team_room.actions import Hosted, RoomView
from intact_desktop.qt.workbench import Workbench
from intact_desktop.sync.assembly import own_of
from intact_desktop.sync.cards import Own
from intact_desktop.sync.exchanging import Side
from intact_desktop.sync.room_finding import find
from intact_desktop.sync.room_member import Address, Membership, join

_MILLISECONDS = 2500
_SEARCH_SECONDS = 3.0


class RoomDriver(QObject):
    """`shown` carries the room as it is, `failed` why a look did not work, `left` that it ended."""

    shown = Signal(object)
    failed = Signal(object)
    left = Signal()
    found = Signal(object)

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        self._room: Hosted | Membership | None = None
        self._lock = Lock()
        self._opening: Hosted | Membership | None = None
        self._closed = False
        self._timer = QTimer(self, interval=_MILLISECONDS, singleShot=True)
        self._timer.timeout.connect(self.look)

    @property
    def is_lead(self) -> bool:
        return isinstance(self._room, Hosted)

    def search(self) -> None:
        """Look for rooms on the network."""
        network = self._bench.lanes.network
        network.run(lambda: find(_SEARCH_SECONDS), self.found.emit, self.failed.emit, self)

    def open(self, audit_id: UUID) -> None:
        """Open a room here."""
        opened = self._bench.opened

        def work() -> Hosted:
            return actions.open_room(Side(opened.engine, self._bench.files, self._own(), audit_id))

        self._enter(work)

    def join(self, address: str, code: str) -> None:
        """Join somebody's room."""
        opened = self._bench.opened

        def work() -> Membership:
            place = Address.typed(address)
            return join(opened.engine, self._bench.files, self._own(), place, code)

        self._enter(work)

    def leave(self) -> None:
        """Close the own room or leave the other one; at once, also before locking."""
        room, self._room = self._room, None
        self._timer.stop()
        if room is not None:
            room.close()
            self.left.emit()

    def close(self) -> None:
        """Leave for good: what is still being opened is closed as soon as it is there."""
        with self._lock:
            self._closed, opening = True, self._opening
        if self._room is None and opening is not None:
            opening.close()
        self.leave()

    def look(self) -> None:
        """One look now."""
        room = self._room
        if room is None:
            return
        work = room.look if isinstance(room, Hosted) else lambda: actions.look_in(room)

        def done(view: RoomView) -> None:
            if self._room is room:
                self._show(view)

        def failed(error: IntactError) -> None:
            if self._room is room:
                self._fail(error)

        self._bench.lanes.network.run(work, done, failed, self)

    def _own(self) -> Own:
        opened = self._bench.opened
        return own_of(opened.profile, opened.unlocked, opened.tenant_id)

    def _enter(self, work: Callable[[], Hosted | Membership]) -> None:
        def entered(room: Hosted | Membership) -> None:
            with self._lock:
                self._opening = None
                if self._closed:
                    return
            self._room = room
            self.look()

        def guarded() -> Hosted | Membership:
            room = work()
            with self._lock:
                self._opening, closed = room, self._closed
            if closed:
                room.close()
            return room

        self._bench.lanes.network.run(guarded, entered, self.failed.emit, self)

    def _show(self, view: RoomView) -> None:
        self.shown.emit(view)
        if view.received:
            self._bench.synced.emit()
        self._timer.start()

    def _fail(self, error: IntactError) -> None:
        self.failed.emit(error)
        if isinstance(error, NotSignedIn):
            self.leave()
        else:
            self._timer.start()
