"""The written part of an audit as it stands."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditDocumentation, AuditSchedule
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.kernel import Actor
from intact_core.rules.workflow import is_lead, missing_documentation

FLAGS = (
    "has_org_changes",
    "changes_affect_scope",
    "plan_reviewed",
    "plan_adequate",
    "team_qualified",
    "plan_approved",
    "summary_completed",
    "audit_objectives_met",
)
TEXTS = (
    "org_changes_details",
    "scope_impact_details",
    "plan_changes_required",
    "qualification_notes",
    "system_effectiveness",
    "key_findings_summary",
    "outstanding_issues",
    "diverging_opinions",
    "ict_use",
)


@dataclass(frozen=True)
class Documentation:
    """The three forms and the recommendation; `missing` names the fields still to be filled."""

    flags: dict[str, bool | None]
    texts: dict[str, str]
    missing: frozenset[str]
    recommendation: str | None
    justification: str
    conditions: str
    stage_2_date: date | None
    is_lead: bool
    is_stage1: bool


def documentation(
    session: Session, tenant_id: UUID, user_id: UUID, audit_id: UUID
) -> Documentation:
    """The written part of an audit; empty where nothing was written yet."""
    row = session.scalar(
        select(AuditDocumentation).where(
            AuditDocumentation.audit_schedule_id == audit_id,
            AuditDocumentation.deleted_at.is_(None),
        )
    )
    advice = session.scalar(
        select(AuditRecommendation).where(
            AuditRecommendation.audit_schedule_id == audit_id,
            AuditRecommendation.deleted_at.is_(None),
        )
    )
    stage = session.scalar(select(AuditSchedule.audit_stage).where(AuditSchedule.id == audit_id))
    world = SessionWorld(session, tenant_id)
    return Documentation(
        flags={name: getattr(row, name, None) for name in FLAGS},
        texts={name: getattr(row, name, None) or "" for name in TEXTS},
        missing=frozenset(place.field or "" for place, _ in missing_documentation(row, audit_id)),
        recommendation=advice.recommendation if advice else None,
        justification=(advice.justification or "") if advice else "",
        conditions=(advice.conditions or "") if advice else "",
        stage_2_date=advice.stage_2_date if advice else None,
        is_lead=is_lead(world, Actor(user_id), audit_id),
        is_stage1=stage == "stage1",
    )
