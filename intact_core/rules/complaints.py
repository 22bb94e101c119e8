"""Complaints are decided by people who were not involved (ISO/IEC 17021-1, 9.8)."""

from intact_core.rules.kernel import Actor, Change, World, broken


def check_complaint(change: Change, actor: Actor, world: World) -> None:
    """Who resolves a complaint says how, and was on no audit team of the client concerned."""
    if change.type != "complaints" or change.moved("status") is None:
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
    who = row.resolved_by or actor.user_id
    teams = world.find("audit_teams", user_id=who) if row.client_id and who else ()
    audited = {member.audit_schedule_id for member in teams}
    audits = world.find("audit_schedules", client_id=row.client_id) if audited else ()
    if any(audit.id in audited for audit in audits):
        raise broken(
            "involved",
            "A complaint is decided by somebody who was not involved: whoever resolves this one "
            "is or was on an audit team at this client. Let another person decide.",
            change,
            "resolved_by",
            cites="complaints",
        )
