"""Giving out changes: one consistent cut over all scopes, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Connection

from intact_core.records.catalogue import TYPES, TypeSpec
from intact_core.sync import digest
from intact_core.sync.protocol import Begin, Cursor, End, Pull
from sync_server.tables.base import table_of
from sync_server.tables.ledger import FeedChange, RecordHead, ScopeHead

_FEED = table_of(FeedChange)
_HEADS = table_of(RecordHead)
_SCOPES = table_of(ScopeHead)


def lines(
    connection: Connection, tenant_id: UUID, scopes: Sequence[str], pull: Pull, epoch: str
) -> Iterator[bytes]:
    """The lines of a pull (newline-delimited JSON: begin, changes, end).

    The connection stays on one cut (REPEATABLE READ, or SQLite's snapshot). A scope that the
    device does not have, or has from a history that is not this one, comes whole, as its rows.
    """
    known = {one.scope: one for one in pull.cursors}
    heads = heads_of(connection, tenant_id, scopes)
    same = pull.epoch == epoch
    whole = [scope for scope in scopes if not _goes_on(known.get(scope), heads[scope], same)]
    yield msgspec.json.encode(Begin(epoch, list(scopes), whole)) + b"\n"
    for scope in scopes:
        if scope in whole:
            yield from _snapshot(connection, tenant_id, heads[scope])
        elif known[scope].seq < heads[scope].seq:
            yield from _changes(connection, tenant_id, scope, known[scope].seq)
    yield msgspec.json.encode(End([heads[scope] for scope in scopes])) + b"\n"


def _goes_on(cursor: Cursor | None, head: Cursor, same_epoch: bool) -> bool:
    if cursor is None or cursor.seq == 0:
        return False
    return cursor.seq <= head.seq if same_epoch else cursor == head


def heads_of(
    connection: Connection, tenant_id: UUID, scopes: Sequence[str]
) -> Mapping[str, Cursor]:
    """Where each scope stands, in the order given."""
    query = select(_SCOPES.c.scope, _SCOPES.c.seq, _SCOPES.c.digest).where(
        _SCOPES.c.tenant_id == tenant_id, _SCOPES.c.scope.in_(scopes)
    )
    found = {scope: Cursor(scope, seq, value) for scope, seq, value in connection.execute(query)}
    return {scope: found.get(scope, Cursor(scope, 0, digest.EMPTY)) for scope in scopes}


def _changes(connection: Connection, tenant_id: UUID, scope: str, after: int) -> Iterator[bytes]:
    query = (
        select(_FEED)
        .where(_FEED.c.tenant_id == tenant_id, _FEED.c.scope == scope, _FEED.c.seq > after)
        .order_by(_FEED.c.seq)
    )
    for row in connection.execute(query):
        head = {
            "line": "change",
            "scope": scope,
            "seq": row.seq,
            "type": row.type,
            "id": row.record_id,
            "rev": row.rev,
            "kind": row.kind,
            "patch": msgspec.Raw(row.patch.encode()),
            "op_id": row.op_id,
            "actor": row.actor,
            "time": row.at,
        }
        yield msgspec.json.encode(head) + b"\n"


def _snapshot(connection: Connection, tenant_id: UUID, head: Cursor) -> Iterator[bytes]:
    kind = head.scope.partition(":")[0]
    for spec in TYPES.values():
        if spec.scope.kind in (kind, ""):
            yield from _rows(connection, tenant_id, head, spec)


def _rows(connection: Connection, tenant_id: UUID, head: Cursor, spec: TypeSpec) -> Iterator[bytes]:
    table, names = spec.table, tuple(spec.fields)
    query = (
        select(_HEADS.c.rev, _HEADS.c.updated_at, *(table.c[name] for name in names))
        .join(_HEADS, (_HEADS.c.tenant_id == table.c.tenant_id) & (_HEADS.c.id == table.c.id))
        .where(
            _HEADS.c.tenant_id == tenant_id,
            _HEADS.c.scope == head.scope,
            _HEADS.c.type == spec.name,
        )
    )
    for rev, updated_at, *values in connection.execute(query):
        body = spec.wire({n: v for n, v in zip(names, values, strict=True) if v is not None})
        line = {
            "line": "change",
            "scope": head.scope,
            "seq": head.seq,
            "type": spec.name,
            "id": body["id"],
            "rev": rev,
            "kind": "enter",
            "patch": body,
            "op_id": None,
            "actor": None,
            "time": updated_at,
        }
        yield msgspec.json.encode(line) + b"\n"
