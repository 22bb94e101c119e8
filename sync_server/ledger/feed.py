"""Writing to the feed: heads, changes and audit log, the same for both ways in.

A record whose scope changes leaves the one scope and enters the other at the same rev.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.records.catalogue import TypeSpec
from intact_core.records.unit_of_work import Written
from intact_core.rules.kernel import Actor
from intact_core.sync import digest
from sync_server.database.sets import insert_rows, rows_by_key, update_rows
from sync_server.ledger.audit_log import append_entries
from sync_server.ledger.counters import raise_scope, take_scope, take_serials
from sync_server.tables.base import table_of
from sync_server.tables.ledger import FeedChange, RecordHead


class Put(msgspec.Struct, frozen=True):
    """One record written: its wire body after, the wire values that changed, and by what.

    `old` are the wire values that were there before, for the audit log.
    """

    spec: TypeSpec
    id: UUID
    body: Mapping[str, Any]
    patch: Mapping[str, Any]
    is_new: bool
    op_id: UUID | None = None
    device: str = ""
    old: Mapping[str, Any] = {}

    @property
    def groups(self) -> frozenset[str]:
        """The field groups that changed."""
        return self.spec.groups_of(self.patch)


@dataclass(frozen=True)
class Head:
    """A record's head before it is written."""

    scope: str
    rev: int
    field_rev: Mapping[str, tuple[int, str]]
    hash: str
    serial: int


Ref = tuple[str, UUID]

_HEADS = table_of(RecordHead)
_HEAD_COLUMNS = (_HEADS.c.id, *(_HEADS.c[name] for name in Head.__dataclass_fields__))
_HEAD_KEYS = ("tenant_id", "type", "id")


def record_written(
    session: Session, tenant_id: UUID, actor: Actor, written: Sequence[Written]
) -> None:
    """Feed and audit log for what a session's flush wrote; joins its transaction."""
    puts = [
        Put(
            one.spec,
            one.id,
            one.spec.body(one.after),
            {name: pair[1] for name, pair in one.changes.items()},
            one.before is None,
            device=str(actor.device_id or ""),
            old={} if one.before is None else {n: pair[0] for n, pair in one.changes.items()},
        )
        for one in written
    ]
    connection = session.connection()
    heads = load_heads(connection, tenant_id, ((put.spec.name, put.id) for put in puts))
    append(connection, tenant_id, actor, puts, heads)


def load_heads(connection: Connection, tenant_id: UUID, refs: Iterable[Ref]) -> dict[Ref, Head]:
    """The heads of the records named, locked in the order of their keys."""
    by_type: dict[str, list[UUID]] = {}
    for type_, id_ in refs:
        by_type.setdefault(type_, []).append(id_)
    found: dict[Ref, Head] = {}
    for type_, ids in sorted(by_type.items()):
        mine = {_HEADS.c.tenant_id: tenant_id, _HEADS.c.type: type_}
        rows = rows_by_key(connection, _HEAD_COLUMNS, mine, _HEADS.c.id, ids, lock=True)
        for row in rows:
            id_, *values = tuple(row)
            found[type_, id_] = Head(*values)
    return found


def append(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    puts: Sequence[Put],
    heads: Mapping[Ref, Head],
) -> dict[Ref, int]:
    """Write heads, feed and audit log for rows that are already written.

    Several puts of one record become several changes, in order. Returns each record's new rev.
    Counter rows are taken last and in sorted order, so that writers queue and never deadlock.
    """
    now = clock.now()
    steps = _Steps(tenant_id, actor, now, heads)
    for put in puts:
        steps.add(put)
    steps.write_heads(connection)
    steps.write_changes(connection)
    append_entries(connection, tenant_id, actor, now, puts)
    return {ref: state.rev for ref, state in steps.states.items()}


@dataclass
class _State:
    scope: str
    rev: int
    field_rev: dict[str, tuple[int, str]]
    hash: str
    serial: int
    is_new: bool


class _Steps:
    """Collects what a batch of puts does to heads, feed and digests."""

    def __init__(
        self, tenant_id: UUID, actor: Actor, now: datetime, heads: Mapping[Ref, Head]
    ) -> None:
        self.tenant_id, self.actor, self.now = tenant_id, actor, now
        self.heads = heads
        self.states: dict[Ref, _State] = {}
        self.changes: dict[str, list[dict[str, Any]]] = {}

    def add(self, put: Put) -> None:
        """One more record written."""
        ref = (put.spec.name, put.id)
        state = self.states.get(ref) or self._start(put, ref)
        state.rev += 1
        state.field_rev |= dict.fromkeys(put.groups, (state.rev, put.device))
        state.hash = digest.row_hash(put.spec.name, put.id, state.rev, put.body)
        scope = put.spec.scope.key(put.body)
        if scope != state.scope:
            self._append(put, state, "leave", {})
            state.scope = scope
            self._append(put, state, "enter", _filled(put.body))
        else:
            self._append(put, state, "put", _filled(put.body) if put.is_new else put.patch)

    def _append(self, put: Put, state: _State, kind: str, patch: Mapping[str, Any]) -> None:
        change = self._change(put, state, patch) | {"kind": kind}
        self.changes.setdefault(state.scope, []).append(change)

    def _start(self, put: Put, ref: Ref) -> _State:
        head = self.heads.get(ref)
        if head is None:
            state = _State(put.spec.scope.key(put.body), 0, {}, "", 0, is_new=True)
        else:
            revs = {group: (rev, who) for group, (rev, who) in head.field_rev.items()}
            state = _State(head.scope, head.rev, revs, head.hash, head.serial, is_new=False)
        self.states[ref] = state
        return state

    def _change(self, put: Put, state: _State, patch: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "scope": state.scope,
            "type": put.spec.name,
            "record_id": put.id,
            "rev": state.rev,
            "patch": canonical.dumps(dict(patch)).decode(),
            "op_id": put.op_id,
            "actor": self.actor.user_id,
            "at": self.now,
        }

    def write_heads(self, connection: Connection) -> None:
        """Insert the heads of new records, update the others."""
        new = [(ref, state) for ref, state in self.states.items() if state.is_new]
        if new:
            self._number(connection, [ref[0] for ref, _ in new])
            insert_rows(connection, _HEADS, [self._head_row(*one) for one in new])
        changed = [(ref, state) for ref, state in self.states.items() if not state.is_new]
        if changed:
            rows = [self._head_change(*one) for one in changed]
            update_rows(connection, _HEADS, _HEAD_KEYS, rows)

    def _head_change(self, ref: Ref, state: _State) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "type": ref[0],
            "id": ref[1],
            "scope": state.scope,
            "rev": state.rev,
            "field_rev": state.field_rev,
            "hash": state.hash,
            "updated_at": self.now,
        }

    def _head_row(self, ref: Ref, state: _State) -> dict[str, Any]:
        return {
            "tenant_id": self.tenant_id,
            "type": ref[0],
            "id": ref[1],
            "scope": state.scope,
            "rev": state.rev,
            "field_rev": state.field_rev,
            "hash": state.hash,
            "serial": state.serial,
            "updated_at": self.now,
        }

    def _number(self, connection: Connection, types: Sequence[str]) -> None:
        last = {
            type_: take_serials(connection, self.tenant_id, type_, types.count(type_))
            for type_ in sorted(set(types))
        }
        for ref, state in self.states.items():
            if state.is_new:
                last[ref[0]] += 1
                state.serial = last[ref[0]]

    def write_changes(self, connection: Connection) -> None:
        """Raise the counters of the scopes and append the changes with their seq."""
        rows: list[dict[str, Any]] = []
        for scope in sorted(self.changes):
            seq, old = take_scope(connection, self.tenant_id, scope)
            for row in self.changes[scope]:
                seq += 1
                rows.append({**row, "seq": seq})
            before = [self.heads[ref] for ref in self.states if ref in self.heads]
            out = [head.hash for head in before if head.scope == scope]
            into = [state.hash for state in self.states.values() if state.scope == scope]
            now = digest.moved(old, out=out, into=into)
            raise_scope(connection, self.tenant_id, scope, seq, now)
        insert_rows(connection, table_of(FeedChange), rows)


def _filled(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if value is not None}
