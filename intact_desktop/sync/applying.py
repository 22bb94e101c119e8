"""Applying a pull: base rows, digests and working rows in one transaction."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Column, MetaData, Table, Text, bindparam, func, select, update
from sqlalchemy.engine import Connection

from intact_core import canonical
from intact_core.records.catalogue import ORDER, TYPES
from intact_core.records.sets import Many, upserting
from intact_core.sync import digest
from intact_core.sync.protocol import Cursor
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import BaseRow, Device, Outbox, SyncCursor, chunks, table_of
from intact_desktop.store.working import working
from intact_desktop.sync import carrying, leaving
from intact_desktop.sync.cuts import Base, Cut, Ref, Rest, fold

T = TypeVar("T")
# The body stays text here: most bodies are only handed on.
_BASE = Table(
    BaseRow.__tablename__,
    MetaData(),
    *(
        Column(column.name, Text if column.name == "body" else column.type, key=column.key)
        for column in table_of(BaseRow).columns
    ),
)
_OUTBOX = table_of(Outbox)
_CURSORS = table_of(SyncCursor)
_ROWS_AT_ONCE = 50
_ROWS_BOUND_AT_ONCE = 100
_DEVICE = table_of(Device)
# Said once: making a statement takes longer than SQLite takes to answer most of them.
_SETTLE = update(_DEVICE)
_ALL_CURSORS = select(_CURSORS.c.scope, _CURSORS.c.seq, _CURSORS.c.digest)
_IDS = func.json_each(bindparam("ids", type_=Text)).table_valued("value")
# One list as one parameter: rendering many took longer than finding their rows.
_BASES = select(_BASE).where(_BASE.c.id.in_(select(_IDS.c.value)))
_SINCE = select(_OUTBOX.c.type, _OUTBOX.c.record_id).where(_OUTBOX.c.n > bindparam("after"))
_BETWEEN = _SINCE.where(_OUTBOX.c.n <= bindparam("until"))
_PENDING = (
    select(_OUTBOX.c.type, _OUTBOX.c.record_id, _OUTBOX.c.raw)
    .where(_OUTBOX.c.n > select(_DEVICE.c.acknowledged_n).scalar_subquery())
    .order_by(_OUTBOX.c.n)
)


@dataclass(frozen=True)
class Applied:
    """What a pull brought: rows written, and scopes whose digest did not agree."""

    rows: int
    mismatched: tuple[str, ...]


@dataclass(frozen=True)
class Prepared:
    """All that a pull will write, worked out while others may still write.

    `last_n` is this laptop's last operation that was looked at; without `is_news` all working rows
    stay as they are.
    """

    applied: Applied
    bases: Mapping[Ref, Base]
    touched: Mapping[Ref, None]
    gone: Collection[Ref]
    left: Collection[Ref]
    lost_scopes: Sequence[str]
    hidden: Sequence[Ref]
    carried: Sequence[int]
    writes: Sequence[Many]
    settled_n: int
    last_n: int
    is_empty: bool
    is_news: bool


def prepare(connection: Connection, cut: Cut, rest: Rest = lambda: None) -> Prepared:
    """Work out a pull from one snapshot; `write` is quick and has the lock.

    `rest` is called often and may take its time.

    Working state = confirmed state + own pending operations. Operations with a verdict are
    settled here: their outcome is in what the pull brought.
    """
    device = this_device(connection)
    known = _cursors(connection)
    folded = fold(cut, known, _load_bases(connection, cut.changed, rest), rest)
    bases, left = folded.rows, folded.left
    gone = leaving.gone(connection, cut.whole, bases.keys(), left)
    lost = [scope for scope in known if scope not in cut.scopes]
    waiting = lost if leaving.waits(connection, lost) else []
    moved, mismatched = _moved(cut, known, folded.digests)
    moved += leaving.without(connection, [known[scope] for scope in waiting], bases)
    carried = carrying.settled(connection)
    settled = [*_outcome(connection, device), *carried.values()]
    # From the dictionary: its keys need not be hashed again, and there may be very many.
    touched = dict.fromkeys(bases)
    touched.update(dict.fromkeys([*gone, *(ref for ref in settled if ref not in left)]))
    changed, hidden = working_rows(connection, list(touched), bases, gone, rest)
    return Prepared(
        Applied(folded.lines, mismatched),
        bases,
        touched,
        gone,
        left,
        [] if waiting else lost,
        hidden,
        list(carried),
        [*changed, _cursor_writes(connection, moved)],
        device.acknowledged_n,
        device.last_n,
        is_empty=not (touched or moved or lost),
        is_news=any((hidden, gone, left, lost, *(many.rows for many in changed))),
    )


def write(
    connection: Connection, prepared: Prepared, give_way: Callable[[], None] = lambda: None
) -> None:
    """Write what was prepared; joins the caller's transaction.

    Whatever this person changed since is put on top again. `give_way` is asked every few
    milliseconds; it raises when somebody should go first, and the caller starts again.
    """
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    keep = upserting(connection.dialect, _BASE, ("type", "id"), _BASE.columns.keys())
    bases = iter(prepared.bases.items())
    while part := [_base_row(*one) for one in islice(bases, _ROWS_AT_ONCE)]:
        Many(keep, part).run(connection)
        give_way()
    for many in prepared.writes:
        for few in many.parts(_ROWS_AT_ONCE):
            few.run(connection)
            give_way()
    for ref in prepared.hidden:
        leaving.hide(connection, ref)
    since = connection.execute(_SINCE, {"after": prepared.last_n})
    again = {(type_, id_) for type_, id_ in since} & prepared.touched.keys()
    pending = _pending(connection)
    bodies, _ = _derived(connection, again, prepared.bases, pending, without=prepared.gone)
    for type_, values in bodies.items():
        working(type_).rows(values).run(connection)
    leaving.forget_records(connection, {*prepared.gone, *prepared.left})
    leaving.remove_records(connection, set(prepared.left) - pending.keys())
    carrying.forget(connection, prepared.carried)
    for scope in prepared.lost_scopes:
        leaving.forget_scope(connection, scope)
    connection.execute(_SETTLE, {"settled_n": prepared.settled_n})


def _cursors(connection: Connection) -> dict[str, Cursor]:
    rows = connection.execute(_ALL_CURSORS)
    return {scope: Cursor(scope, seq, value) for scope, seq, value in rows}


def cursors(connection: Connection) -> list[Cursor]:
    """How far this laptop is in each scope."""
    return list(_cursors(connection).values())


def _load_bases(
    connection: Connection, refs: Sequence[Ref], rest: Rest = lambda: None
) -> dict[Ref, Base]:
    found: dict[Ref, Base] = {}
    for part in _parts([ref[1] for ref in refs], rest):
        ids = canonical.dumps([one.hex for one in part]).decode()
        for row in connection.execute(_BASES, {"ids": ids}):
            found[row.type, row.id] = Base(row.scope, row.rev, row.hash, row.body)
    return found


def _base_row(ref: Ref, base: Base) -> tuple[Any, ...]:
    """In the order of the table."""
    return ref[1].hex, ref[0], base.scope, base.rev, base.hash, base.text


def _moved(
    cut: Cut, known: Mapping[str, Cursor], digests: Mapping[str, str]
) -> tuple[list[Cursor], tuple[str, ...]]:
    """Cursors that move, and the scopes that disagree: those start again from their rows."""
    mismatched = tuple(
        one.scope for one in cut.cursors if digests.get(one.scope, digest.EMPTY) != one.digest
    )
    now = [
        Cursor(one.scope, 0 if one.scope in mismatched else one.seq, one.digest)
        for one in cut.cursors
    ]
    return [one for one in now if known.get(one.scope) != one], mismatched


def _cursor_writes(connection: Connection, moved: Sequence[Cursor]) -> Many:
    statement = upserting(connection.dialect, _CURSORS, ("scope",), _CURSORS.columns.keys())
    return Many(statement, [msgspec.structs.astuple(one) for one in moved])


def _outcome(connection: Connection, device: Device) -> set[Ref]:
    between = {"after": device.settled_n, "until": device.acknowledged_n}
    return {(type_, id_) for type_, id_ in connection.execute(_BETWEEN, between)}


def working_rows(
    connection: Connection,
    touched: Sequence[Ref],
    bases: Mapping[Ref, Base],
    gone: Collection[Ref],
    rest: Rest,
) -> tuple[list[Many], list[Ref]]:
    """What is to be written of working rows, parents first, and the records that are none any more.

    Part by part, since all rows of a large scope at once would take too much memory.
    """
    pending = _pending(connection) if touched else {}
    writes: dict[str, list[Many]] = {}
    hidden: list[Ref] = []
    for part in _parts(touched, rest):
        bodies, none = _derived(connection, part, bases, pending, without=gone, rest=rest)
        hidden += none
        for type_, values in bodies.items():
            rest()
            writes.setdefault(type_, []).append(working(type_).news(connection, values))
    ordered = sorted(writes, key=ORDER.__getitem__)
    return [many for type_ in ordered for many in writes[type_]], hidden


def _derived(
    connection: Connection,
    touched: Collection[Ref],
    loaded: Mapping[Ref, Base],
    pending: Mapping[Ref, Sequence[Mapping[str, Any]]],
    *,
    without: Collection[Ref],
    rest: Rest = lambda: None,
) -> tuple[dict[str, list[Mapping[str, Any]]], list[Ref]]:
    """Bodies of the records named, parents first, and those that are none any more.

    A body is its base with the pending operations on top, oldest first; those named in `without`
    have no base any more.
    """
    if not touched:
        return {}, []
    bases = [(ref, loaded.get(ref)) for ref in touched if ref[0] in TYPES]
    missing = _load_bases(connection, [ref for ref, base in bases if base is None], rest)
    bodies: dict[str, list[Mapping[str, Any]]] = {}
    hidden: list[Ref] = []
    for ref, found in bases:
        rest()
        base = found or missing.get(ref)
        body = base.body if base and ref not in without else {}
        for changes in pending.get(ref, ()):
            body = {**body, **changes}
        if "id" in body:
            bodies.setdefault(ref[0], []).append(body)
        else:
            hidden.append(ref)
    return {type_: bodies[type_] for type_ in sorted(bodies, key=ORDER.__getitem__)}, hidden


def _pending(connection: Connection) -> dict[Ref, list[dict[str, Any]]]:
    found: dict[Ref, list[dict[str, Any]]] = {}
    for type_, id_, raw in connection.execute(_PENDING):
        changes = msgspec.json.decode(raw)["changes"]
        values = {name: pair[1] for name, pair in changes.items()}
        found.setdefault((type_, id_), []).append(values)
    return found


def _parts(rows: Sequence[T], rest: Rest) -> Iterator[Sequence[T]]:
    for part in chunks(rows, _ROWS_BOUND_AT_ONCE):
        rest()
        yield part
