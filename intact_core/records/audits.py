"""Audits with team, plan, attendance and documentation."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, Record, audit_scope, field, fixed, text, to

WORKFLOW = {
    "draft": frozenset({"client_review"}),
    "client_review": frozenset({"submitted_to_cb"}),
    "submitted_to_cb": frozenset({"decided"}),
    "decided": frozenset[str](),
}
"""The way of an audit from the site to the decision (audit workflow, "Workflow Rules")."""

PROGRESS = {
    "scheduled": frozenset({"in_progress", "cancelled"}),
    "in_progress": frozenset({"completed", "cancelled"}),
    "completed": frozenset[str](),
    "cancelled": frozenset[str](),
}


class AuditSchedule(Record):
    """The audit. `status` is its progress on site, `workflow_status` its way to the decision."""

    __tablename__ = "audit_schedules"
    __scope__ = audit_scope("id")
    __table_args__ = (
        to("clients", "client_id"),
        to("client_sites", "site_id"),
        to("standards", "standard_id"),
        UniqueConstraint("tenant_id", "audit_number"),
    )

    audit_number: Mapped[str] = field(merge=Merge.SERVER)
    client_id: Mapped[UUID] = fixed()
    site_id: Mapped[UUID | None] = field()
    contract_number: Mapped[str | None] = field()
    standard_id: Mapped[UUID] = fixed()
    audit_type: Mapped[str] = field(
        choices=("initial", "surveillance", "recertification", "special")
    )
    audit_stage: Mapped[str | None] = field(choices=("stage1", "stage2"))
    stage1_audit_id: Mapped[UUID | None] = field()
    """The Stage 1 audit whose conclusions a Stage 2 audit stands on (ISO/IEC 17021-1, 9.3.1)."""
    scope: Mapped[str | None] = text()
    objectives: Mapped[str | None] = text()
    scheduled_start_date: Mapped[date | None] = field()
    scheduled_end_date: Mapped[date | None] = field()
    actual_start_date: Mapped[date | None] = field()
    actual_end_date: Mapped[date | None] = field()
    total_audit_days: Mapped[Decimal | None] = field()
    risk_level: Mapped[str | None] = field(choices=("low", "medium", "high"))
    status: Mapped[str] = field(
        merge=Merge.STATE, steps=PROGRESS, default="scheduled", signed=False
    )
    workflow_status: Mapped[str] = field(
        merge=Merge.STATE, steps=WORKFLOW, default="draft", signed=False
    )
    audit_report: Mapped[str | None] = text()
    cancellation_reason: Mapped[str | None] = field(signed=False)


class AuditTeam(Record):
    """A member of the audit's team; `letter` is the member's mark in finding numbers."""

    __tablename__ = "audit_teams"
    __scope__ = audit_scope()
    __table_args__ = (to("audit_schedules", "audit_schedule_id"), to("users", "user_id"))

    audit_schedule_id: Mapped[UUID] = fixed()
    user_id: Mapped[UUID] = fixed()
    role: Mapped[str] = field(
        choices=("lead_auditor", "auditor", "technical_expert", "observer", "trainee")
    )
    is_lead: Mapped[bool] = field(default=False)
    letter: Mapped[str] = field(merge=Merge.SERVER, default="A")


class AuditPlanEntry(Record):
    """A line of the audit plan (ISO/IEC 17021-1, 9.2.3.2)."""

    __tablename__ = "audit_plan_entries"
    __scope__ = audit_scope()
    __table_args__ = (to("audit_schedules", "audit_schedule_id"),)

    audit_schedule_id: Mapped[UUID] = fixed()
    starts_at: Mapped[datetime | None] = field()
    ends_at: Mapped[datetime | None] = field()
    subject: Mapped[str] = field()
    clauses: Mapped[str | None] = field()
    place: Mapped[str | None] = field()
    auditor_id: Mapped[UUID | None] = field()


class AuditAttendance(Record):
    """Who was at the opening and the closing meeting (ISO/IEC 17021-1, 9.4.2 and 9.4.7)."""

    __tablename__ = "audit_attendances"
    __scope__ = audit_scope()
    __table_args__ = (to("audit_schedules", "audit_schedule_id"),)

    audit_schedule_id: Mapped[UUID] = fixed()
    name: Mapped[str] = field()
    role: Mapped[str | None] = field()
    opening: Mapped[bool] = field(default=False)
    closing: Mapped[bool] = field(default=False)


class AuditDocumentation(Record):
    """One row per audit: organisation changes, plan review, summary."""

    __tablename__ = "audit_documentation"
    __scope__ = audit_scope()
    __table_args__ = (
        to("audit_schedules", "audit_schedule_id"),
        UniqueConstraint("tenant_id", "audit_schedule_id"),
    )

    audit_schedule_id: Mapped[UUID] = fixed()
    has_org_changes: Mapped[bool | None] = field()
    org_changes_details: Mapped[str | None] = text()
    changes_affect_scope: Mapped[bool | None] = field()
    scope_impact_details: Mapped[str | None] = text()
    plan_reviewed: Mapped[bool | None] = field()
    plan_adequate: Mapped[bool | None] = field()
    plan_changes_required: Mapped[str | None] = text()
    team_qualified: Mapped[bool | None] = field()
    qualification_notes: Mapped[str | None] = text()
    plan_approved: Mapped[bool | None] = field()
    summary_completed: Mapped[bool | None] = field()
    audit_objectives_met: Mapped[bool | None] = field()
    system_effectiveness: Mapped[str | None] = text()
    key_findings_summary: Mapped[str | None] = text()
    outstanding_issues: Mapped[str | None] = text()
    diverging_opinions: Mapped[str | None] = text()
    ict_use: Mapped[str | None] = text()


class AuditStatusHistory(Record):
    """Every step of an audit's two states."""

    __tablename__ = "audit_status_history"
    __scope__ = audit_scope()
    __table_args__ = (to("audit_schedules", "audit_schedule_id"),)

    audit_schedule_id: Mapped[UUID] = fixed(signed=False)
    machine: Mapped[str] = fixed(signed=False)
    from_status: Mapped[str] = fixed(signed=False)
    to_status: Mapped[str] = fixed(signed=False)
    notes: Mapped[str | None] = fixed(signed=False)
    changed_by: Mapped[UUID | None] = fixed(signed=False)
