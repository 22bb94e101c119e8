"""Complaints are decided by people who were not involved (ISO/IEC 17021-1, 9.8)."""

from collections.abc import Set
from uuid import UUID

from intact_core.rules.kernel import Actor, Change, Row, World, broken


def check_complaint(change: Change, actor: Actor, world: World) -> None:
    """Who resolves a complaint says how, and was on no audit team of the client concerned."""
    if change.moved("status") is None:
        return
    row = change.after
    if row.status not in ("resolved", "closed"):
        return
    if not row.resolution:
        raise broken(
            "resolution",
            "A complaint is resolved with a resolution that says what was decided.",
            change,
            "resolution",
            cites="complaints",
        )
    if row.status == "resolved" and _audited(row, {row.resolved_by, actor.user_id}, world):
        raise broken(
            "involved",
            "A complaint is decided by somebody who was not involved: whoever resolves this one "
            "is or was on an audit team at this client. Let another person decide.",
            change,
            "resolved_by",
            cites="complaints",
        )


def _audited(complaint: Row, people: Set[UUID | None], world: World) -> bool:
    teams = (
        world.find("audit_teams", user_id=person)
        for person in people
        if person is not None and complaint.client_id is not None
    )
    audited = {member.audit_schedule_id for team in teams for member in team}
    audits = world.find("audit_schedules", client_id=complaint.client_id) if audited else ()
    return any(audit.id in audited for audit in audits)
