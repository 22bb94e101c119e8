"""Settling a conflict: one of the two values, or a third, with a reason."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotAllowed, NotFound
from intact_core.records.audits import AuditTeam
from intact_core.records.catalogue import spec_of
from intact_core.records.conflicts import Conflict
from intact_core.sync.settling import chosen_values
from intact_core.sync.texts import undecided
from sync_server.auth.callers import OFFICE, Caller
from sync_server.services.visibility import audit_of, visible_audits


def open_in_audit(session: Session, audit_id: UUID) -> Sequence[Conflict]:
    """Conflicts of an audit that wait for a choice, oldest first."""
    query = _open().where(Conflict.scope == f"audit:{audit_id}")
    return session.scalars(query.order_by(Conflict.created_at)).all()


def open_for(session: Session, caller: Caller, audit_id: UUID | None = None) -> list[Conflict]:
    """Conflicts that wait for a choice and that the caller may see, by scope, oldest first.

    Of one audit, or of all. Raises NotFound for an audit that is not the caller's, NotAllowed
    for a client's representative: what auditors have not agreed on is not theirs to see.
    """
    if caller.client_id is not None:
        raise NotAllowed("Conflicts are settled by the certification body.")
    if audit_id is not None:
        audit_of(session, caller, audit_id)
        return list(open_in_audit(session, audit_id))
    query = _open().where(Conflict.tenant_id == caller.tenant)
    rows = session.scalars(query.order_by(Conflict.scope, Conflict.created_at)).all()
    seen = {f"audit:{one.id}" for one in session.scalars(visible_audits(caller))}
    office = caller.has(*OFFICE)
    return [row for row in rows if row.scope in seen or (office and not _is_audit(row))]


def may_settle(session: Session, caller: Caller, conflict: Conflict) -> bool:
    """Whether the caller may choose: the office, and whoever works on the audit."""
    if caller.has(*OFFICE) or not _is_audit(conflict):
        return caller.has(*OFFICE)
    team = select(AuditTeam.role).where(
        AuditTeam.tenant_id == caller.tenant,
        AuditTeam.audit_schedule_id == _audit_id(conflict),
        AuditTeam.user_id == caller.user_id,
        AuditTeam.deleted_at.is_(None),
    )
    return any(role != "observer" for role in session.scalars(team))


def conflict_of(
    session: Session, caller: Caller, conflict_id: UUID, *, lock: bool = False
) -> Conflict:
    """A conflict in an audit that the caller may see; raises NotFound."""
    query = select(Conflict).where(Conflict.tenant_id == caller.tenant, Conflict.id == conflict_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None or caller.client_id is not None:
        raise NotFound("There is no such conflict.")
    if _is_audit(row):
        audit_of(session, caller, _audit_id(row))
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

    Raises BadInput without a reason, with an undecided place in a text, or when it is settled
    already; NotAllowed for somebody who only reads; RuleBroken where the value is not allowed.
    """
    if not reason.strip():
        raise BadInput("Say why you chose this value; it stays in the history.")
    conflict = conflict_of(session, caller, conflict_id, lock=True)
    if conflict.state != "open":
        raise BadInput("Somebody has settled this conflict already. Nothing was changed.")
    if not may_settle(session, caller, conflict):
        raise NotAllowed("Conflicts are settled by the audit's team and the office.")
    _check_decided(conflict, edited or {})
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


def _check_decided(conflict: Conflict, edited: Mapping[str, Any]) -> None:
    for name, value in edited.items():
        sides = (str(side.get(name) or "") for side in (conflict.server, conflict.incoming))
        if undecided(str(value or ""), *sides):
            raise BadInput("Decide the places marked ⟦ ⟧ first: keep the words that count.")


def _open() -> Select[Conflict]:
    return select(Conflict).where(Conflict.state == "open", Conflict.deleted_at.is_(None))


def _is_audit(conflict: Conflict) -> bool:
    return conflict.scope.startswith("audit:")


def _audit_id(conflict: Conflict) -> UUID:
    return UUID(conflict.scope.partition(":")[2])
