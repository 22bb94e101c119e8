"""Giving out changes: one consistent cut over all scopes, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Select, Text, cast, func, select, true
from sqlalchemy.engine import Connection

from intact_core.records.catalogue import TYPES, TypeSpec
from intact_core.sync import digest
from intact_core.sync.protocol import Begin, Cursor, End, Pull
from sync_server.tables.base import table_of
from sync_server.tables.ledger import FeedChange, RecordHead, ScopeHead

_FEED = table_of(FeedChange)
_HEADS = table_of(RecordHead)
_SCOPES = table_of(ScopeHead)
_MANY, _AT_ONCE = 20_000, 2_000
"""Rows from which on the driver fetches them in parts, and how many at once."""


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
        if scope not in whole and known[scope].seq < heads[scope].seq:
            yield from _changes(connection, tenant_id, scope, known[scope].seq)
    # After the changes: a record that came from another scope stands as its new scope has it.
    yield from _snapshot(connection, tenant_id, [heads[scope] for scope in whole])
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


def _snapshot(connection: Connection, tenant_id: UUID, heads: Sequence[Cursor]) -> Iterator[bytes]:
    by_kind: dict[str, dict[str, Cursor]] = {}
    for head in heads:
        by_kind.setdefault(head.scope.partition(":")[0], {})[head.scope] = head
    for spec in TYPES.values():
        own = heads if spec.scope.kind == "" else by_kind.get(spec.scope.kind, {}).values()
        if own:
            yield from _rows(connection, tenant_id, {one.scope: one for one in own}, spec)


def _rows(
    connection: Connection, tenant_id: UUID, heads: Mapping[str, Cursor], spec: TypeSpec
) -> Iterator[bytes]:
    names = tuple(spec.fields)
    query = rows_query(connection.dialect.name, tenant_id, tuple(heads), spec)
    if max(head.seq for head in heads.values()) > _MANY:
        query = query.execution_options(yield_per=_AT_ONCE)
    for scope, rev, updated_at, *values in connection.execute(query):
        body = spec.wire({n: v for n, v in zip(names, values, strict=True) if v is not None})
        line = {
            "line": "change",
            "scope": scope,
            "seq": heads[scope].seq,
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


def rows_query(dialect: str, tenant_id: UUID, scopes: Sequence[str], spec: TypeSpec) -> Select[Any]:
    """The present rows of one kind in some scopes: scope, rev, time of change, then the fields.

    On PostgreSQL each head is found by its scope and each row by its id, whatever the statistics
    say of a tenant that has grown since they were taken.
    """
    heads = (
        select(_HEADS.c.id, _HEADS.c.scope, _HEADS.c.rev, _HEADS.c.updated_at)
        .where(_HEADS.c.tenant_id == tenant_id, _HEADS.c.type == spec.name)
    )  # fmt: skip
    table = spec.table
    fields = [table.c[name] for name in spec.fields]
    if dialect != "postgresql":
        mine = heads.where(_HEADS.c.scope.in_(scopes)).subquery()
        same = (table.c.tenant_id == tenant_id) & (table.c.id == mine.c.id)
        return select(mine.c.scope, mine.c.rev, mine.c.updated_at, *fields).join(table, same)
    wanted = func.unnest(cast(list(scopes), ARRAY(Text))).table_valued("scope").render_derived()
    # OFFSET 0 keeps the planner from turning the look-ups into one join.
    found = heads.where(_HEADS.c.scope == wanted.c.scope).offset(0).lateral()
    row = (
        select(*fields)
        .where(table.c.tenant_id == tenant_id, table.c.id == found.c.id)
        .offset(0)
        .lateral()
    )
    source = wanted.join(found, true()).join(row, true())
    return select(found.c.scope, found.c.rev, found.c.updated_at, *row.c).select_from(source)
