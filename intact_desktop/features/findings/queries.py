"""The findings of an audit with what each still lacks."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.rules.findings import missing_parts


@dataclass(frozen=True)
class LinkedItem:
    """An item behind a finding."""

    id: UUID
    clause: str
    requirement: str


@dataclass(frozen=True)
class FindingRow:
    """One finding. `missing` are the names of the fields that it still lacks."""

    id: UUID
    number: str
    severity: str
    clause: str
    requirement: str
    statement: str
    evidence: str
    due_date: date | None
    status: str
    void_reason: str
    items: tuple[LinkedItem, ...]
    files: int
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Findings:
    """All findings of an audit; in Stage 1 none is graded."""

    rows: list[FindingRow]
    is_stage1: bool


def findings(session: Session, audit_id: UUID) -> Findings:
    """The findings of an audit, void ones last."""
    row = NonConformity
    query = (
        select(row)
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.status == "void", row.nc_number)
    )
    items, files = _items(session, audit_id), _files(session, audit_id)
    found = [
        _row(one, items.get(one.id, ()), files.get(one.id, 0)) for one in session.scalars(query)
    ]
    stage = session.scalar(select(AuditSchedule.audit_stage).where(AuditSchedule.id == audit_id))
    return Findings(found, stage == "stage1")


def _row(one: NonConformity, items: tuple[LinkedItem, ...], files: int) -> FindingRow:
    return FindingRow(
        id=one.id,
        number=one.nc_number,
        severity=one.severity,
        clause=one.clause or "",
        requirement=one.requirement_reference or "",
        statement=one.description,
        evidence=one.evidence or "",
        due_date=one.due_date,
        status=one.status,
        void_reason=one.void_reason or "",
        items=items,
        files=files,
        missing=tuple(place.field or "" for place, _ in missing_parts(one)),
    )


def _items(session: Session, audit_id: UUID) -> dict[UUID, tuple[LinkedItem, ...]]:
    item = AuditChecklist
    query = (
        select(FindingItem.non_conformity_id, item.id, item.clause_reference, item.requirement)
        .join(item, item.id == FindingItem.audit_checklist_id)
        .where(FindingItem.audit_schedule_id == audit_id, FindingItem.deleted_at.is_(None))
        .order_by(item.position)
    )
    found: dict[UUID, list[LinkedItem]] = defaultdict(list)
    for finding_id, id_, clause, requirement in session.execute(query):
        found[finding_id].append(LinkedItem(id_, clause, requirement))
    return {finding_id: tuple(linked) for finding_id, linked in found.items()}


def _files(session: Session, audit_id: UUID) -> dict[UUID, int]:
    row = AuditEvidence
    query = (
        select(row.non_conformity_id, func.count())
        .where(
            row.audit_schedule_id == audit_id,
            row.non_conformity_id.is_not(None),
            row.kind == "evidence",
            row.deleted_at.is_(None),
        )
        .group_by(row.non_conformity_id)
    )
    return {finding_id: number for finding_id, number in session.execute(query) if finding_id}
