"""Audits with their teams."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response
from pydantic import Field

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Amount,
    Body,
    Day,
    Filters,
    Flag,
    Long,
    Money,
    Reason,
    Shown,
    example,
)
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import audit_schedules, audits, teams
from sync_server.services.audit_schedules import AUDITS
from sync_server.services.teams import TEAMS

Type = Literal["initial", "surveillance", "recertification", "special"]
Stage = Literal["stage1", "stage2"]
Risk = Literal["low", "medium", "high"]
Progress = Literal["scheduled", "in_progress", "completed", "cancelled"]
Workflow = Literal["draft", "client_review", "submitted_to_cb", "decided"]
Role = Literal["lead_auditor", "auditor", "technical_expert", "observer", "trainee"]
Change = Annotated[Ask, needs("audit_schedule", "update")]


class AuditChanges(Body):
    """The planned days change until the audit starts, the rest until it is over."""

    model_config = example(scheduled_start_date="2025-07-22", scheduled_end_date="2025-07-24")

    site_id: UUID | None = None
    scheduled_start_date: Day | None = None
    scheduled_end_date: Day | None = None
    total_audit_days: Money | None = None
    risk_level: Risk | None = None
    scope: Long | None = None
    objectives: Long | None = None


class NewAudit(Body):
    """The standard follows from the contract's application or the template unless it is named; a
    Stage 2 stands on the client's latest Stage 1 unless another is named."""

    model_config = example(
        client_id=EXAMPLE_ID,
        site_id=EXAMPLE_ID,
        contract_id=EXAMPLE_ID,
        audit_type="initial",
        audit_stage="stage1",
        scheduled_start_date="2025-07-15",
        scheduled_end_date="2025-07-17",
        total_audit_days=3,
        risk_level="medium",
        status="scheduled",
    )

    client_id: UUID
    site_id: UUID | None = None
    contract_id: UUID | None = None
    standard_id: UUID | None = None
    template_id: UUID | None = Field(None, description="Checklist template to copy")
    stage1_audit_id: UUID | None = None
    audit_type: Type
    audit_stage: Stage | None = None
    scheduled_start_date: Day
    scheduled_end_date: Day
    total_audit_days: Money | None = None
    risk_level: Risk | None = None
    scope: Long | None = None
    objectives: Long | None = None
    status: Literal["scheduled"] = "scheduled"


class ShownAudit(Shown):
    audit_number: str
    client_id: UUID
    site_id: UUID | None
    contract_id: UUID | None
    contract_number: str | None
    standard_id: UUID
    audit_type: Type
    audit_stage: Stage | None
    stage1_audit_id: UUID | None
    scope: str | None
    objectives: str | None
    scheduled_start_date: date | None
    scheduled_end_date: date | None
    actual_start_date: date | None
    actual_end_date: date | None
    total_audit_days: Amount | None
    risk_level: Risk | None
    status: Progress
    workflow_status: Workflow
    audit_report: str | None
    cancellation_reason: str | None


class AuditFilters(Filters):
    search: str | None = None
    status: Progress | None = None
    audit_type: Type | None = None
    risk_level: Risk | None = None
    client_id: UUID | None = None


class Completion(Body):
    model_config = example(audit_report="Summary of audit findings")

    audit_report: Long | None = None


class Cancellation(Body):
    model_config = example(cancellation_reason="Client requested postponement")

    cancellation_reason: Reason


class MemberChanges(Body):
    """The lead is the lead_auditor: one of the two is enough. A new lead takes over."""

    model_config = example(role="auditor", is_lead=False)

    role: Role | None = None
    is_lead: Flag | None = None


class NewMember(MemberChanges):
    model_config = example(
        audit_schedule_id=EXAMPLE_ID,
        user_id=EXAMPLE_ID,
        role="lead_auditor",
        is_lead=True,
    )

    audit_schedule_id: UUID
    user_id: UUID


class ShownMember(Shown):
    audit_schedule_id: UUID
    user_id: UUID
    role: Role
    is_lead: bool
    letter: str


class MemberFilters(Filters):
    audit_schedule_id: UUID | None = None
    user_id: UUID | None = None
    role: Role | None = None


AUDIT = Resource(
    AUDITS,
    "audit-schedules",
    "audit_schedule",
    ShownAudit,
    AuditFilters,
    NewAudit,
    AuditChanges,
    computed={"contract_id": lambda _: None},
    joined=audit_schedules.contract_ids,
    create=audit_schedules.plan,
    change=audit_schedules.change,
    remove=audit_schedules.remove,
)
MEMBER = Resource(
    TEAMS,
    "audit-teams",
    "audit_team",
    ShownMember,
    MemberFilters,
    NewMember,
    MemberChanges,
    create=teams.assign,
    change=teams.change,
    remove=teams.remove,
)

schedules = router_of(AUDIT, "Audit schedules")
members = router_of(MEMBER, "Audit teams")
routers = (schedules, members)
for router, resource in zip(routers, (AUDIT, MEMBER), strict=True):
    add_single(router, resource)


@schedules.post("/{id}/start", summary="Start an audit", **shows(ShownAudit))
def start(id: UUID, ask: Change) -> Response:
    """Scheduled becomes in progress, today. Needs a lead auditor (9.2.2), and for Stage 2 the
    written conclusions of Stage 1 (9.3.1.3)."""
    with ask.writing() as session:
        row = audit_schedules.start(session, ask.caller, id)
        return AUDIT.done(session, row, "Audit started")


@schedules.post("/{id}/complete", summary="Complete an audit", **shows(ShownAudit))
def complete(id: UUID, ask: Change, given: Completion) -> Response:
    """In progress becomes completed, today, with a summary of what was found."""
    with ask.writing() as session:
        row = audit_schedules.complete(session, ask.caller, id, given.audit_report)
        return AUDIT.done(session, row, "Audit completed")


@schedules.post("/{id}/cancel", summary="Cancel an audit", **shows(ShownAudit))
def cancel(id: UUID, ask: Change, given: Cancellation) -> Response:
    """Scheduled or in progress becomes cancelled, with the reason. Only the office does this."""
    with ask.writing() as session:
        row = audits.cancel(session, ask.caller, id, given.cancellation_reason)
        return AUDIT.done(session, row, "Audit cancelled")
