"""What leaves this laptop: records that the server does not have, scopes of somebody else now."""

from collections.abc import Collection, Sequence
from uuid import UUID

from msgspec.structs import replace
from sqlalchemy import Table, delete, select, update
from sqlalchemy.engine import Connection

from intact_core import clock
from intact_core.records.catalogue import ORDER, TYPES
from intact_core.sync import digest
from intact_core.sync.protocol import Cursor
from intact_desktop.store import bases
from intact_desktop.store.bases import Ref
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Blob, SyncCursor, table_of

_BLOBS = table_of(Blob)
_CURSORS = table_of(SyncCursor)


def start_again(connection: Connection, scopes: Sequence[str]) -> None:
    """The next pull brings these scopes whole; joins the caller's transaction."""
    connection.execute(update(_CURSORS).where(_CURSORS.c.scope.in_(scopes)).values(seq=0))


def gone(
    connection: Connection, whole: Sequence[str], came: Collection[Ref], left: Collection[Ref]
) -> set[Ref]:
    """Records of scopes that came whole which neither came nor left."""
    refs = bases.held(connection, whole)
    return {ref for ref in refs if ref not in came and ref not in left}


def hide(connection: Connection, ref: Ref) -> None:
    """A record that the server does not have: out of the lists; own work is in the outbox."""
    table = TYPES[ref[0]].table
    values = {"deleted_at": clock.now(), "deleted_reason": "not on the server"}
    connection.execute(update(table).where(table.c.id == UUID(ref[1])).values(**values))


def remove_records(connection: Connection, refs: Collection[Ref]) -> None:
    """Records that went to a scope of somebody else; one that another still names is hidden."""
    known = [ref for ref in refs if ref[0] in TYPES]
    for ref in sorted(known, key=lambda ref: ORDER[ref[0]], reverse=True):
        table, id_ = TYPES[ref[0]].table, UUID(ref[1])
        if _is_named(connection, table, id_):
            hide(connection, ref)
        else:
            connection.execute(delete(table).where(table.c.id == id_))


def _is_named(connection: Connection, table: Table, id_: UUID) -> bool:
    columns = [
        column
        for spec in TYPES.values()
        for key in spec.table.foreign_key_constraints
        if key.referred_table is table
        for column in key.columns
        if column.key != "tenant_id"
    ]
    return any(
        connection.scalar(select(column).where(column == id_).limit(1)) is not None
        for column in columns
    )


def waits(connection: Connection, scopes: Sequence[str]) -> bool:
    """Whether operations, or files of one of the audits, still wait: all stays until they are sent.

    An operation waits here when it was typed since the round's push.
    """
    if not scopes:
        return False
    device = this_device(connection)
    if device.last_n > device.acknowledged_n:
        return True
    audits = [UUID(scope.partition(":")[2]) for scope in scopes if scope.startswith("audit:")]
    mine = _BLOBS.c.audit_id.in_(audits) & (_BLOBS.c.state == "pending")
    return connection.scalar(select(_BLOBS.c.size).where(mine).limit(1)) is not None


def without(
    connection: Connection, scopes: Sequence[Cursor], refs: Collection[Ref]
) -> list[Cursor]:
    """The cursors of scopes that still wait, once these records of theirs stand in others."""
    out: dict[str, list[str]] = {}
    for one in scopes:
        stood = [ref for ref in bases.held(connection, [one.scope]) if ref in refs]
        for base in bases.load(connection, stood).values():
            out.setdefault(one.scope, []).append(base.hash)
    moved = [(one, out[one.scope]) for one in scopes if one.scope in out]
    return [replace(one, digest=digest.moved(one.digest, out=gone)) for one, gone in moved]


def forget_scope(connection: Connection, scope: str) -> None:
    """Remove a scope that is this person's no more; joins the caller's transaction.

    Its operations are on the server, each with its receipt, and stay in the outbox here.
    """
    kind, _, id_ = scope.partition(":")
    for spec in TYPES.values():
        column = spec.table.c[spec.scope.column]
        if spec.scope.kind == kind:
            connection.execute(delete(spec.table).where(column == UUID(id_)))
        elif not spec.scope.kind:
            connection.execute(delete(spec.table).where(column == scope))
    bases.forget_scope(connection, scope)
    connection.execute(delete(_CURSORS).where(_CURSORS.c.scope == scope))
    if kind == "audit":
        connection.execute(delete(_BLOBS).where(_BLOBS.c.audit_id == UUID(id_)))
