"""Applying a pull: base rows, digests and working rows in one transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.engine import Connection

from intact_core import clock
from intact_core.errors import ServerFault
from intact_core.records.catalogue import ORDER, TYPES, TypeSpec
from intact_core.sync import digest
from intact_core.sync.protocol import Begin, Change, Cursor, End, decode_pull_line
from intact_desktop.store.tables import BaseRow, Outbox, SyncCursor
from intact_desktop.sync.sets import chunks, table_of

Ref = tuple[str, UUID]
_BASE = table_of(BaseRow)
_OUTBOX = table_of(Outbox)
_CURSORS = table_of(SyncCursor)


@dataclass
class Cut:
    """A whole pull: nothing of it is applied before its last line came."""

    epoch: str
    scopes: list[str]
    changes: list[Change] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)


@dataclass(frozen=True)
class Applied:
    """What a pull brought: rows written, and scopes whose digest did not agree."""

    rows: int
    mismatched: tuple[str, ...]


def read_cut(lines: Iterable[bytes]) -> Cut:
    """Gather a pull's lines; raises ServerFault unless it begins and ends as it should."""
    cut: Cut | None = None
    for line in lines:
        message = _decoded(line)
        if isinstance(message, Begin):
            cut = Cut(message.epoch, message.scopes)
        elif cut is None:
            break
        elif isinstance(message, Change):
            cut.changes.append(message)
        else:
            cut.cursors = message.cursors
            return cut
    raise ServerFault("The server's answer broke off. Nothing was changed; it is tried again.")


def _decoded(line: bytes) -> Begin | Change | End:
    try:
        message: Begin | Change | End = decode_pull_line(line)
    except msgspec.DecodeError as error:
        raise ServerFault(
            "The server sent a line that is not understood. Nothing was changed.",
            details=str(error),
        ) from error
    return message


@dataclass
class _Base:
    scope: str
    rev: int
    hash: str
    body: dict[str, Any]


def apply_cut(connection: Connection, cut: Cut) -> Applied:
    """Write base rows, cursors and working rows; joins the caller's transaction.

    Working state = confirmed state + own pending operations. Operations with a verdict are
    settled here: their outcome is in what the pull brought.
    """
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    known = _cursors(connection)
    bases = _load_bases(connection, {(one.type, one.id) for one in cut.changes})
    digests = {scope: cursor.digest for scope, cursor in known.items()}
    entered = {one.scope for one in cut.changes if one.kind == "enter"}
    _fold(cut, known, bases, digests)
    _write_bases(connection, bases)
    for scope in entered:
        digests[scope] = _recomputed(connection, scope)
    mismatched = _write_cursors(connection, cut, digests)
    touched = set(bases) | _settle(connection)
    _derive(connection, touched, bases)
    return Applied(len(cut.changes), mismatched)


def _cursors(connection: Connection) -> dict[str, Cursor]:
    rows = connection.execute(select(_CURSORS.c.scope, _CURSORS.c.seq, _CURSORS.c.digest))
    return {scope: Cursor(scope, seq, value) for scope, seq, value in rows}


def cursors(connection: Connection) -> list[Cursor]:
    """How far this laptop is in each scope."""
    return list(_cursors(connection).values())


def _load_bases(connection: Connection, refs: Iterable[Ref]) -> dict[Ref, _Base]:
    wanted = list(refs)
    found: dict[Ref, _Base] = {}
    for part in chunks([ref[1] for ref in wanted]):
        rows = connection.execute(select(_BASE).where(_BASE.c.id.in_(part)))
        for row in rows:
            found[row.type, row.id] = _Base(row.scope, row.rev, row.hash, dict(row.body))
    return found


def _fold(
    cut: Cut, known: Mapping[str, Cursor], bases: dict[Ref, _Base], digests: dict[str, str]
) -> None:
    seqs = {scope: cursor.seq for scope, cursor in known.items()}
    for one in cut.changes:
        if one.kind != "enter":
            _expect_next(one, seqs)
        ref = (one.type, one.id)
        before = bases.get(ref)
        body = dict(one.patch) if before is None else before.body | one.patch
        value = digest.row_hash(one.type, one.id, one.rev, body)
        bases[ref] = _Base(one.scope, one.rev, value, body)
        if one.kind != "enter":
            out = [before.hash] if before else []
            start = digests.get(one.scope, digest.EMPTY)
            digests[one.scope] = digest.moved(start, out=out, into=[value])


def _expect_next(one: Change, seqs: dict[str, int]) -> None:
    if one.seq != seqs.get(one.scope, 0) + 1:
        raise ServerFault(
            "The server left out a change. Nothing was applied; it is tried again.",
            details=f"{one.scope}: {one.seq} after {seqs.get(one.scope, 0)}",
        )
    seqs[one.scope] = one.seq


def _write_bases(connection: Connection, bases: Mapping[Ref, _Base]) -> None:
    if not bases:
        return
    statement = upsert(_BASE)
    names = ("scope", "rev", "hash", "body")
    statement = statement.on_conflict_do_update(
        index_elements=["type", "id"], set_={name: statement.excluded[name] for name in names}
    )
    rows = [{"type": ref[0], "id": ref[1], **vars(base)} for ref, base in bases.items()]
    connection.execute(statement, rows)


def _recomputed(connection: Connection, scope: str) -> str:
    rows = connection.scalars(select(_BASE.c.hash).where(_BASE.c.scope == scope))
    return digest.moved(digest.EMPTY, into=rows)


def _write_cursors(connection: Connection, cut: Cut, digests: Mapping[str, str]) -> tuple[str, ...]:
    mismatched = tuple(
        one.scope for one in cut.cursors if digests.get(one.scope, digest.EMPTY) != one.digest
    )
    # A scope that disagrees starts again from its current rows.
    rows = [
        {"scope": one.scope, "seq": 0 if one.scope in mismatched else one.seq, "digest": one.digest}
        for one in cut.cursors
    ]
    if rows:
        statement = upsert(_CURSORS)
        statement = statement.on_conflict_do_update(
            index_elements=["scope"],
            set_={name: statement.excluded[name] for name in ("seq", "digest")},
        )
        connection.execute(statement, rows)
    return mismatched


def _settle(connection: Connection) -> set[Ref]:
    waiting = (_OUTBOX.c.settled.is_(False)) & (_OUTBOX.c.verdict.is_not(None))
    rows = connection.execute(select(_OUTBOX.c.type, _OUTBOX.c.record_id).where(waiting))
    touched = {(type_, id_) for type_, id_ in rows}
    connection.execute(update(_OUTBOX).where(waiting).values(settled=True))
    return touched


def _derive(connection: Connection, touched: set[Ref], loaded: Mapping[Ref, _Base]) -> None:
    """Working rows of the records named: base plus pending operations, oldest first."""
    missing = [ref for ref in touched if ref not in loaded]
    bases = dict(loaded) | _load_bases(connection, missing)
    pending = _pending(connection, touched)
    by_type: dict[str, list[dict[str, Any]]] = {}
    for ref in touched:
        spec = TYPES.get(ref[0])
        if spec is None:
            continue
        base = bases.get(ref)
        body = dict(base.body) if base else {}
        for changes in pending.get(ref, ()):
            body |= changes
        if not body:
            _hide(connection, spec, ref[1])
            continue
        by_type.setdefault(ref[0], []).append(_row(spec, body))
    for type_ in sorted(by_type, key=ORDER.__getitem__):
        _write_rows(connection, TYPES[type_], by_type[type_])


def _pending(connection: Connection, touched: set[Ref]) -> dict[Ref, list[dict[str, Any]]]:
    query = (
        select(_OUTBOX.c.type, _OUTBOX.c.record_id, _OUTBOX.c.raw)
        .where(_OUTBOX.c.settled.is_(False), _OUTBOX.c.verdict.is_(None))
        .order_by(_OUTBOX.c.n)
    )
    found: dict[Ref, list[dict[str, Any]]] = {}
    for type_, id_, raw in connection.execute(query):
        if (type_, id_) in touched:
            changes = msgspec.json.decode(raw)["changes"]
            values = {name: pair[1] for name, pair in changes.items()}
            found.setdefault((type_, id_), []).append(values)
    return found


def _row(spec: TypeSpec, body: Mapping[str, Any]) -> dict[str, Any]:
    values = dict.fromkeys(spec.fields) | dict(spec.defaults)
    return values | {name: spec.values({name: body[name]})[name] for name in body if name in values}


def _write_rows(connection: Connection, spec: TypeSpec, rows: Sequence[dict[str, Any]]) -> None:
    statement = upsert(spec.table)
    names = [name for name in spec.fields if name not in ("tenant_id", "id")]
    statement = statement.on_conflict_do_update(
        index_elements=["tenant_id", "id"],
        set_={name: statement.excluded[name] for name in names},
    )
    connection.execute(statement, rows)


def _hide(connection: Connection, spec: TypeSpec, id_: UUID) -> None:
    """A record that the server did not take: out of the lists, still in the outbox."""
    connection.execute(
        update(spec.table)
        .where(spec.table.c.id == id_)
        .values(deleted_at=clock.now(), deleted_reason="not accepted by the server")
    )
