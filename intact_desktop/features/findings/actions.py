"""Writing findings: made from an item, joined by others, graded, voided."""

from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import NotAllowed
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.records.people import Tenant
from intact_core.rules.findings import GRADED, RESPONSE_DAYS
from intact_desktop.store.journal import this_device
from intact_desktop.store.rows import row_of

_FIELDS = frozenset({"clause", "requirement_reference", "description", "evidence"})


def start(session: Session, audit_id: UUID, item_id: UUID | None = None) -> UUID:
    """A new finding, from an item where one is named; its grade follows the item's rating."""
    audit = row_of(session, AuditSchedule, audit_id)
    item = row_of(session, AuditChecklist, item_id) if item_id else None
    user_id = this_device(session.connection()).user_id
    severity = _severity(audit, item)
    finding = NonConformity(
        id=ids.new_id(),
        audit_schedule_id=audit_id,
        nc_number=_number(session, audit, user_id),
        severity=severity,
        clause=item.clause_reference if item else None,
        requirement_reference=_reference(item),
        description="",
        due_date=_due(session, severity),
        raised_by=user_id,
    )
    session.add(finding)
    session.flush()
    if item is not None:
        join(session, finding.id, item.id)
    return finding.id


def _severity(audit: AuditSchedule, item: AuditChecklist | None) -> str:
    if audit.audit_stage == "stage1":
        return "observation"
    rating = item.rating if item else None
    return rating if rating in ("major", "minor", "observation") else "minor"


def _reference(item: AuditChecklist | None) -> str | None:
    if item is None:
        return None
    return f"{item.clause_reference} {item.clause_title or ''}".strip()


def _number(session: Session, audit: AuditSchedule, user_id: UUID) -> str:
    """The audit's number, the member's letter, and the next count: unique without a network."""
    team = AuditTeam
    letter = session.scalar(
        select(team.letter).where(
            team.audit_schedule_id == audit.id,
            team.user_id == user_id,
            team.deleted_at.is_(None),
        )
    )
    if letter is None:
        raise NotAllowed("You are not on the team of this audit, so you cannot add a finding.")
    prefix = f"{audit.audit_number}-{letter}"
    # Void and deleted findings keep their numbers: none is ever given twice.
    taken = session.scalars(
        select(NonConformity.nc_number).where(
            NonConformity.audit_schedule_id == audit.id,
            func.substr(NonConformity.nc_number, 1, len(prefix)) == prefix,
        )
    )
    counts = [int(rest) for number in taken if (rest := number[len(prefix) :]).isdigit()]
    return f"{prefix}{max(counts, default=0) + 1:02}"


def _due(session: Session, severity: str) -> date | None:
    if severity not in GRADED:
        return None
    settings = session.scalar(select(Tenant.settings)) or {}
    days = settings.get("response_days", RESPONSE_DAYS)
    return clock.today() + timedelta(days=int(days))


def join(session: Session, finding_id: UUID, item_id: UUID) -> None:
    """Put another item behind a finding; the item's own evidence comes with it."""
    finding = row_of(session, NonConformity, finding_id)
    known = session.scalar(
        select(FindingItem.id).where(
            FindingItem.non_conformity_id == finding_id,
            FindingItem.audit_checklist_id == item_id,
            FindingItem.deleted_at.is_(None),
        )
    )
    if known is not None:
        return
    session.add(
        FindingItem(
            audit_schedule_id=finding.audit_schedule_id,
            non_conformity_id=finding_id,
            audit_checklist_id=item_id,
        )
    )
    files = select(AuditEvidence).where(
        AuditEvidence.audit_checklist_id == item_id,
        AuditEvidence.non_conformity_id.is_(None),
        AuditEvidence.deleted_at.is_(None),
    )
    for one in session.scalars(files):
        one.non_conformity_id = finding_id


def part(session: Session, finding_id: UUID, item_id: UUID) -> None:
    """Take an item away from a finding."""
    query = select(FindingItem).where(
        FindingItem.non_conformity_id == finding_id,
        FindingItem.audit_checklist_id == item_id,
        FindingItem.deleted_at.is_(None),
    )
    for row in session.scalars(query):
        row.deleted_at, row.deleted_reason = clock.now(), "parted"


def write(session: Session, finding_id: UUID, field: str, text: str) -> None:
    """Keep one text of a finding: clause, requirement_reference, description or evidence."""
    if field not in _FIELDS:
        raise ValueError(field)
    finding = row_of(session, NonConformity, finding_id)
    setattr(finding, field, text if field == "description" else text or None)


def grade(session: Session, finding_id: UUID, severity: str) -> None:
    """Grade a finding; what its grade means for the client's answer follows."""
    finding = row_of(session, NonConformity, finding_id)
    finding.severity = severity
    if severity in GRADED and finding.due_date is None:
        finding.due_date = _due(session, severity)


def void(session: Session, finding_id: UUID, reason: str) -> None:
    """Void a finding with a reason; it stays, with its number."""
    finding = row_of(session, NonConformity, finding_id)
    finding.void_reason = reason.strip() or None
    finding.status = "void"
