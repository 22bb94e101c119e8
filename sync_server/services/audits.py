"""Audits: scheduling with a copy of the questions, and the steps of their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput, RuleBroken
from intact_core.records.audits import (
    AuditDocumentation,
    AuditSchedule,
    AuditStatusHistory,
    AuditTeam,
)
from intact_core.records.checklist import AuditChecklist
from intact_core.records.clients import Client
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.people import User
from intact_core.records.standards import ChecklistTemplate, TemplateQuestion
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.signing import is_signed
from sync_server.auth.callers import OFFICE, Caller
from sync_server.services.numbers import next_number
from sync_server.services.visibility import audit_of

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Marks of team members in finding numbers; I and O look like digits."""


@dataclass(frozen=True)
class Member:
    """Somebody on the team; the lead is the one with `is_lead`."""

    user_id: UUID
    role: str
    is_lead: bool = False


@dataclass(frozen=True)
class Plan:
    """A new audit. A Stage 2 names the Stage 1 that it stands on (17021-1:2015, 9.3.1)."""

    client_id: UUID
    template_id: UUID
    audit_type: str
    audit_stage: str | None
    team: Sequence[Member]
    start: date
    end: date
    scope: str
    objectives: str
    stage1_audit_id: UUID | None = None
    site_id: UUID | None = None
    contract_number: str | None = None


def schedule(session: Session, tenant_id: UUID, plan: Plan) -> AuditSchedule:
    """Make an audit with number, team, checklist and empty documentation.

    Raises BadInput for a team without exactly one lead, dates that run backwards, or a client,
    template or person of another tenant.
    """
    _check(session, tenant_id, plan)
    template = session.get_one(ChecklistTemplate, (tenant_id, plan.template_id))
    audit = AuditSchedule(
        id=ids.new_id(),
        audit_number=next_number(session, tenant_id, "AUD"),
        client_id=plan.client_id,
        site_id=plan.site_id,
        contract_number=plan.contract_number,
        standard_id=template.standard_id,
        audit_type=plan.audit_type,
        audit_stage=plan.audit_stage,
        stage1_audit_id=plan.stage1_audit_id,
        scope=plan.scope,
        objectives=plan.objectives,
        scheduled_start_date=plan.start,
        scheduled_end_date=plan.end,
        total_audit_days=(plan.end - plan.start).days + 1,
    )
    session.add(audit)
    session.flush()
    for letter, member in zip(LETTERS, plan.team, strict=False):
        session.add(_team_row(audit.id, letter, member))
    equip(session, audit.id, template.id)
    return audit


def equip(session: Session, audit_id: UUID, template_id: UUID | None) -> None:
    """Give a new audit its empty documentation and recommendation, and a template's questions."""
    session.add(AuditDocumentation(audit_schedule_id=audit_id))
    session.add(AuditRecommendation(audit_schedule_id=audit_id))
    if template_id is not None:
        session.add_all(_items(session, audit_id, template_id))
    session.flush()


def _check(session: Session, tenant_id: UUID, plan: Plan) -> None:
    if sum(member.is_lead for member in plan.team) != 1:
        raise BadInput("An audit team has exactly one lead.")
    if len({member.user_id for member in plan.team}) != len(plan.team):
        raise BadInput("Each person is on the team once.")
    if len(plan.team) > len(LETTERS):
        raise BadInput(f"A team has at most {len(LETTERS)} members.")
    if plan.end < plan.start:
        raise BadInput("The audit ends before it starts. Check the dates.")
    named: list[tuple[type[Client | ChecklistTemplate | User], UUID, str]] = [
        (Client, plan.client_id, "client"),
        (ChecklistTemplate, plan.template_id, "checklist template"),
        *((User, member.user_id, "team member") for member in plan.team),
    ]
    for record, id_, words in named:
        row = session.get(record, (tenant_id, id_))
        if row is None or row.deleted_at is not None:
            raise BadInput(f"There is no such {words}. Choose one from the list.")


def _team_row(audit_id: UUID, letter: str, member: Member) -> AuditTeam:
    return AuditTeam(
        audit_schedule_id=audit_id,
        user_id=member.user_id,
        role=member.role,
        is_lead=member.is_lead,
        letter=letter,
    )


def _items(session: Session, audit_id: UUID, template_id: UUID) -> list[AuditChecklist]:
    query = (
        select(TemplateQuestion)
        .where(TemplateQuestion.template_id == template_id, TemplateQuestion.deleted_at.is_(None))
        .order_by(TemplateQuestion.position)
    )
    return [
        AuditChecklist(
            audit_schedule_id=audit_id,
            clause_reference=question.clause_reference,
            clause_title=question.clause_title,
            requirement=question.requirement,
            help_text=question.help_text,
            position=question.position,
        )
        for question in session.scalars(query)
    ]


def move_workflow(
    session: Session, caller: Caller, audit_id: UUID, to: str, notes: str | None = None
) -> AuditSchedule:
    """Take an audit one step on its way; raises RuleBroken with the reason why not."""
    audit = audit_of(session, caller, audit_id, lock=True)
    record_step(session, audit, "workflow", to, caller.user_id, notes)
    return audit


def move_progress(session: Session, caller: Caller, audit_id: UUID, to: str) -> AuditSchedule:
    """Take an audit one step on site (scheduled, in progress, completed)."""
    audit = audit_of(session, caller, audit_id, lock=True)
    # A signed report shows the days of the audit; what comes later changes none of them.
    if not is_signed(SessionWorld(session, caller.tenant), audit.id):
        if to == "in_progress":
            audit.actual_start_date = audit.actual_start_date or clock.today()
        elif to == "completed":
            audit.actual_end_date = audit.actual_end_date or clock.today()
    record_step(session, audit, "status", to, caller.user_id, None)
    return audit


def cancel(session: Session, caller: Caller, audit_id: UUID, reason: str) -> AuditSchedule:
    """Cancel an audit with a reason; raises BadInput without one, RuleBroken once it is decided."""
    caller.require(*OFFICE)
    if not reason.strip():
        raise BadInput("Say why the audit is cancelled.")
    audit = audit_of(session, caller, audit_id, lock=True)
    if audit.workflow_status == "decided":
        raise RuleBroken("decided", "This audit is decided; it stays as it is.")
    audit.cancellation_reason = reason.strip()
    record_step(session, audit, "status", "cancelled", caller.user_id, reason.strip())
    return audit


def record_step(
    session: Session,
    audit: AuditSchedule,
    machine: str,
    to: str,
    by: UUID | None,
    notes: str | None,
) -> None:
    """Set one of the two states and write its history; the rules are asked at the flush.

    Raises RuleBroken (`transition`) also for the state that it has: somebody was quicker.
    """
    field = "workflow_status" if machine == "workflow" else "status"
    old = getattr(audit, field)
    if old == to:
        raise RuleBroken("transition", f"Invalid transition from '{old}' to '{to}'")
    setattr(audit, field, to)
    session.add(
        AuditStatusHistory(
            audit_schedule_id=audit.id,
            machine=machine,
            from_status=old,
            to_status=to,
            notes=notes or None,
            changed_by=by,
        )
    )
    session.flush()
