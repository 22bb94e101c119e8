"""Opening and joining a room."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from intact_core.errors import Offline
from intact_desktop.sync.exchanging import Side
from intact_desktop.sync.relay import Relay
from intact_desktop.sync.room import Room
from intact_desktop.sync.room_finding import Announcement, own_address
from intact_desktop.sync.room_member import Membership
from intact_desktop.sync.room_messages import Seat


@dataclass(frozen=True)
class RoomView:
    """The room as its page shows it; code and address only on the lead's laptop.

    `received` counts the operations that came since the last look.
    """

    title: str
    lead: str
    seats: tuple[Seat, ...]
    received: int
    refused: tuple[str, ...] = ()
    code: str = ""
    until: datetime | None = None
    address: str = ""


@dataclass
class Hosted:
    """A room that is open on this laptop; `announced` is False where only the address helps."""

    relay: Relay
    announcement: Announcement | None
    _held: int = field(default=-1)

    def look(self) -> RoomView:
        """Who is here, and the code that holds now."""
        room = self.relay.room
        seats = tuple(room.seats())
        code, until = room.code.now()
        held, self._held = self._held, room.of_colleagues()
        received = self._held - held if held >= 0 else 0
        return RoomView(
            room.title,
            seats[0].name,
            seats,
            received,
            code=code,
            until=until,
            address=f"{own_address()}:{self.relay.port}",
        )

    def close(self) -> None:
        """End the room."""
        if self.announcement is not None:
            self.announcement.close()
        self.relay.close()


def open_room(side: Side) -> Hosted:
    """Open a room for the audit, and announce it where the network allows.

    Raises NotFound, StorageFault (no port to be had).
    """
    room = Room(side)
    relay = Relay(room)
    announcement = None
    with suppress(Offline):
        announcement = Announcement(room.seats()[0].name, relay.port)
    return Hosted(relay, announcement)


def look_in(membership: Membership) -> RoomView:
    """A round with the lead's laptop; raises Offline, NotSignedIn."""
    met = membership.round()
    return RoomView(
        membership.title, membership.lead.name, met.seats, met.received + met.files, met.refused
    )
