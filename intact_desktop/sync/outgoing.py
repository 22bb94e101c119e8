"""What waits to be sent, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.engine import Connection

from intact_core.records import sets
from intact_core.sync.operations import GENESIS, Receipt
from intact_core.sync.protocol import PROTOCOL_VERSION
from intact_desktop.store.tables import Blob, Device, Outbox, table_of

_OUTBOX = table_of(Outbox)
_BLOBS = table_of(Blob)
_DEVICE = table_of(Device)
_BODY_LIMIT = 4_000_000
_HASH = select(_OUTBOX.c.hash).where(_OUTBOX.c.n == bindparam("n"))
_NEXT = (
    select(_OUTBOX.c.n, _OUTBOX.c.txn_id, _OUTBOX.c.raw, _OUTBOX.c.hash)
    .where(_OUTBOX.c.n > bindparam("after"))
    .order_by(_OUTBOX.c.n)
    .limit(bindparam("most"))
)
_ACKNOWLEDGE = update(_DEVICE).where(_DEVICE.c.acknowledged_n < bindparam("until"))


@dataclass(frozen=True)
class Waiting:
    """What is not on the server yet: operations, files with their bytes, the oldest's time."""

    operations: int
    files: int
    file_bytes: int
    oldest: datetime | None


@dataclass(frozen=True)
class Batch:
    """Consecutive operations ready to send."""

    first_n: int
    count: int
    prev_hash: str
    last_hash: str
    raws: Sequence[str]

    @property
    def last_n(self) -> int:
        return self.first_n + self.count - 1

    def body(self, signature: bytes) -> bytes:
        """The encoded push: the operations' own bytes, not encoded again."""
        head = msgspec.json.encode(
            {
                "protocol": PROTOCOL_VERSION,
                "prev_hash": self.prev_hash,
                "signature": signature.hex(),
            }
        )
        return head[:-1] + b',"operations":[' + ",".join(self.raws).encode() + b"]}"


def hash_at(connection: Connection, n: int) -> str | None:
    """The chain's hash after operation n on this laptop."""
    if n == 0:
        return GENESIS
    return connection.scalar(_HASH, {"n": n})


def next_batch(connection: Connection, after: int, most: int) -> Batch | None:
    """The next operations after n, whole groups where they fit; None when there are none."""
    rows = list(connection.execute(_NEXT, {"after": after, "most": most + 1}))
    if not rows:
        return None
    rows = _limited(rows, most)
    previous = hash_at(connection, after) or GENESIS
    return Batch(rows[0].n, len(rows), previous, rows[-1].hash, [row.raw for row in rows])


def _limited(rows: list[Any], most: int) -> list[Any]:
    size = 0
    for place, row in enumerate(rows):
        size += len(row.raw)
        if place and size > _BODY_LIMIT:
            return rows[:place]
    if len(rows) <= most:
        return rows
    # The row too many says whether the last group goes on: then it waits for the next batch.
    cut = most
    while cut > 1 and rows[cut - 1].txn_id == rows[most].txn_id:
        cut -= 1
    return rows[: cut if cut > 1 else most]


def keep_receipts(connection: Connection, receipts: Sequence[Receipt]) -> None:
    """Note the verdicts; the operations stay."""
    rows = [
        {"n": one.n, "verdict": one.verdict, "receipt": msgspec.to_builtins(one)}
        for one in receipts
    ]
    if rows:
        sets.change(connection.dialect, _OUTBOX, ["n"], rows).run(connection)
        last = max(one.n for one in receipts)
        connection.execute(_ACKNOWLEDGE, {"until": last, "acknowledged_n": last})


def expect_again(connection: Connection, last_n: int) -> None:
    """The server holds this laptop's operations up to `last_n` only: those after it wait again."""
    for column in (_DEVICE.c.acknowledged_n, _DEVICE.c.settled_n):
        connection.execute(update(_DEVICE).where(column > last_n).values({column: last_n}))


def milestones(connection: Connection) -> list[tuple[int, str]]:
    """(n, hash) of operations further and further back, newest first: somewhere they agree."""
    last_n = connection.scalar(select(_DEVICE.c.last_n)) or 0
    places = [last_n, *(last_n - (1 << power) for power in range(last_n.bit_length()))]
    found = ((n, hash_at(connection, n)) for n in dict.fromkeys(places) if n > 0)
    return [(n, value) for n, value in found if value is not None]


def waiting(connection: Connection) -> Waiting:
    """What the status bar says is waiting."""
    last_n, acknowledged_n = connection.execute(
        select(_DEVICE.c.last_n, _DEVICE.c.acknowledged_n)
    ).one()
    oldest_operation = connection.scalar(
        select(_OUTBOX.c.wall_time).where(_OUTBOX.c.n == acknowledged_n + 1)
    )
    files, size, oldest_file = connection.execute(
        select(
            func.count(), func.coalesce(func.sum(_BLOBS.c.size), 0), func.min(_BLOBS.c.added_at)
        ).where(_BLOBS.c.state == "pending")
    ).one()
    times = [one for one in (oldest_operation, oldest_file) if one is not None]
    return Waiting(last_n - acknowledged_n, files, size, min(times, default=None))


def quarantined(connection: Connection) -> list[tuple[int, UUID, dict[str, Any], dict[str, Any]]]:
    """Operations that the server did not accept: n, record, operation, receipt."""
    query = (
        select(_OUTBOX.c.n, _OUTBOX.c.record_id, _OUTBOX.c.raw, _OUTBOX.c.receipt)
        .where(_OUTBOX.c.verdict == "quarantined")
        .order_by(_OUTBOX.c.n)
    )
    return [
        (n, id_, msgspec.json.decode(raw), receipt)
        for n, id_, raw, receipt in connection.execute(query)
    ]
