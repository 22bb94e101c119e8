"""Writing to the feed: heads, changes and audit log, the same for both ways in.

A record whose scope changes leaves the one scope and enters the other at the same rev.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
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
from intact_core.sync.merge import FieldRev
from sync_server.database.sets import ahead, insert_rows, rows_by_key, update_rows
from sync_server.ledger import group_revs
from sync_server.ledger.audit_log import Entries, log_end
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
    field_rev: FieldRev
    hash: str


Ref = tuple[str, UUID]

_HEADS, _FEED = table_of(RecordHead), table_of(FeedChange)
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
            id_, scope, rev, revs, hash_ = tuple(row)
            found[type_, id_] = Head(scope, rev, group_revs.from_text(revs), hash_)
    return found


def append(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    puts: Sequence[Put],
    heads: Mapping[Ref, Head],
) -> None:
    """Write heads, feed and audit log for rows that are already written."""
    Steps(tenant_id, actor, puts, heads).write(connection)


@dataclass
class _State:
    before: Head | None
    scope: str
    rev: int
    field_rev: dict[str, tuple[int, str]]
    hash: str = ""


@dataclass
class _Rows:
    """Rows to be, and a long text of each."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


class Steps:
    """What a batch of puts does to heads, feed, digests and audit log: worked out, then written.

    Several puts of one record become several changes, in order. Only what the counters give is
    missing in the rows, so that the others do not wait while they are made.
    """

    def __init__(
        self, tenant_id: UUID, actor: Actor, puts: Sequence[Put], heads: Mapping[Ref, Head]
    ) -> None:
        self._tenant_id, self._actor, self._now = tenant_id, actor, clock.now()
        self._heads = heads
        self._states: dict[Ref, _State] = {}
        self._changes: dict[str, _Rows] = {}
        for put in puts:
            self._add(put)
        self._new_heads, self._heads_changed = self._head_rows()
        self._out, self._into = self._moved()
        self._log = Entries.of_puts(tenant_id, actor, self._now, puts)

    def _add(self, put: Put) -> None:
        ref = (put.spec.name, put.id)
        state = self._states.get(ref) or self._start(put, ref)
        state.rev += 1
        state.field_rev |= dict.fromkeys(put.groups, (state.rev, put.device))
        text = canonical.dumps(digest.filled(put.body))
        state.hash = digest.text_hash(put.spec.name, put.body["id"], state.rev, text)
        scope = put.spec.scope.key(put.body)
        if scope != state.scope:
            self._change(put, state, "leave", b"{}")
            state.scope = scope
            self._change(put, state, "enter", text)
        else:
            self._change(put, state, "put", text if put.is_new else canonical.dumps(put.patch))

    def _start(self, put: Put, ref: Ref) -> _State:
        head = self._heads.get(ref)
        if head is None:
            state = _State(None, put.spec.scope.key(put.body), 0, {})
        else:
            state = _State(head, head.scope, head.rev, dict(head.field_rev))
        self._states[ref] = state
        return state

    def _change(self, put: Put, state: _State, kind: str, patch: bytes) -> None:
        row = {
            "scope": state.scope,
            "type": put.spec.name,
            "record_id": put.id,
            "rev": state.rev,
            "kind": kind,
            "op_id": put.op_id,
        }
        changes = self._changes.setdefault(state.scope, _Rows())
        changes.rows.append(row)
        changes.texts.append(patch.decode())

    def _head_rows(self) -> tuple[_Rows, list[dict[str, Any]]]:
        new, changed = _Rows(), []
        for (type_, id_), state in self._states.items():
            row = {
                "type": type_,
                "id": id_,
                "scope": state.scope,
                "rev": state.rev,
                "hash": state.hash,
            }
            revs = group_revs.to_text(state.field_rev)
            if state.before is None:
                new.rows.append(row)
                new.texts.append(revs)
            else:
                changed.append(row | {"tenant_id": self._tenant_id, "field_rev": revs})
        return new, changed

    def write(self, connection: Connection) -> None:
        """Take the counters, then write; joins the caller's transaction.

        Counter rows are taken as the last locks and in sorted order, so that writers queue and
        never deadlock; the others wait until this one commits.
        """
        self._number(connection)
        taken = {
            scope: take_scope(connection, self._tenant_id, scope) for scope in sorted(self._changes)
        }
        end = log_end(connection, self._tenant_id)
        with ahead(connection):
            self._write_heads(connection)
            self._write_changes(connection, taken)
            self._log.write(connection, end)

    def _number(self, connection: Connection) -> None:
        new = Counter(row["type"] for row in self._new_heads.rows)
        last = {
            type_: take_serials(connection, self._tenant_id, type_, new[type_])
            for type_ in sorted(new)
        }
        for row in self._new_heads.rows:
            row["serial"] = last[row["type"]] = last[row["type"]] + 1

    def _write_heads(self, connection: Connection) -> None:
        new, shared = self._new_heads, {"updated_at": self._now}
        of_all = shared | {"tenant_id": self._tenant_id}
        insert_rows(connection, _HEADS, new.rows, of_all, {"field_rev": new.texts})
        update_rows(connection, _HEADS, _HEAD_KEYS, self._heads_changed, shared)

    def _write_changes(self, connection: Connection, taken: Mapping[str, tuple[int, str]]) -> None:
        rows: list[dict[str, Any]] = []
        patches: list[str] = []
        for scope, (seq, old) in taken.items():
            changes, out, into = self._changes[scope], self._out.get(scope), self._into.get(scope)
            for n, row in enumerate(changes.rows, seq + 1):
                row["seq"] = n
            rows += changes.rows
            patches += changes.texts
            now = digest.moved(old, out=out or (), into=into or ())
            raise_scope(connection, self._tenant_id, scope, rows[-1]["seq"], now)
        shared = {"tenant_id": self._tenant_id, "actor": self._actor.user_id, "at": self._now}
        insert_rows(connection, _FEED, rows, shared, {"patch": patches})

    def _moved(self) -> tuple[Mapping[str, list[str]], Mapping[str, list[str]]]:
        """By scope, the hashes of the rows as they were, and as they are."""
        out: dict[str, list[str]] = {}
        into: dict[str, list[str]] = {}
        for state in self._states.values():
            into.setdefault(state.scope, []).append(state.hash)
            if before := state.before:
                out.setdefault(before.scope, []).append(before.hash)
        return out, into
