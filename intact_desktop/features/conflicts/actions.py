"""Settling a conflict: one of the two values, or a third, with a reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotFound
from intact_core.records.catalogue import spec_of
from intact_core.records.conflicts import Conflict
from intact_core.sync.settling import chosen_values
from intact_desktop.store.journal import this_device
from intact_desktop.store.rows import row_of


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
