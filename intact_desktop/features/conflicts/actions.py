"""Settling a conflict, and making again what the server did not accept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput, NotFound
from intact_core.records.base import Merge, Record
from intact_core.records.catalogue import ORDER, TypeSpec, spec_of
from intact_core.records.conflicts import Conflict
from intact_core.sync.operations import Operation
from intact_core.sync.settling import chosen_values
from intact_desktop.store.journal import this_device
from intact_desktop.store.rows import row_of
from intact_desktop.store.tables import Outbox


@dataclass(frozen=True)
class Choice:
    """`resolution` is server, incoming or edited; `values` (wire form) belong to edited."""

    resolution: str
    reason: str
    values: Mapping[str, Any] = field(default_factory=dict)


def resolve(session: Session, conflict_id: UUID, choice: Choice) -> None:
    """Write the value chosen and settle the conflict: both or neither.

    Raises BadInput without a reason or when it is settled already, NotFound without the record,
    RuleBroken where the value is not allowed.
    """
    if not choice.reason.strip():
        raise BadInput("Say why you chose this value; it stays in the history.")
    conflict = row_of(session, Conflict, conflict_id)
    if conflict.state != "open":
        raise BadInput("Somebody has settled this conflict already. Nothing was changed.")
    _apply(session, conflict, chosen_values(conflict, choice.resolution, choice.values))
    conflict.state = "resolved"
    conflict.resolution = choice.resolution
    conflict.reason = choice.reason.strip()
    conflict.resolved_by = this_device(session.connection()).user_id
    conflict.resolved_at = clock.now()
    session.flush()


def _apply(session: Session, conflict: Conflict, values: Mapping[str, Any]) -> None:
    spec = spec_of(conflict.record_type)
    row = session.get(spec.record, (conflict.tenant_id, conflict.record_id))
    if row is None:
        raise NotFound("The record of this conflict is not on this computer. Sync, then try again.")
    for name, value in spec.values(values).items():
        setattr(row, name, value)


def put_back(session: Session, txn_id: UUID) -> int:
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
        written += (
            _create(session, spec, values)
            if one.kind == "create"
            else _update(session, spec, one.id, values)
        )
        session.flush()
    if not written:
        raise BadInput(
            "What this belonged to is not on this computer any more, so it cannot be put back. "
            "Copy its text instead. Nothing was changed."
        )
    return written


def _wanted(spec: TypeSpec, operation: Operation) -> list[tuple[str, Any]]:
    never = (Merge.SERVER,) if operation.kind == "create" else (Merge.SERVER, Merge.FIXED)
    return [
        (name, value)
        for name, value in operation.new_values().items()
        if name in spec.fields and spec.fields[name].merge not in never and name != "created_at"
    ]


def _create(session: Session, spec: TypeSpec, values: Mapping[str, Any]) -> int:
    session.add(spec.record(**spec.values(values)))
    return 1


def _update(session: Session, spec: TypeSpec, id_: UUID, values: Mapping[str, Any]) -> int:
    record: type[Record] = spec.record
    row = session.scalar(select(record).where(record.id == id_, record.deleted_at.is_(None)))
    if row is None:
        return 0
    for name, value in spec.values(values).items():
        setattr(row, name, value)
    return 1
