"""What the pages show of audits: gathered in few reads."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from intact_core.records.audits import (
    PROGRESS,
    WORKFLOW,
    AuditAttendance,
    AuditDocumentation,
    AuditSchedule,
    AuditStatusHistory,
    AuditTeam,
)
from intact_core.records.certificates import Certificate
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.clients import Client
from intact_core.records.conclusions import AuditRecommendation, CertificationDecision
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_core.records.people import User
from intact_core.records.standards import Standard
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.certificates import issue_problem
from intact_core.rules.workflow import transition_problem
from sync_server.auth.callers import OFFICE, Caller
from sync_server.services.conflicts import open_in_audit
from sync_server.services.reports import ReportView, reports_of
from sync_server.services.visibility import SEES_ALL, audit_of, shows_findings, visible_audits


@dataclass(frozen=True)
class Filter:
    """What a list is limited to; empty words limit nothing."""

    text: str = ""
    workflow: str = ""
    progress: str = ""


@dataclass(frozen=True)
class AuditRow:
    """One line of the list."""

    audit: AuditSchedule
    client: str
    standard: str
    lead: str
    grades: Mapping[str, int]
    conflicts: int


@dataclass(frozen=True)
class NextStep:
    """The next step of an audit, and why it cannot be taken now (empty: it can)."""

    to: str
    reason: str


@dataclass(frozen=True)
class AuditView:
    """One audit with everything that belongs to it, as far as the caller may see it."""

    audit: AuditSchedule
    client: Client
    standard: Standard
    team: Sequence[tuple[AuditTeam, str]]
    people: Mapping[UUID, str]
    next_step: NextStep | None
    progress: tuple[str, ...]
    is_lead: bool
    shows_findings: bool
    ratings: Mapping[str | None, int]
    findings: Sequence[NonConformity]
    evidence: Sequence[AuditEvidence]
    documentation: AuditDocumentation | None
    attendance: Sequence[AuditAttendance]
    recommendation: AuditRecommendation | None
    reports: Sequence[ReportView]
    conflicts: Sequence[Conflict]
    decision: CertificationDecision | None
    certificate: Certificate | None
    may_issue: bool
    """Decided positively, without the certificate that follows, and the caller issues them."""
    history: Sequence[AuditStatusHistory]


def audit_list(session: Session, caller: Caller, wanted: Filter) -> list[AuditRow]:
    """The caller's audits, those that start last first."""
    lead = select(AuditTeam.audit_schedule_id, AuditTeam.user_id).where(
        AuditTeam.tenant_id == caller.tenant,
        AuditTeam.is_lead.is_(True),
        AuditTeam.deleted_at.is_(None),
    )
    leads = dict(session.execute(lead).all())
    names = people(session)
    query = (
        visible_audits(caller)
        .join(Client, Client.id == AuditSchedule.client_id)
        .join(Standard, Standard.id == AuditSchedule.standard_id)
        .add_columns(Client.legal_name, Standard)
        .order_by(AuditSchedule.scheduled_start_date.desc(), AuditSchedule.audit_number.desc())
    )
    found = session.execute(_filtered(query, wanted)).all()
    grades, conflicts = _open_grades(session), _open_conflicts(session)
    return [
        AuditRow(
            audit,
            client,
            standard.title,
            names.get(leads.get(audit.id), ""),
            grades.get(audit.id, {}) if shows_findings(caller, audit) else {},
            0 if caller.client_id else conflicts.get(f"audit:{audit.id}", 0),
        )
        for audit, client, standard in found
    ]


def _filtered(query: Any, wanted: Filter) -> Any:
    if wanted.workflow:
        query = query.where(AuditSchedule.workflow_status == wanted.workflow)
    if wanted.progress:
        query = query.where(AuditSchedule.status == wanted.progress)
    if wanted.text:
        text = wanted.text.strip()
        query = query.where(
            or_(
                Client.legal_name.icontains(text, autoescape=True),
                AuditSchedule.audit_number.icontains(text, autoescape=True),
                Standard.standard_code.icontains(text, autoescape=True),
            )
        )
    return query


def people(session: Session) -> Mapping[UUID | None, str]:
    """Names by user id."""
    return {user.id: user.full_name for user in session.scalars(select(User))}


def _open_grades(session: Session) -> Mapping[UUID, Mapping[str, int]]:
    query = (
        select(NonConformity.audit_schedule_id, NonConformity.severity, func.count())
        .where(NonConformity.deleted_at.is_(None), NonConformity.status != "void")
        .group_by(NonConformity.audit_schedule_id, NonConformity.severity)
    )
    found: dict[UUID, dict[str, int]] = {}
    for audit_id, severity, count in session.execute(query):
        found.setdefault(audit_id, {})[severity] = count
    return found


def _open_conflicts(session: Session) -> Mapping[str, int]:
    query = select(Conflict.scope, func.count()).where(Conflict.state == "open")
    return dict(session.execute(query.group_by(Conflict.scope)).all())


def audit_view(session: Session, caller: Caller, audit_id: UUID) -> AuditView:
    """Everything about one audit; raises NotFound."""
    audit = audit_of(session, caller, audit_id)
    of_tenant, shows = caller.tenant, shows_findings(caller, audit)
    names = people(session)
    team = _rows(session, AuditTeam, audit_id)
    decisions = _rows(session, CertificationDecision, audit_id)
    decision = decisions[0] if decisions else None
    certificate = _certificate(session, caller, audit_id)
    return AuditView(
        audit=audit,
        client=session.get_one(Client, (of_tenant, audit.client_id)),
        standard=session.get_one(Standard, (of_tenant, audit.standard_id)),
        team=[(row, names.get(row.user_id, "")) for row in sorted(team, key=lambda r: r.letter)],
        people={id_: name for id_, name in names.items() if id_ is not None},
        next_step=_next_step(session, caller, audit),
        progress=_progress(caller, audit, team),
        is_lead=any(row.is_lead and row.user_id == caller.user_id for row in team),
        shows_findings=shows,
        ratings=_ratings(session, audit_id) if shows else {},
        findings=_findings(session, audit_id) if shows else [],
        evidence=_evidence(session, caller, audit_id) if shows else [],
        documentation=_first(session, AuditDocumentation, audit_id) if shows else None,
        attendance=_rows(session, AuditAttendance, audit_id) if shows else [],
        recommendation=_recommendation(session, caller, audit_id),
        reports=reports_of(session, of_tenant, audit_id) if shows else [],
        conflicts=[] if caller.client_id else open_in_audit(session, audit_id),
        decision=decision,
        certificate=certificate,
        may_issue=decision is not None and certificate is None and _issues(session, caller, audit),
        history=_rows(session, AuditStatusHistory, audit_id),
    )


def _rows(session: Session, record: type[Any], audit_id: UUID) -> Sequence[Any]:
    query = select(record).where(record.audit_schedule_id == audit_id, record.deleted_at.is_(None))
    return session.scalars(query.order_by(record.created_at, record.id)).all()


def _first(session: Session, record: type[Any], audit_id: UUID) -> Any:
    found = _rows(session, record, audit_id)
    return found[0] if found else None


def _next_step(session: Session, caller: Caller, audit: AuditSchedule) -> NextStep | None:
    following = sorted(WORKFLOW[audit.workflow_status])
    if not following or caller.client_id is not None:
        return None
    to, world = following[0], SessionWorld(session, caller.tenant)
    problem = transition_problem(world, audit, audit.workflow_status, to, caller.actor)
    return NextStep(to, problem.sentence if problem else "")


def _progress(caller: Caller, audit: AuditSchedule, team: Sequence[AuditTeam]) -> tuple[str, ...]:
    working = any(row.user_id == caller.user_id and row.role != "observer" for row in team)
    if audit.workflow_status == "decided" or not (working or caller.has(*OFFICE)):
        return ()
    return tuple(sorted(PROGRESS[audit.status] - {"cancelled"}))


def _ratings(session: Session, audit_id: UUID) -> Mapping[str | None, int]:
    query = select(AuditChecklist.rating).where(
        AuditChecklist.audit_schedule_id == audit_id, AuditChecklist.deleted_at.is_(None)
    )
    return Counter(session.scalars(query))


def _findings(session: Session, audit_id: UUID) -> Sequence[NonConformity]:
    order = {"major": 0, "minor": 1, "observation": 2}
    found = _rows(session, NonConformity, audit_id)
    return sorted(found, key=lambda row: (order.get(row.severity, 3), row.nc_number))


def _evidence(session: Session, caller: Caller, audit_id: UUID) -> Sequence[AuditEvidence]:
    rows = _rows(session, AuditEvidence, audit_id)
    return [row for row in rows if caller.client_id is None or row.kind == "response"]


def _recommendation(session: Session, caller: Caller, audit_id: UUID) -> AuditRecommendation | None:
    if caller.client_id is not None:
        return None
    found: AuditRecommendation | None = _first(session, AuditRecommendation, audit_id)
    return found


def _certificate(session: Session, caller: Caller, audit_id: UUID) -> Certificate | None:
    query = select(Certificate).where(
        Certificate.tenant_id == caller.tenant,
        Certificate.audit_schedule_id == audit_id,
        Certificate.deleted_at.is_(None),
    )
    return session.scalar(query)


def _issues(session: Session, caller: Caller, audit: AuditSchedule) -> bool:
    world = SessionWorld(session, caller.tenant)
    return caller.has(*SEES_ALL) and issue_problem(world, audit) is None
