"""Audit teams as records: assigned, given another role, taken off (17021-1, 9.2.2)."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, RuleBroken
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.rules.clauses import clause
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.audit_schedules import open_audit
from sync_server.services.audits import LETTERS
from sync_server.services.records import Kind, Values
from sync_server.services.visibility import of_audits

TEAMS = Kind(AuditTeam, "team member", visible=of_audits(AuditTeam.audit_schedule_id))
_LEAD = "lead_auditor"


def assign(session: Session, caller: Caller, values: Values) -> AuditTeam:
    """Put a person on an audit's team.

    Raises RuleBroken: `duplicate`, `one_lead`, `competence` (7.1), `impartiality` (5.2).
    """
    audit = _audit(session, caller, values["audit_schedule_id"])
    team = _team(session, audit.id)
    if any(one.user_id == values["user_id"] for one in team):
        raise RuleBroken(
            "duplicate", "This person is on the team already. Change the role there instead."
        )
    role = _together(values.get("role"), values.get("is_lead"))
    if role["is_lead"] and any(one.is_lead for one in team):
        raise RuleBroken(
            "one_lead",
            "This audit has a lead auditor already. To hand over the lead, assign this person as "
            "auditor and then change that to lead auditor.",
            clause=clause("team"),
        )
    given = {**values, **role, "letter": _letter(session, audit.id)}
    return records.create(session, caller, TEAMS, given)


def change(session: Session, caller: Caller, member_id: UUID, values: Values) -> AuditTeam:
    """Give a member another role. Who becomes lead takes over from the one who was."""
    found = records.one(session, caller, TEAMS, member_id)
    audit = _audit(session, caller, found.audit_schedule_id)
    row = records.one(session, caller, TEAMS, member_id, lock=True)
    role = _together(values.get("role"), values.get("is_lead"), row)
    if role["is_lead"]:
        for other in _team(session, audit.id):
            if other.is_lead and other.id != row.id:
                other.is_lead, other.role = False, "auditor"
    elif row.is_lead:
        _stays_led(audit)
    return records.change(session, caller, TEAMS, member_id, role)


def remove(session: Session, caller: Caller, member_id: UUID) -> AuditTeam:
    """Take a person off a team; the lead only before the audit starts."""
    found = records.one(session, caller, TEAMS, member_id)
    audit = _audit(session, caller, found.audit_schedule_id)
    if found.is_lead:
        _stays_led(audit)
    return records.remove(session, caller, TEAMS, member_id, "taken off the team")


def _audit(session: Session, caller: Caller, audit_id: UUID) -> AuditSchedule:
    audit = open_audit(session, caller, audit_id)
    if audit.status == "completed":
        raise RuleBroken("state", "This audit is completed; its team stays as it was.")
    return audit


def _stays_led(audit: AuditSchedule) -> None:
    if audit.status == "in_progress":
        raise RuleBroken(
            "no_lead",
            "This audit is in progress and needs its lead auditor. Make another member the lead.",
            clause=clause("team"),
        )


def _team(session: Session, audit_id: UUID) -> Sequence[AuditTeam]:
    query = select(AuditTeam).where(
        AuditTeam.audit_schedule_id == audit_id, AuditTeam.deleted_at.is_(None)
    )
    return session.scalars(query).all()


def _together(
    role: str | None, is_lead: bool | None, now: AuditTeam | None = None
) -> dict[str, Any]:
    """Role and flag, where one follows the other; raises BadInput where they disagree."""
    if role is not None and is_lead is not None and is_lead != (role == _LEAD):
        raise BadInput("role and is_lead disagree: the lead is the lead_auditor, nobody else.")
    if role is None and is_lead is None:
        role = now.role if now else "auditor"
    elif role is None:
        other = now.role if now and now.role != _LEAD else "auditor"
        role = _LEAD if is_lead else other
    return {"role": role, "is_lead": role == _LEAD}


def _letter(session: Session, audit_id: UUID) -> str:
    """A mark that nobody on this team has or had: finding numbers begin with it."""
    query = select(AuditTeam.letter).where(AuditTeam.audit_schedule_id == audit_id)
    taken = set(session.scalars(query))
    free = next((one for one in LETTERS if one not in taken), None)
    if free is None:
        raise RuleBroken("team_full", f"A team has at most {len(LETTERS)} members.")
    return free
