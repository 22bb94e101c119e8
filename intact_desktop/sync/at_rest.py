"""Whether a round has anything to do at all: most rounds have not, and end after one look."""

from collections.abc import Mapping

from sqlalchemy import exists, select
from sqlalchemy.engine import Connection

from intact_core.sync.protocol import HelloAnswer
from intact_desktop.store.tables import Carried, Device, Staging, table_of
from intact_desktop.sync import carrying
from intact_desktop.sync.applying import cursors

_CARRIES_OR_KEEPS = select(
    exists(select(table_of(Carried).c.seq)) | exists(select(table_of(Staging).c.n))
)


def stands_there(connection: Connection, device: Device, answer: HelloAnswer) -> bool:
    """Whether a pull could bring nothing: what was sent before is settled, all scopes agree."""
    return (
        device.settled_n == device.acknowledged_n
        and device.epoch == answer.epoch
        and not carrying.await_outcome(connection)
        and set(cursors(connection)) == set(answer.heads)
    )


def at_rest(
    connection: Connection, device: Device, files: Mapping[str, int], answer: HelloAnswer
) -> bool:
    """Whether no step of a round would move anything; `files` counts them by state."""
    return (
        device.last_n == device.acknowledged_n == answer.last_n
        and not files.get("pending")
        and not files.get("wanted")
        and stands_there(connection, device, answer)
        and not connection.scalar(_CARRIES_OR_KEEPS)
    )
