"""An audit at a glance."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core.errors import RuleBroken
from intact_core.records.audits import (
    AuditAttendance,
    AuditPlanEntry,
    AuditSchedule,
    AuditTeam,
)
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.clients import Client, ClientSite
from intact_core.records.findings import NonConformity
from intact_core.records.people import User
from intact_core.records.standards import Standard
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.kernel import Actor
from intact_core.rules.workflow import transition_problem
from intact_desktop.store.gaps import Gap, gaps
from intact_desktop.store.rows import row_of


@dataclass(frozen=True)
class Member:
    """Somebody on the team."""

    name: str
    role: str
    letter: str
    is_lead: bool


@dataclass(frozen=True)
class PlanLine:
    """One line of the plan."""

    starts_at: datetime | None
    ends_at: datetime | None
    subject: str
    clauses: str
    place: str
    auditor: str


@dataclass(frozen=True)
class Person:
    """Somebody at the meetings."""

    id: UUID
    name: str
    role: str
    opening: bool
    closing: bool


@dataclass(frozen=True)
class NextStep:
    """A step that the audit can take next; `problem` says why it may not be taken now."""

    machine: str
    to: str
    problem: RuleBroken | None = None


@dataclass(frozen=True)
class Overview:
    """Everything that the page shows. Counts are by rating and by severity."""

    number: str
    client: str
    site: str
    standard: str
    kind: str
    stage: str | None
    status: str
    workflow: str
    first_day: date | None
    last_day: date | None
    scope: str
    objectives: str
    ratings: dict[str | None, int]
    severities: dict[str, int]
    files: int
    team: list[Member]
    plan: list[PlanLine]
    people: list[Person]
    missing: list[Gap]
    steps: list[NextStep]


def overview(session: Session, actor: Actor, tenant_id: UUID, audit_id: UUID) -> Overview:
    """The audit at a glance, as this person sees it."""
    audit = row_of(session, AuditSchedule, audit_id)
    names = _names(session)
    return Overview(
        number=audit.audit_number,
        client=row_of(session, Client, audit.client_id).legal_name,
        site=_site(session, audit),
        standard=row_of(session, Standard, audit.standard_id).title,
        kind=audit.audit_type,
        stage=audit.audit_stage,
        status=audit.status,
        workflow=audit.workflow_status,
        first_day=audit.actual_start_date or audit.scheduled_start_date,
        last_day=audit.actual_end_date or audit.scheduled_end_date,
        scope=audit.scope or "",
        objectives=audit.objectives or "",
        ratings=_ratings(session, audit_id),
        severities=_severities(session, audit_id),
        files=_files(session, audit_id),
        team=_team(session, audit_id, names),
        plan=_plan(session, audit_id, names),
        people=_people(session, audit_id),
        missing=gaps(session, tenant_id, audit_id),
        steps=_steps(SessionWorld(session, tenant_id), actor, audit),
    )


def _names(session: Session) -> dict[UUID, str]:
    return {user.id: user.full_name for user in session.scalars(select(User))}


def _site(session: Session, audit: AuditSchedule) -> str:
    row = session.scalar(select(ClientSite).where(ClientSite.id == audit.site_id))
    return row.site_name if row else ""


def _ratings(session: Session, audit_id: UUID) -> dict[str | None, int]:
    row = AuditChecklist
    query = (
        select(row.rating, func.count())
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .group_by(row.rating)
    )
    return dict(iter(session.execute(query)))


def _severities(session: Session, audit_id: UUID) -> dict[str, int]:
    row = NonConformity
    query = (
        select(row.severity, func.count())
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None), row.status != "void")
        .group_by(row.severity)
    )
    return dict(iter(session.execute(query)))


def _files(session: Session, audit_id: UUID) -> int:
    row = AuditEvidence
    query = select(func.count()).where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
    return session.scalar(query) or 0


def _team(session: Session, audit_id: UUID, names: dict[UUID, str]) -> list[Member]:
    row = AuditTeam
    query = (
        select(row)
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.letter)
    )
    return [
        Member(names.get(one.user_id, ""), one.role, one.letter, one.is_lead)
        for one in session.scalars(query)
    ]


def _plan(session: Session, audit_id: UUID, names: dict[UUID, str]) -> list[PlanLine]:
    row = AuditPlanEntry
    query = (
        select(row)
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.starts_at)
    )
    return [
        PlanLine(
            one.starts_at,
            one.ends_at,
            one.subject,
            one.clauses or "",
            one.place or "",
            names.get(one.auditor_id, "") if one.auditor_id else "",
        )
        for one in session.scalars(query)
    ]


def _people(session: Session, audit_id: UUID) -> list[Person]:
    row = AuditAttendance
    query = (
        select(row)
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.created_at, row.id)
    )
    return [
        Person(one.id, one.name, one.role or "", one.opening, one.closing)
        for one in session.scalars(query)
    ]


def _steps(world: SessionWorld, actor: Actor, audit: AuditSchedule) -> list[NextStep]:
    steps = []
    if audit.status == "scheduled":
        steps.append(NextStep("status", "in_progress"))
    elif audit.status == "in_progress":
        steps.append(NextStep("status", "completed"))
    following = {"draft": "client_review", "client_review": "submitted_to_cb"}
    to = following.get(audit.workflow_status)
    if to is not None and audit.status != "scheduled":
        problem = transition_problem(world, audit, audit.workflow_status, to, actor)
        steps.append(NextStep("workflow", to, problem))
    return steps
