"""Colleagues' operations on this laptop: taken in, given on, until the server has them.

They reach this laptop by a team room or a hand-over file. Each part is a piece of one device's
chain, proved by that device's signature, so it does not matter who brought it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from intact_core import clock
from intact_core.errors import BadInput
from intact_core.records import sets
from intact_core.sync.operations import Operation, link
from intact_core.sync.protocol import BATCH
from intact_desktop.store.bases import Ref
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Carried, CarriedChain, table_of
from intact_desktop.sync import outgoing
from intact_desktop.sync.cards import Bearer, Card, Own, Trust, bearer_of

_CHAINS = table_of(CarriedChain)
_CARRIED = table_of(Carried)
_IS_CONFIRMED = (
    _CARRIED.c.n
    <= select(_CHAINS.c.acknowledged_n)
    .where(_CHAINS.c.device_id == _CARRIED.c.device_id)
    .scalar_subquery()
)
_ANY_CONFIRMED = select(_CARRIED.c.seq).where(_IS_CONFIRMED).limit(1)
_CONFIRMED = select(_CARRIED.c.seq, _CARRIED.c.type, _CARRIED.c.record_id).where(_IS_CONFIRMED)
_UNCONFIRMED = select(func.count()).select_from(_CARRIED).where(~_IS_CONFIRMED)


class Part(msgspec.Struct, frozen=True):
    """Consecutive operations of one device as it stored them.

    `signature` is the device's over the chain's hash after the last one, hexadecimal.
    """

    card: Card
    prev_hash: str
    operations: list[msgspec.Raw]
    signature: str


@dataclass(frozen=True)
class Taken:
    """What came in: how many operations were new, and whose."""

    operations: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Link:
    operation: Operation
    raw: str
    prev_hash: str
    hash: str


@dataclass(frozen=True)
class Checked:
    """A part whose chain and signature hold."""

    part: Part
    bearer: Bearer
    links: Sequence[_Link]

    @property
    def first_n(self) -> int:
        return self.links[0].operation.n


def check(part: Part, trust: Trust) -> Checked:
    """Prove a part by itself; raises NotAllowed (foreign laptop), BadInput (changed, no chain)."""
    bearer = bearer_of(part.card, trust)
    links = list(_links(part))
    numbers = [one.operation.n for one in links]
    if not links or any(after != before + 1 for before, after in pairwise(numbers)):
        raise _not_understood("the numbers of the operations do not follow each other")
    try:
        signature = bytes.fromhex(part.signature)
    except ValueError as fault:
        raise _not_understood(str(fault)) from fault
    bearer.check_signature(links[-1].hash.encode(), signature)
    return Checked(part, bearer, links)


def _links(part: Part) -> Iterator[_Link]:
    previous = part.prev_hash
    for raw in map(bytes, part.operations):
        try:
            operation = msgspec.json.decode(raw, type=Operation)
            text = raw.decode()
        except ValueError as fault:
            raise _not_understood(str(fault)) from fault
        after = link(previous, raw)
        yield _Link(operation, text, previous, after)
        previous = after


def accept(connection: Connection, parts: Sequence[Checked], via: str) -> Taken:
    """Keep what is new of proved parts; joins the caller's transaction.

    What is known already is passed over. Raises BadInput where operations are missing in between
    or where a device has two histories; the caller's transaction is to be taken back then.
    """
    me = this_device(connection)
    counts: dict[str, int] = {}
    for one in parts:
        if one.bearer.device_id != me.id:
            counts[one.bearer.name] = counts.get(one.bearer.name, 0) + _keep(connection, one, via)
    return Taken(sum(counts.values()), tuple(name for name, new in counts.items() if new))


def _keep(connection: Connection, one: Checked, via: str) -> int:
    chain = connection.execute(
        select(_CHAINS).where(_CHAINS.c.device_id == one.bearer.device_id)
    ).first()
    if chain is not None:
        _continues(connection, one, chain.last_n, chain.last_hash)
    new = [found for found in one.links if chain is None or found.operation.n > chain.last_n]
    if new:
        connection.execute(insert(_CARRIED), _rows(connection, one, new, via))
    _note_chain(connection, one, has_new=bool(new), is_known=chain is not None)
    return len(new)


def _continues(connection: Connection, one: Checked, last_n: int, last_hash: str) -> None:
    if one.first_n > last_n + 1:
        raise BadInput(
            f"Changes {last_n + 1} to {one.first_n - 1} of {one.bearer.name} are missing between "
            "what this laptop has and what came. Nothing was taken. Sync with the server, or let "
            "the two laptops meet in a team room.",
            title="Changes are missing in between",
        )
    query = select(_CARRIED.c.n, _CARRIED.c.hash).where(
        _CARRIED.c.device_id == one.bearer.device_id, _CARRIED.c.n >= one.first_n - 1
    )
    known = {row.n: row.hash for row in connection.execute(query)} | {last_n: last_hash}
    came = {found.operation.n: found.hash for found in one.links}
    came[one.first_n - 1] = one.part.prev_hash
    if any(came[n] != known[n] for n in came.keys() & known.keys()):
        raise BadInput(
            f"The laptop of {one.bearer.name} has two histories: it was copied or restored from "
            "a backup. Nothing was taken. It has to sync with the server first, which gives it a "
            "name of its own.",
            title="Two histories of one laptop",
        )


def _rows(
    connection: Connection, one: Checked, new: Sequence[_Link], via: str
) -> list[dict[str, Any]]:
    own_n, now = this_device(connection).last_n, clock.now()
    return [
        {
            "device_id": one.bearer.device_id,
            "n": found.operation.n,
            "op_id": found.operation.op_id,
            "txn_id": found.operation.txn_id,
            "type": found.operation.type,
            "record_id": found.operation.id,
            "raw": found.raw,
            "prev_hash": found.prev_hash,
            "hash": found.hash,
            "signature": one.part.signature if found is one.links[-1] else None,
            "own_n": own_n,
            "via": via,
            "received_at": now,
        }
        for found in new
    ]


def _note_chain(connection: Connection, one: Checked, *, has_new: bool, is_known: bool) -> None:
    values: dict[str, Any] = {
        "user_id": one.bearer.user_id,
        "name": one.bearer.name,
        "card": msgspec.to_builtins(one.part.card),
        "met_at": clock.now(),
    }
    if has_new:
        values |= {
            "last_n": one.links[-1].operation.n,
            "last_hash": one.links[-1].hash,
            "refused": None,
        }
    if is_known:
        mine = _CHAINS.c.device_id == one.bearer.device_id
        connection.execute(update(_CHAINS).where(mine).values(values))
    else:
        start = {"device_id": one.bearer.device_id, "acknowledged_n": one.first_n - 1}
        connection.execute(insert(_CHAINS).values(values | start))


def have(connection: Connection) -> dict[UUID, int]:
    """How far each device's chain is here, this laptop's own among them."""
    rows = connection.execute(select(_CHAINS.c.device_id, _CHAINS.c.last_n))
    me = this_device(connection)
    return {row.device_id: row.last_n for row in rows} | {me.id: me.last_n}


def parts_for(
    connection: Connection, own: Own, theirs: Mapping[UUID, int], asker: UUID | None = None
) -> list[Part]:
    """What somebody who has `theirs` lacks: own operations and carried ones, nothing of `asker`.

    Of a chain unknown there, what the server is not known to have.
    """
    parts = list(_own_parts(connection, own, theirs))
    for chain in connection.execute(select(_CHAINS).where(_CHAINS.c.device_id != asker)):
        card = msgspec.convert(chain.card, Card)
        segments = signed_segments(connection, chain.device_id, theirs.get(chain.device_id))
        parts += [
            Part(card, rows[0].prev_hash, _raws(rows), rows[-1].signature) for rows in segments
        ]
    return parts


def _own_parts(connection: Connection, own: Own, theirs: Mapping[UUID, int]) -> Iterator[Part]:
    me = this_device(connection)
    after = theirs.get(me.id, me.acknowledged_n)
    while batch := outgoing.next_batch(connection, after, BATCH):
        signature = own.sign(batch.last_hash.encode()).hex()
        raws = [msgspec.Raw(raw.encode()) for raw in batch.raws]
        yield Part(own.card, batch.prev_hash, raws, signature)
        after += batch.count


def signed_segments(
    connection: Connection, device_id: UUID, after: int | None
) -> list[Sequence[Any]]:
    """Carried rows of a device after an operation, each piece up to where the device signed.

    None at all where the next operation is not here.
    """
    query = select(_CARRIED).where(_CARRIED.c.device_id == device_id).order_by(_CARRIED.c.n)
    if after is not None:
        query = query.where(_CARRIED.c.n > after)
    rows = list(connection.execute(query))
    if after is not None and rows and rows[0].n != after + 1:
        return []
    segments: list[Sequence[Any]] = []
    start = 0
    for place, row in enumerate(rows):
        if row.signature is not None:
            segments.append(rows[start : place + 1])
            start = place + 1
    return segments


def _raws(rows: Sequence[Any]) -> list[msgspec.Raw]:
    return [msgspec.Raw(row.raw.encode()) for row in rows]


def note_acknowledged(connection: Connection, device_id: UUID, n: int) -> None:
    """The server confirmed a device's operations up to n; the next pull brings their outcome."""
    mine = _CHAINS.c.device_id == device_id
    connection.execute(update(_CHAINS).where(mine).values(acknowledged_n=n, refused=None))


def note_refused(connection: Connection, device_id: UUID, sentence: str) -> None:
    """Why the server did not take a chain: it stays here, and is shown."""
    mine = _CHAINS.c.device_id == device_id
    connection.execute(update(_CHAINS).where(mine).values(refused=sentence))


def await_outcome(connection: Connection) -> bool:
    """Whether the server confirmed operations whose outcome no pull has brought yet."""
    return connection.scalar(_ANY_CONFIRMED) is not None


def settled(connection: Connection) -> dict[int, Ref]:
    """Carried operations (seq) that a pull from now on settles, with the record of each."""
    return {row.seq: (row.type, str(row.record_id)) for row in connection.execute(_CONFIRMED)}


def forget(connection: Connection, seqs: Sequence[int]) -> None:
    """Remove carried operations that the server has, in the transaction that brings what came of
    them."""
    if seqs:
        removal = sets.Many("DELETE FROM carried WHERE seq = ?", [(seq,) for seq in seqs])
        removal.run(connection)


def waiting(connection: Connection) -> int:
    """Colleagues' operations here that the server has not confirmed."""
    return connection.scalar(_UNCONFIRMED) or 0


def _not_understood(details: str) -> BadInput:
    return BadInput(
        "What came as a colleague's work is not understood, so nothing of it was taken. Bring both "
        "laptops to the same version of the application, then try again.",
        details=details,
    )
