"""Settling a conflict: one of the two values, or a third, with a reason."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotFound
from intact_core.records.catalogue import spec_of
from intact_core.records.conflicts import Conflict
from intact_core.sync.settling import chosen_values
from sync_server.auth.callers import Caller
from sync_server.services.visibility import audit_of


def open_in_audit(session: Session, audit_id: UUID) -> Sequence[Conflict]:
    """Conflicts of an audit that wait for a choice, oldest first."""
    query = select(Conflict).where(
        Conflict.scope == f"audit:{audit_id}",
        Conflict.state == "open",
        Conflict.deleted_at.is_(None),
    )
    return session.scalars(query.order_by(Conflict.created_at)).all()


def conflict_of(
    session: Session, caller: Caller, conflict_id: UUID, *, lock: bool = False
) -> Conflict:
    """A conflict in an audit that the caller may see; raises NotFound."""
    query = select(Conflict).where(Conflict.tenant_id == caller.tenant, Conflict.id == conflict_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None or caller.client_id is not None:
        raise NotFound("There is no such conflict.")
    kind, _, id_ = row.scope.partition(":")
    if kind == "audit":
        audit_of(session, caller, UUID(id_))
    return row


def settle(
    session: Session,
    caller: Caller,
    conflict_id: UUID,
    resolution: str,
    reason: str,
    edited: Mapping[str, Any] | None = None,
) -> Conflict:
    """Choose `server`, `incoming` or `edited` (wire values by field) with a reason.

    Raises BadInput without a reason or when it is settled already; RuleBroken where the value
    chosen is not allowed.
    """
    if not reason.strip():
        raise BadInput("Say why you chose this value; it stays in the history.")
    conflict = conflict_of(session, caller, conflict_id, lock=True)
    if conflict.state != "open":
        raise BadInput("Somebody has settled this conflict already. Nothing was changed.")
    _apply(session, caller, conflict, chosen_values(conflict, resolution, edited))
    conflict.state = "resolved"
    conflict.resolution = resolution
    conflict.reason = reason.strip()
    conflict.resolved_by = caller.user_id
    conflict.resolved_at = clock.now()
    session.flush()
    return conflict


def _apply(session: Session, caller: Caller, conflict: Conflict, values: Mapping[str, Any]) -> None:
    spec = spec_of(conflict.record_type)
    row = session.get(spec.record, (caller.tenant, conflict.record_id), with_for_update=True)
    if row is None:
        raise NotFound("The record of this conflict is not here.")
    for name, value in spec.values(values).items():
        setattr(row, name, value)
