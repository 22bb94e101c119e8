"""Writing the documentation, and recommending."""

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.records.audits import AuditDocumentation
from intact_core.records.conclusions import AuditRecommendation
from intact_desktop.features.documentation.queries import FLAGS, TEXTS
from intact_desktop.store.journal import this_device


def write(session: Session, audit_id: UUID, field: str, value: bool | str | None) -> None:
    """Keep one answer or text of the three forms."""
    if field not in (*FLAGS, *TEXTS):
        raise ValueError(field)
    row = session.scalar(
        select(AuditDocumentation).where(
            AuditDocumentation.audit_schedule_id == audit_id,
            AuditDocumentation.deleted_at.is_(None),
        )
    )
    if row is None:
        row = AuditDocumentation(id=ids.new_id(), audit_schedule_id=audit_id)
        session.add(row)
    setattr(row, field, value if value != "" else None)


def recommend(session: Session, audit_id: UUID, outcome: str | None) -> None:
    """The lead's recommendation, with who gave it; raises RuleBroken for anybody else."""
    row = _recommendation(session, audit_id)
    row.recommendation = outcome
    row.recommended_by = this_device(session.connection()).user_id if outcome else None


def reason(session: Session, audit_id: UUID, field: str, text: str) -> None:
    """Keep the `justification` or the `conditions` of the recommendation."""
    if field not in ("justification", "conditions"):
        raise ValueError(field)
    setattr(_recommendation(session, audit_id), field, text or None)


def plan_stage_2(session: Session, audit_id: UUID, day: date) -> None:
    """When Stage 2 is to be."""
    _recommendation(session, audit_id).stage_2_date = day


def _recommendation(session: Session, audit_id: UUID) -> AuditRecommendation:
    row = session.scalar(
        select(AuditRecommendation).where(
            AuditRecommendation.audit_schedule_id == audit_id,
            AuditRecommendation.deleted_at.is_(None),
        )
    )
    if row is None:
        row = AuditRecommendation(id=ids.new_id(), audit_schedule_id=audit_id)
        session.add(row)
        session.flush()
    return row
