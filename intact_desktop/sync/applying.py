"""Applying a pull: confirmed states, digests and working rows in one transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, select, update
from sqlalchemy.engine import Connection

from intact_core.records.sets import Many, upserting
from intact_core.sync import digest
from intact_core.sync.protocol import Cursor
from intact_desktop.store import bases as stored
from intact_desktop.store.bases import Base, Ref, Rest
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Device, Outbox, SyncCursor, table_of
from intact_desktop.sync import carrying, leaving
from intact_desktop.sync.cuts import Cut, fold
from intact_desktop.sync.working_state import Came, WorkingRows, pending_changes, work_out

_OUTBOX = table_of(Outbox)
_CURSORS = table_of(SyncCursor)
_DEVICE = table_of(Device)
# Said once: making a statement takes longer than SQLite takes to answer most of them.
_SETTLE = update(_DEVICE)
_ALL_CURSORS = select(_CURSORS.c.scope, _CURSORS.c.seq, _CURSORS.c.digest)
_SINCE = select(_OUTBOX.c.type, _OUTBOX.c.record_id).where(_OUTBOX.c.n > bindparam("after"))
_BETWEEN = _SINCE.where(_OUTBOX.c.n <= bindparam("until"))


@dataclass(frozen=True)
class Applied:
    """What a pull brought: rows written, and scopes whose digest did not agree."""

    rows: int
    mismatched: tuple[str, ...]


@dataclass(frozen=True)
class Prepared:
    """All that a pull will write, worked out while others may still write.

    `last_n` is this laptop's last operation that was looked at; without `is_news` all working rows
    say what they said.
    """

    applied: Applied
    touched: Sequence[Came]
    gone: Collection[Ref]
    left: Collection[Ref]
    lost_scopes: Sequence[str]
    rows: WorkingRows
    carried: Sequence[int]
    cursors: Many
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
    folded = fold(cut, known, stored.load(connection, cut.changed, rest), rest)
    bases, left = folded.rows, folded.left
    gone = leaving.gone(connection, cut.whole, bases.keys(), left)
    lost = [scope for scope in known if scope not in cut.scopes]
    waiting = lost if leaving.waits(connection, lost) else []
    moved, mismatched = _moved(cut, known, folded.digests)
    moved += leaving.without(connection, [known[scope] for scope in waiting], bases)
    carried = carrying.settled(connection)
    settled = [*_outcome(connection, device), *carried.values()]
    touched = _touched(bases, [*gone, *(ref for ref in settled if ref not in left)])
    rows = work_out(connection, touched, gone, rest)
    return Prepared(
        Applied(folded.lines, mismatched),
        touched,
        gone,
        left,
        [] if waiting else lost,
        rows,
        list(carried),
        _cursor_writes(connection, moved),
        device.acknowledged_n,
        device.last_n,
        is_empty=not (touched or moved or lost),
        is_news=any((rows.is_news, rows.hidden, gone, left, lost)),
    )


def write(
    connection: Connection, prepared: Prepared, give_way: Callable[[], None] = lambda: None
) -> None:
    """Write what was prepared; joins the caller's transaction.

    Whatever this person changed since is put on top again. `give_way` is asked every few
    milliseconds; it raises when somebody should go first, and the caller starts again.
    """
    connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
    prepared.rows.write(connection, give_way)
    prepared.cursors.run(connection)
    since = connection.execute(_SINCE, {"after": prepared.last_n})
    again = {(type_, str(id_)) for type_, id_ in since}
    records = [(ref, base) for ref, base in prepared.touched if ref in again] if again else []
    work_out(connection, records, prepared.gone).write(connection)
    stored.forget(connection, {*prepared.gone, *prepared.left})
    leaving.remove_records(connection, set(prepared.left) - pending_changes(connection).keys())
    carrying.forget(connection, prepared.carried)
    for scope in prepared.lost_scopes:
        leaving.forget_scope(connection, scope)
    connection.execute(_SETTLE, {"settled_n": prepared.settled_n})


def _touched(bases: Mapping[Ref, Base], others: Collection[Ref]) -> list[Came]:
    """All whose working rows may change, as they came; of the others something is here."""
    for ref in others:
        if ref in bases:
            bases[ref].is_new = False
    return [*bases.items(), *((ref, None) for ref in dict.fromkeys(others) if ref not in bases)]


def _cursors(connection: Connection) -> dict[str, Cursor]:
    rows = connection.execute(_ALL_CURSORS)
    return {scope: Cursor(scope, seq, value) for scope, seq, value in rows}


def cursors(connection: Connection) -> list[Cursor]:
    """How far this laptop is in each scope."""
    return list(_cursors(connection).values())


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
    return {(type_, str(id_)) for type_, id_ in connection.execute(_BETWEEN, between)}
