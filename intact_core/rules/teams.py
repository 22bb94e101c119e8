"""Who may be on an audit team, and with what (rules 7 and 8)."""

from datetime import date

from intact_core import clock
from intact_core.errors import Place, RuleBroken
from intact_core.rules.deciding import add_months, name_of
from intact_core.rules.kernel import Actor, Change, Row, World, broken, broken_at

AUDITING = frozenset({"lead_auditor", "auditor"})
"""Roles that audit; the others go with one of them."""
BARRED_MONTHS = 24
"""How long work for a client bars from its audits."""
_LEVELS = {
    "lead_auditor": frozenset({"lead"}),
    "auditor": frozenset({"auditor", "lead"}),
    "technical_expert": frozenset({"technical_expert", "auditor", "lead"}),
}


def check_assignment(change: Change, actor: Actor, world: World) -> None:
    """Who comes to a team, or takes another role in it, is competent and impartial.

    Teams that the server itself takes over from elsewhere were assigned there.
    """
    if change.deletes or actor.system:
        return
    if not change.is_new and not change.fields & {"role", "is_lead"}:
        return
    audit = world.get("audit_schedules", change.after.audit_schedule_id)
    problem = None if audit is None else assignment_problem(world, audit, change.after)
    if problem is not None:
        raise problem


def assignment_problem(world: World, audit: Row, member: Row) -> RuleBroken | None:
    """Why this person may not be on the audit's team in this role, or None."""
    place = Place("audit_teams", member.id, "user_id")
    person = world.get("users", member.user_id)
    if person is None or not person.is_active or person.client_id is not None:
        return broken_at(
            "team_member",
            "Only active members of the body's staff are on an audit team. Choose another person.",
            place,
            cites="team",
        )
    for problem in (_barred, _not_competent, _alone):
        found = problem(world, audit, member, name_of(person))
        if found is not None:
            code, sentence, topic = found
            return broken_at(code, sentence, place, cites=topic)
    return None


Found = tuple[str, str, str]


def _barred(world: World, audit: Row, member: Row, name: str) -> Found | None:
    limit = add_months(_first_day(audit), -BARRED_MONTHS)
    declared = world.find("declared_interests", user_id=member.user_id, client_id=audit.client_id)
    for interest in declared:
        if interest.ended_on is None or interest.ended_on > limit:
            since = "still does" if interest.ended_on is None else f"did until {interest.ended_on}"
            return (
                "impartiality",
                f"{name} declared work for this client ({interest.kind.replace('_', ' ')}) and "
                f"{since}. Within two years nobody audits a client they worked for. "
                "Choose another person.",
                "impartiality",
            )
    return None


def _not_competent(world: World, audit: Row, member: Row, name: str) -> Found | None:
    levels = _LEVELS.get(member.role)
    if levels is None:
        return None
    held = world.find("auditor_competencies", user_id=member.user_id, standard_id=audit.standard_id)
    fitting = [one for one in held if one.competency_level in levels]
    until = max(_last_day(audit), clock.today())
    if any(one.expiry_date is None or one.expiry_date.date() >= until for one in fitting):
        return None
    role = member.role.replace("_", " ")
    why = f"ends before {until}" if fitting else "is not recorded"
    return (
        "competence",
        f"{name}'s competence as {role} for this standard {why}. Record the assessment first, or "
        "choose another person.",
        "competence",
    )


def _alone(world: World, audit: Row, member: Row, name: str) -> Found | None:
    if member.role not in ("technical_expert", "trainee"):
        return None
    team = world.find("audit_teams", audit_schedule_id=audit.id)
    if any(one.role in AUDITING for one in team if one.id != member.id):
        return None
    words = member.role.replace("_", " ")
    sentence = f"{name} comes as {words} and works under an auditor. Assign an auditor first."
    return "unaccompanied", sentence, "team"


def _first_day(audit: Row) -> date:
    day: date | None = audit.actual_start_date or audit.scheduled_start_date
    return day or clock.today()


def _last_day(audit: Row) -> date:
    day: date | None = audit.actual_end_date or audit.scheduled_end_date
    return day or clock.today()


def check_led(change: Change, actor: Actor, world: World) -> None:
    """An audit starts with a leader, and with a team that its client does not object to."""
    del actor
    step = change.moved("status")
    if change.is_new or step is None or step[1] != "in_progress":
        return
    if not any(one.is_lead for one in world.find("audit_teams", audit_schedule_id=change.id)):
        raise broken(
            "no_lead",
            "This audit has no lead auditor yet. Assign one before it starts.",
            change,
            "status",
            cites="team",
        )
    if world.find("team_objections", audit_schedule_id=change.id, resolved_at=None):
        raise broken(
            "objection",
            "The client objects to the team of this audit. Resolve the objection before it starts.",
            change,
            "status",
            cites="objection",
        )
