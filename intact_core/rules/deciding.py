"""Who may decide, and what a decision and a certificate need (rules 15 to 17 and 20)."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from intact_core import clock
from intact_core.errors import Place, RuleBroken
from intact_core.rules.kernel import Actor, Change, Row, World, broken, broken_at

DECIDER_ROLES = frozenset({"cb_admin", "reviewer"})
GRANTS = frozenset({"certify", "certify_conditions"})


@dataclass(frozen=True)
class Candidate:
    """A person who might decide; `reasons` say why not (empty: may decide)."""

    user_id: UUID
    name: str
    reasons: tuple[str, ...]

    @property
    def may_decide(self) -> bool:
        """True when nothing excludes the person."""
        return not self.reasons


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of a shorter month."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def deciders(world: World, audit: Row) -> list[Candidate]:
    """Every active member of staff, each with the reasons that exclude them (9.5.1)."""
    team = {row.user_id for row in world.find("audit_teams", audit_schedule_id=audit.id)}
    roles = {row.id: row.code for row in world.find("roles")}
    held: dict[UUID, set[str]] = {}
    for row in world.find("user_roles"):
        held.setdefault(row.user_id, set()).add(roles.get(row.role_id, ""))
    competent = {
        row.user_id
        for row in world.find("auditor_competencies", standard_id=audit.standard_id)
        if row.competency_level == "decider"
        and (row.expiry_date is None or row.expiry_date.date() >= clock.today())
    }
    staff = [user for user in world.find("users") if user.client_id is None]
    return [
        Candidate(user.id, name_of(user), _exclusions(user, team, held, competent))
        for user in sorted(staff, key=name_of)
    ]


def name_of(user: Row) -> str:
    """First and last name, or the address where none is known."""
    return " ".join(part for part in (user.first_name, user.last_name) if part) or str(user.email)


def _exclusions(
    user: Row, team: set[UUID], held: dict[UUID, set[str]], competent: set[UUID]
) -> tuple[str, ...]:
    reasons = []
    if not user.is_active:
        reasons.append("The account is not active.")
    if user.id in team:
        reasons.append("Was on the audit team.")
    if held.get(user.id, set()).isdisjoint(DECIDER_ROLES):
        reasons.append("Has no role that may decide.")
    if user.id not in competent:
        reasons.append("Has no valid competence to decide for this standard.")
    return tuple(reasons)


def check_recommendation(change: Change, actor: Actor, world: World) -> None:
    """Conditions need words; a Stage 1 recommendation names the Stage 2 date."""
    del actor
    value = change.moved("recommendation")
    if value is None or value[1] is None:
        return
    row = change.after
    audit = world.get("audit_schedules", row.audit_schedule_id)
    if audit is not None and audit.audit_stage == "stage1" and row.stage_2_date is None:
        raise broken(
            "stage_2_date",
            "A Stage 1 recommendation names the date of Stage 2.",
            change,
            "stage_2_date",
            cites="stage1",
        )


def check_decision(change: Change, actor: Actor, world: World) -> None:
    """A decision: right state, recommendation, independent and competent decider, findings."""
    if not change.is_new:
        return
    audit = world.get("audit_schedules", change.after.audit_schedule_id)
    if audit is None:
        raise broken("no_audit", "The audit does not exist.", change)
    problem = decision_problem(world, audit, actor) or (
        grant_problem(world, audit) if change.after.decision in GRANTS else None
    )
    if problem is not None:
        raise problem


def decision_problem(world: World, audit: Row, actor: Actor) -> RuleBroken | None:
    """Why this actor may not decide on this audit now, or None (9.5.1)."""
    place = Place("audit_schedules", audit.id, "workflow_status")
    if audit.workflow_status != "submitted_to_cb":
        return broken_at("decision_state", "Audit must be in submitted_to_cb status", place)
    recommendations = world.find("audit_recommendations", audit_schedule_id=audit.id)
    if not any(row.recommendation and row.justification for row in recommendations):
        return broken_at(
            "no_recommendation", "Recommendation required before decision", place, cites="decision"
        )
    mine = [one for one in deciders(world, audit) if one.user_id == actor.user_id]
    if not mine or not mine[0].may_decide:
        why = " ".join(mine[0].reasons) if mine else "Only staff may decide."
        return broken_at(
            "decider", f"You may not decide on this audit. {why}", place, cites="decision"
        )
    return None


def grant_problem(world: World, audit: Row) -> RuleBroken | None:
    """Why the audit's findings do not allow a grant, or None (9.5.2, 9.5.3.2)."""
    for finding in world.find("non_conformities", audit_schedule_id=audit.id):
        place = Place("non_conformities", finding.id, "status")
        if finding.severity == "major" and finding.status not in ("verified", "closed", "void"):
            return broken_at(
                "major_unverified",
                f"The action for {finding.nc_number} (major) is not verified yet.",
                place,
                cites="before_decision",
            )
        planned = ("accepted", "verified", "closed", "void")
        if finding.severity == "minor" and finding.status not in planned:
            return broken_at(
                "minor_unplanned",
                f"The plan for {finding.nc_number} (minor) is not accepted yet.",
                place,
                cites="before_decision",
            )
    return _too_late(world.find("non_conformities", audit_schedule_id=audit.id), audit)


def _too_late(findings: Sequence[Row], audit: Row) -> RuleBroken | None:
    last_day = audit.actual_end_date or audit.scheduled_end_date
    if last_day is None or audit.audit_stage != "stage2":
        return None
    limit = add_months(last_day, 6)
    for finding in findings:
        verified = finding.verified_at
        if finding.severity == "major" and verified is not None and verified.date() > limit:
            return broken_at(
                "six_months",
                f"{finding.nc_number} was verified more than six months after the last day of "
                "Stage 2. Another Stage 2 is needed.",
                Place("non_conformities", finding.id, "verified_at"),
                cites="six_months",
            )
    return None


def expiry_of(start: date, years: int) -> date:
    """Last day of a term: the same day `years` later, less one day (audit workflow)."""
    return date.fromordinal(add_months(start, 12 * years).toordinal() - 1)


def check_certificate(change: Change, actor: Actor, world: World) -> None:
    """Dates of a certificate: not before the decision, expiry after issue (rule 20)."""
    del actor
    if not change.fields & {"issue_date", "expiry_date"}:
        return
    row = change.after
    if row.expiry_date <= row.issue_date:
        raise broken(
            "expiry",
            "A certificate expires after it is issued.",
            change,
            "expiry_date",
            cites="certificate",
        )
    decisions = world.find("certification_decisions", audit_schedule_id=row.audit_schedule_id)
    if row.audit_schedule_id is not None and not any(
        one.decision in GRANTS and one.decision_date <= min(row.issue_date, row.valid_from)
        for one in decisions
    ):
        raise broken(
            "before_decision",
            "A certificate needs a decision to certify and is not effective before it.",
            change,
            "issue_date",
            cites="certificate",
        )
