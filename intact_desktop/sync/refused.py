"""What the server did not accept: it stays visible, and can be sent again as a new change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput
from intact_core.records.base import Merge, Record
from intact_core.records.catalogue import ORDER, TYPES, TypeSpec, spec_of
from intact_core.sync.operations import Operation
from intact_desktop.store import bases
from intact_desktop.store.journal import this_device
from intact_desktop.store.naming import subject
from intact_desktop.store.tables import Outbox, SyncLog
from intact_desktop.sync import outgoing

OLDER = "server_older"
"""The server's reason where it does not know yet what this laptop's version writes."""
LEFT = "kept as it is"
"""The outcome in the sync log under which a refused action was left as it is."""
_UNSEEN = frozenset({"id", "tenant_id", "created_at", "audit_schedule_id"})
_Group = Sequence[tuple[Operation, Mapping[str, Any]]]


@dataclass(frozen=True)
class RefusedChange:
    """One record of an action that the server did not accept: what was to be written."""

    n: int
    type: str
    record_id: UUID
    subject: str
    kind: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """One action that the server did not accept: why, and what was in it.

    `is_left`: the person looked at it and left it as it is; it stays visible.
    """

    txn_id: UUID
    at: datetime
    reason: str
    sentence: str
    changes: tuple[RefusedChange, ...]
    can_send_again: bool
    is_left: bool


def refused(session: Session) -> list[Refused]:
    """Actions that the server did not accept and that were not made again, newest first."""
    groups: dict[UUID, list[tuple[Operation, Mapping[str, Any]]]] = {}
    for _, _, raw, receipt in outgoing.quarantined(session.connection()):
        operation = msgspec.convert(raw, Operation)
        groups.setdefault(operation.txn_id, []).append((operation, receipt or {}))
    if not groups:
        return []
    left = set(session.scalars(select(SyncLog.words).where(SyncLog.outcome == LEFT)))
    found = [_refused(session, group, left) for group in groups.values()]
    return [
        one
        for one in reversed(found)
        if not _made_again(session, one) and not _counts(session, one)
    ]


def leave(session: Session, txn_id: UUID) -> None:
    """Note that somebody looked at a refused action and leaves it as it is."""
    session.execute(insert(SyncLog).values(at=clock.now(), outcome=LEFT, words=str(txn_id)))


def send_again(session: Session, txn_id: UUID) -> int:
    """Make the refused action again as a new one; returns how many records it wrote.

    A record that the server refused to create comes back under a new id. Raises BadInput where
    nothing of it can be written, RuleBroken where it is not allowed here either.
    """
    query = (
        select(Outbox.raw)
        .where(Outbox.txn_id == txn_id, Outbox.verdict == "quarantined")
        .order_by(Outbox.n)
    )
    operations = [msgspec.json.decode(raw, type=Operation) for raw in session.scalars(query)]
    new_ids = {str(one.id): str(ids.new_id()) for one in operations if one.kind == "create"}
    written = 0
    for one in sorted(operations, key=lambda one: (ORDER[one.type], one.n)):
        spec = spec_of(one.type)
        values = {name: new_ids.get(str(value), value) for name, value in _wanted(spec, one)}
        if one.kind == "create":
            session.add(spec.record(**spec.values(values)))
            written += 1
        else:
            written += _update(session, spec, one.id, values)
        session.flush()
    if not written:
        raise BadInput(
            "What this belonged to is not on this computer any more, so it cannot be sent again. "
            "Copy its text instead. Nothing was changed."
        )
    return written


def _refused(session: Session, group: _Group, left: set[str]) -> Refused:
    # The others of a group were refused only because of this one.
    causes = [receipt for _, receipt in group if receipt.get("reason") != "group"] or [{}]
    sentences = [str(one.get("sentence") or "") for one in causes]
    first = group[0][0]
    return Refused(
        txn_id=first.txn_id,
        at=first.wall_time,
        reason=str(causes[0].get("reason") or ""),
        sentence=next((one for one in sentences if one), ""),
        changes=tuple(_change(session, operation) for operation, _ in group),
        can_send_again=causes[0].get("reason") != OLDER and _is_settled(session, group),
        is_left=str(first.txn_id) in left,
    )


def _is_settled(session: Session, group: _Group) -> bool:
    """Until the next pull what was refused still stands in the working rows."""
    settled = this_device(session.connection()).settled_n >= group[-1][0].n
    return settled and all(operation.type in TYPES for operation, _ in group)


def _change(session: Session, operation: Operation) -> RefusedChange:
    known = operation.type in TYPES
    values = {
        name: value
        for name, value in operation.new_values().items()
        if name not in _UNSEEN and value not in (None, "")
    }
    return RefusedChange(
        n=operation.n,
        type=operation.type,
        record_id=operation.id,
        subject=subject(session, operation.type, operation.id) if known else "",
        kind=operation.kind,
        values=values,
    )


def _made_again(session: Session, one: Refused) -> bool:
    """Whether a later operation, not refused itself, wrote the same."""
    first = one.changes[0]
    query = select(Outbox.raw).where(
        Outbox.n > one.changes[-1].n,
        Outbox.type == first.type,
        Outbox.kind == first.kind,
        Outbox.verdict.is_distinct_from("quarantined"),
    )
    for raw in session.scalars(query):
        new = msgspec.json.decode(raw, type=Operation).new_values()
        if all(new.get(name) == value for name, value in first.values.items()):
            return True
    return False


def _counts(session: Session, one: Refused) -> bool:
    """Whether the server, updated meanwhile, has taken up what it did not know before."""
    if one.reason != OLDER:
        return False
    refs = {(change.type, str(change.record_id)) for change in one.changes}
    confirmed = bases.load(session.connection(), refs)
    for change in one.changes:
        base = confirmed.get((change.type, str(change.record_id)))
        later = _changed_later(session, change)
        wanted = {name: value for name, value in change.values.items() if name not in later}
        if base is None or any(base.body.get(name) != value for name, value in wanted.items()):
            return False
    return True


def _changed_later(session: Session, change: RefusedChange) -> set[str]:
    query = select(Outbox.raw).where(
        Outbox.record_id == change.record_id,
        Outbox.n > change.n,
        Outbox.verdict.is_distinct_from("quarantined"),
    )
    raws = session.scalars(query)
    return {name for raw in raws for name in msgspec.json.decode(raw, type=Operation).changes}


def _wanted(spec: TypeSpec, operation: Operation) -> list[tuple[str, Any]]:
    never = (Merge.SERVER,) if operation.kind == "create" else (Merge.SERVER, Merge.FIXED)
    return [
        (name, value)
        for name, value in operation.new_values().items()
        if name in spec.fields and spec.fields[name].merge not in never and name != "created_at"
    ]


def _update(session: Session, spec: TypeSpec, id_: UUID, values: Mapping[str, Any]) -> int:
    record: type[Record] = spec.record
    row = session.scalar(select(record).where(record.id == id_, record.deleted_at.is_(None)))
    if row is None:
        return 0
    for name, value in spec.values(values).items():
        setattr(row, name, value)
    return 1
