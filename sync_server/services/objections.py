"""A client's objections to an audit team, recorded and resolved by the office (17021-1, 9.2.3)."""

from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import RuleBroken
from intact_core.records.objections import TeamObjection
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.audit_schedules import open_audit
from sync_server.services.records import Kind, Values
from sync_server.services.visibility import of_audits

OBJECTIONS = Kind(
    TeamObjection,
    "objection",
    search=("reason",),
    visible=of_audits(TeamObjection.audit_schedule_id),
)


def note(session: Session, caller: Caller, values: Values) -> TeamObjection:
    """Record what the client has against the team; raises RuleBroken once the audit has begun."""
    audit = open_audit(session, caller, values["audit_schedule_id"])
    if audit.status != "scheduled":
        raise RuleBroken("state", "This audit has started; an objection comes before the start.")
    given = {**values, "recorded_by": caller.user_id}
    return records.create(session, caller, OBJECTIONS, given)


def resolve(session: Session, caller: Caller, objection_id: UUID, resolution: str) -> TeamObjection:
    """Write down how it was resolved, once; then the audit may start."""
    row = records.one(session, caller, OBJECTIONS, objection_id, lock=True)
    if row.resolved_at is not None:
        raise RuleBroken("state", "This objection is resolved already.")
    row.resolution, row.resolved_at, row.resolved_by = resolution, clock.now(), caller.user_id
    session.flush()
    return row
