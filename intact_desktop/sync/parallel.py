"""Different fields of one record, changed by two people at once: told, for both were kept."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Connection

from intact_core.records.base import Merge
from intact_core.records.catalogue import TYPES
from intact_core.sync.operations import Operation
from intact_core.sync.protocol import Change
from intact_desktop.store.tables import Device, Outbox, table_of

OUTCOME = "both kept"
"""Under which the sync log keeps what met; its words name fields and ids, never a value."""
_OUTBOX, _DEVICE = table_of(Outbox), table_of(Device)
_SETTLED_NOW = select(_OUTBOX.c.raw).where(
    _OUTBOX.c.n > select(_DEVICE.c.settled_n).scalar_subquery(),
    _OUTBOX.c.n <= select(_DEVICE.c.acknowledged_n).scalar_subquery(),
    _OUTBOX.c.kind == "update",
    _OUTBOX.c.verdict == "applied",
)
_TOLD = (Merge.SCALAR, Merge.TEXT, Merge.STATE, Merge.NUMBER)


class Met(msgspec.Struct, frozen=True):
    """Fields of one record that this laptop and somebody else changed, neither seeing the other."""

    type: str
    id: UUID
    mine: tuple[str, ...]
    theirs: tuple[str, ...]
    by: UUID

    def words(self) -> str:
        """As the sync log keeps it."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def read(cls, words: str) -> "Met":
        """From the sync log."""
        return msgspec.json.decode(words, type=cls)


@dataclass(frozen=True)
class _Own:
    operation: Operation
    rev: int


def met(connection: Connection, changes: Collection[Change]) -> list[Met]:
    """What a pull brought that went past changes of this laptop; ask before it is written.

    Certain alone is what came between the version that the person here saw and the version that
    the change made; so the one who sent second is told.
    """
    own = _settled_now(connection, changes)
    found: dict[tuple[str, UUID, UUID], Met] = {}
    for theirs, mine in _passed(changes, own):
        fields = tuple(name for name in theirs.patch if _is_told(theirs.type, name))
        if theirs.actor is None or not fields or mine.operation.changes.keys() & theirs.patch:
            continue
        key = (theirs.type, UUID(theirs.id), UUID(theirs.actor))
        before = found.get(key, Met(key[0], key[1], (), (), key[2]))
        found[key] = Met(
            key[0],
            key[1],
            tuple(dict.fromkeys([*before.mine, *mine.operation.changes])),
            tuple(dict.fromkeys([*before.theirs, *fields])),
            key[2],
        )
    return list(found.values())


def _settled_now(
    connection: Connection, changes: Collection[Change]
) -> Mapping[tuple[str, UUID], list[_Own]]:
    """This laptop's changes whose outcome the pull brings, with the version that each made."""
    raws = connection.scalars(_SETTLED_NOW).all()
    revs = {one.op_id: one.rev for one in changes if one.op_id is not None} if raws else {}
    found: dict[tuple[str, UUID], list[_Own]] = {}
    for raw in raws:
        operation = msgspec.json.decode(raw, type=Operation)
        own = _Own(operation, revs.get(str(operation.op_id), 0))
        found.setdefault((operation.type, operation.id), []).append(own)
    return found


def _passed(
    changes: Collection[Change], own: Mapping[tuple[str, UUID], list[_Own]]
) -> Iterator[tuple[Change, _Own]]:
    ours = {str(one.operation.op_id) for group in own.values() for one in group}
    for change in changes if ours else ():
        if change.kind != "put" or change.op_id in ours:
            continue
        for mine in own.get((change.type, UUID(change.id)), ()):
            if mine.operation.base_rev < change.rev < mine.rev:
                yield change, mine


def _is_told(type_: str, name: str) -> bool:
    spec = TYPES[type_].fields.get(name) if type_ in TYPES else None
    return spec is not None and spec.merge in _TOLD and name not in ("deleted_at", "created_at")
