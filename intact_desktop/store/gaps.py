"""What an audit still lacks before its report, each with a place to jump to."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core.errors import Place
from intact_core.records.audits import AuditAttendance
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.signing import open_conflicts
from intact_core.rules.workflow import missing_before_review


@dataclass(frozen=True)
class Gap:
    """Something that is missing; `blocks` where the report cannot be signed without it."""

    place: Place
    words: str
    blocks: bool = True


def gaps(session: Session, tenant_id: UUID, audit_id: UUID) -> list[Gap]:
    """All that is missing: what blocks first, then what should not be forgotten."""
    world = SessionWorld(session, tenant_id)
    found = [
        Gap(Place("conflicts", one.id, one.field_group), "A conflict waits for a choice")
        for one in open_conflicts(world, audit_id)
    ]
    found += [
        Gap(place, _sentence(words)) for place, words in missing_before_review(world, audit_id)
    ]
    found += _recommendation(session, audit_id)
    found += _unanswered(session, audit_id)
    found += _attendance(session, audit_id)
    return found


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _recommendation(session: Session, audit_id: UUID) -> list[Gap]:
    row = session.scalar(
        select(AuditRecommendation).where(
            AuditRecommendation.audit_schedule_id == audit_id,
            AuditRecommendation.deleted_at.is_(None),
        )
    )
    if row is None:
        return [Gap(Place("audit_recommendations", audit_id), "The recommendation")]
    missing = []
    if row.recommendation is None:
        place = Place("audit_recommendations", row.id, "recommendation")
        missing.append(Gap(place, "The lead's recommendation"))
    if not (row.justification or "").strip():
        place = Place("audit_recommendations", row.id, "justification")
        missing.append(Gap(place, "The reason for the recommendation"))
    return missing


def _unanswered(session: Session, audit_id: UUID) -> list[Gap]:
    item = AuditChecklist
    query = (
        select(item.id, func.count().over())
        .where(item.audit_schedule_id == audit_id, item.rating.is_(None), item.deleted_at.is_(None))
        .order_by(item.position)
        .limit(1)
    )
    return [
        Gap(
            Place("audit_checklists", id_, "rating"),
            "1 item has no answer" if number == 1 else f"{number} items have no answer",
            blocks=False,
        )
        for id_, number in session.execute(query)
    ]


def _attendance(session: Session, audit_id: UUID) -> list[Gap]:
    row = AuditAttendance
    closing = session.scalar(
        select(func.count()).where(
            row.audit_schedule_id == audit_id, row.closing.is_(True), row.deleted_at.is_(None)
        )
    )
    if closing:
        return []
    return [
        Gap(
            Place("audit_attendances", audit_id),
            "Nobody is noted at the closing meeting",
            blocks=False,
        )
    ]
