"""Giving out changes: one consistent cut over all scopes, line by line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, Select, Text, bindparam, cast, func, literal_column, select, true
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement, UnaryExpression
from sqlalchemy.sql.operators import custom_op

from intact_core.records.catalogue import ORDER, TYPES, TypeSpec
from intact_core.sync.protocol import RESUMING, Begin, Cursor, End, Pull, Resume
from sync_server.ledger.standing import Stand
from sync_server.tables.base import table_of
from sync_server.tables.ledger import FeedChange, RecordHead

_FEED = table_of(FeedChange)
_HEADS = table_of(RecordHead)
_ID_LENGTH = 36
_MANY, _AT_ONCE = 20_000, 2_000
"""Rows from which on the driver fetches them in parts, and how many at once."""
_PART = 1_000
"""Changes asked for at once: the first go out while the next are read."""
_BEHIND = (
    _FEED.c.tenant_id == bindparam("tenant"),
    _FEED.c.scope == bindparam("of_scope"),
    _FEED.c.seq > bindparam("after"),
)
_MOVED_SINCE = select(_FEED.c.seq).where(*_BEHIND, _FEED.c.kind.in_(("enter", "leave")))


def lines(connection: Connection, tenant_id: UUID, stand: Stand, pull: Pull) -> Iterator[bytes]:
    """The lines of a pull (newline-delimited JSON: begin, rows, changes, end).

    The connection stays on one cut (REPEATABLE READ, or SQLite's snapshot). A scope that the
    device does not have, or has from a history that is not this one, comes whole, as its rows.
    Where an answer with such rows broke off, the next one goes on behind the last row that came:
    the changes since the first one bring all rows to this cut, in whichever cut they were read.
    """
    known = {one.scope: one for one in pull.cursors}
    heads, same = stand.heads, pull.epoch == stand.epoch
    whole = [scope for scope in heads if not _goes_on(known.get(scope), heads[scope], same)]
    after = {scope: known[scope].seq for scope in heads if scope not in whole}
    give = _give if pull.protocol >= RESUMING else _give_as_version_2
    cut = _Cut(connection, tenant_id, heads, whole, after)
    yield from give(cut, pull, stand.epoch)
    yield msgspec.json.encode(End(list(heads.values()))) + b"\n"


@dataclass
class _Cut:
    """One cut: where all scopes stand, which come whole, and after which seq the others go on."""

    connection: Connection
    tenant_id: UUID
    heads: Mapping[str, Cursor]
    whole: list[str]
    after: dict[str, int]

    def behind(self, scope: str, after: int) -> dict[str, Any]:
        """What a question for the changes of a scope behind a seq names."""
        return {"tenant": self.tenant_id, "of_scope": scope, "after": after}


def _give(cut: _Cut, pull: Pull, epoch: str) -> Iterator[bytes]:
    resume = _usable(pull.resume, cut, epoch)
    whole = resume.heads if resume else tuple(cut.heads[scope] for scope in cut.whole)
    rows = _count(cut)
    begin = Begin(epoch, list(cut.heads), cut.whole, whole, rows, resumed=resume is not None)
    yield msgspec.json.encode(begin) + b"\n"
    yield from _snapshot(cut, "row", resume)
    for scope, seq in (cut.after | {one.scope: one.seq for one in whole}).items():
        if seq < cut.heads[scope].seq:
            yield from _changes(cut, scope, seq)


def _give_as_version_2(cut: _Cut, pull: Pull, epoch: str) -> Iterator[bytes]:
    """Where records moved, the scope comes whole: that version knows no other way."""
    del pull
    for scope in _where_records_moved(cut):
        cut.whole.append(scope)
        del cut.after[scope]
    yield msgspec.json.encode(Begin(epoch, list(cut.heads), cut.whole)) + b"\n"
    for scope, seq in cut.after.items():
        if seq < cut.heads[scope].seq:
            yield from _changes(cut, scope, seq)
    # After the changes: a record that came from another scope stands as its new scope has it.
    yield from _snapshot(cut, "enter", None)


def _usable(resume: Resume | None, cut: _Cut, epoch: str) -> Resume | None:
    """Not after a restore, nor with other scopes: then the rows that came are of another whole."""
    if resume is None or resume.epoch != epoch or resume.type not in TYPES:
        return None
    seqs = {one.scope: one.seq for one in resume.heads}
    same = seqs.keys() == set(cut.whole)
    return resume if same and all(n <= cut.heads[one].seq for one, n in seqs.items()) else None


def _count(cut: _Cut) -> int:
    mine = (_HEADS.c.tenant_id == cut.tenant_id) & _HEADS.c.scope.in_(cut.whole)
    query = select(func.count()).select_from(_HEADS).where(mine)
    return (cut.connection.scalar(query) or 0) if cut.whole else 0


def _where_records_moved(cut: _Cut) -> list[str]:
    news = [scope for scope, seq in cut.after.items() if seq < cut.heads[scope].seq]
    return [
        scope
        for scope in news
        if cut.connection.scalar(_MOVED_SINCE, cut.behind(scope, cut.after[scope]))
    ]


def _goes_on(cursor: Cursor | None, head: Cursor, same_epoch: bool) -> bool:
    if cursor is None or cursor.seq == 0:
        return False
    return cursor.seq <= head.seq if same_epoch else cursor == head


def _changes(cut: _Cut, scope: str, after: int) -> Iterator[bytes]:
    query, quoted = _since(cut.connection.dialect.name), _quoted(scope)
    while after < cut.heads[scope].seq:
        for seq, type_, id_, rev, kind, patch, op_id, actor, at in cut.connection.execute(
            query, cut.behind(scope, after)
        ):
            # As one text: a dictionary for each line, and encoding it, took three times as long.
            yield (
                f'{{"line":"change","scope":{quoted},"seq":{seq},"type":{_quoted(type_)},'
                f'"id":"{_id_text(id_)}","rev":{rev},"kind":{_quoted(kind)},"patch":{patch},'
                f'"op_id":{_id_or_null(op_id)},"actor":{_id_or_null(actor)},"time":{at}}}\n'
            ).encode()
        after += _PART


@cache
def _since(dialect: str) -> Select[Any]:
    """The changes of a scope behind a seq: ids and patch as text, the time as it stands in JSON."""
    at: ColumnElement[str]
    if dialect == "postgresql":
        at = cast(func.to_json(_FEED.c.at), Text)
    else:
        at = (
            literal_column("'\"'", Text)
            + func.replace(_FEED.c.at, " ", "T", type_=Text)
            + literal_column("'Z\"'", Text)
        )
    return (
        select(
            _FEED.c.seq,
            _FEED.c.type,
            # As text: three UUIDs a change took a third of the time, only to become text again.
            cast(_FEED.c.record_id, Text),
            _FEED.c.rev,
            _FEED.c.kind,
            _FEED.c.patch,
            cast(_FEED.c.op_id, Text),
            cast(_FEED.c.actor, Text),
            at,
        )
        .where(*_BEHIND)
        .order_by(_FEED.c.seq)
        .limit(_PART)
    )


@lru_cache(maxsize=1 << 10)
def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _id_or_null(stored: str | None) -> str:
    return f'"{_id_text(stored)}"' if stored else "null"


def _id_text(stored: str) -> str:
    """The form of RFC 9562: PostgreSQL gives it, SQLite keeps the 32 digits alone."""
    if len(stored) == _ID_LENGTH:
        return stored
    return f"{stored[:8]}-{stored[8:12]}-{stored[12:16]}-{stored[16:20]}-{stored[20:]}"


def _snapshot(cut: _Cut, kind: str, resume: Resume | None) -> Iterator[bytes]:
    by_kind: dict[str, dict[str, Cursor]] = {}
    heads = [cut.heads[scope] for scope in cut.whole]
    for head in heads:
        by_kind.setdefault(head.scope.partition(":")[0], {})[head.scope] = head
    first = ORDER[resume.type] if resume else 0
    for spec in list(TYPES.values())[first:]:
        own = heads if spec.scope.kind == "" else by_kind.get(spec.scope.kind, {}).values()
        if own:
            after = resume.id if resume and spec.name == resume.type else None
            yield from _rows(cut, {one.scope: one for one in own}, kind, (spec, after))


def _rows(
    cut: _Cut, heads: Mapping[str, Cursor], kind: str, part: tuple[TypeSpec, UUID | None]
) -> Iterator[bytes]:
    spec, after = part
    names = tuple(spec.fields)
    query = rows_query(cut.connection.dialect.name, cut.tenant_id, tuple(heads), spec, after)
    if max(head.seq for head in heads.values()) > _MANY:
        query = query.execution_options(yield_per=_AT_ONCE)
    for scope, rev, updated_at, *values in cut.connection.execute(query):
        body = spec.wire({n: v for n, v in zip(names, values, strict=True) if v is not None})
        line = {
            "line": "change",
            "scope": scope,
            "seq": heads[scope].seq,
            "type": spec.name,
            "id": body["id"],
            "rev": rev,
            "kind": kind,
            "patch": body,
            "op_id": None,
            "actor": None,
            "time": updated_at,
        }
        yield msgspec.json.encode(line) + b"\n"


def rows_query(
    dialect: str, tenant_id: UUID, scopes: Sequence[str], spec: TypeSpec, after: UUID | None
) -> Select[Any]:
    """The present rows of one kind in some scopes, by id: scope, rev, time of change, the fields.

    With `after` only those behind that id. On PostgreSQL each head is found by its scope and each
    row by its id, whatever the statistics say of a tenant that has grown since they were taken.
    """
    heads = (
        select(_HEADS.c.id, _HEADS.c.scope, _HEADS.c.rev, _HEADS.c.updated_at)
        .where(_HEADS.c.tenant_id == tenant_id, _HEADS.c.type == spec.name)
    )  # fmt: skip
    table = spec.table
    fields = [table.c[name] for name in spec.fields]
    if dialect != "postgresql":
        if after is not None:
            heads = heads.where(_no_index(_HEADS.c.id) > after)
        mine = heads.where(_HEADS.c.scope.in_(scopes)).subquery()
        same = (table.c.tenant_id == tenant_id) & (table.c.id == mine.c.id)
        query = select(mine.c.scope, mine.c.rev, mine.c.updated_at, *fields).join(table, same)
        return query.order_by(_no_index(mine.c.id))
    if after is not None:
        heads = heads.where(_HEADS.c.id > after)
    wanted = func.unnest(cast(list(scopes), ARRAY(Text))).table_valued("scope").render_derived()
    # OFFSET 0 keeps the planner from turning the look-ups into one join.
    of_scope = heads.where(_HEADS.c.scope == wanted.c.scope).offset(0).lateral()
    found = (
        select(*of_scope.c)
        .select_from(wanted.join(of_scope, true()))
        .order_by(of_scope.c.id)
        .subquery()
    )
    row = (
        select(*fields)
        .where(table.c.tenant_id == tenant_id, table.c.id == found.c.id)
        .offset(0)
        .lateral()
    )
    return (
        select(found.c.scope, found.c.rev, found.c.updated_at, *row.c)
        .select_from(found.join(row, true()))
        .order_by(found.c.id)
    )


def _no_index(column: ColumnElement[UUID]) -> ColumnElement[UUID]:
    """SQLite would read all heads of the tenant in the order of ids for the few of some scopes."""
    return UnaryExpression(column, operator=custom_op("+"), type_=column.type)
