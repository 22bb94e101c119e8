"""The checklist of an audit as plain rows, and what earlier audits found."""

from collections import defaultdict
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.records.standards import StandardClause


@dataclass(slots=True)
class Item:
    """One question with its answer; `findings` are the numbers of the findings behind it."""

    id: UUID
    clause: str
    title: str
    requirement: str
    help: str
    rating: str | None
    note: str
    files: int = 0
    findings: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Checklist:
    """All items in their order, and the titles of the standard's clauses by number."""

    items: list[Item]
    titles: dict[str, str]


def checklist(session: Session, audit_id: UUID) -> Checklist:
    """The whole checklist, read as columns: two thousand rows must not take long."""
    row = AuditChecklist
    query = (
        select(
            row.id,
            row.clause_reference,
            row.clause_title,
            row.requirement,
            row.help_text,
            row.rating,
            row.auditor_finding,
        )
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.position)
    )
    items = [
        Item(id_, clause, title or "", requirement, help_ or "", rating, note or "")
        for id_, clause, title, requirement, help_, rating, note in session.execute(query)
    ]
    _count_files(session, audit_id, items)
    _name_findings(session, audit_id, items)
    return Checklist(items, _titles(session, audit_id))


def _count_files(session: Session, audit_id: UUID, items: list[Item]) -> None:
    query = (
        select(AuditEvidence.audit_checklist_id, func.count())
        .where(AuditEvidence.audit_schedule_id == audit_id, AuditEvidence.deleted_at.is_(None))
        .group_by(AuditEvidence.audit_checklist_id)
    )
    counts = dict(iter(session.execute(query)))
    for item in items:
        item.files = counts.get(item.id, 0)


def _name_findings(session: Session, audit_id: UUID, items: list[Item]) -> None:
    query = (
        select(FindingItem.audit_checklist_id, NonConformity.nc_number)
        .join(NonConformity, NonConformity.id == FindingItem.non_conformity_id)
        .where(
            FindingItem.audit_schedule_id == audit_id,
            FindingItem.deleted_at.is_(None),
            NonConformity.deleted_at.is_(None),
            NonConformity.status != "void",
        )
        .order_by(NonConformity.nc_number)
    )
    numbers: dict[UUID, list[str]] = defaultdict(list)
    for item_id, number in session.execute(query):
        numbers[item_id].append(number)
    for item in items:
        item.findings = numbers.get(item.id, [])


def _titles(session: Session, audit_id: UUID) -> dict[str, str]:
    query = (
        select(StandardClause.clause_number, StandardClause.clause_title)
        .join(AuditSchedule, AuditSchedule.standard_id == StandardClause.standard_id)
        .where(AuditSchedule.id == audit_id, StandardClause.deleted_at.is_(None))
    )
    return {number: title or "" for number, title in session.execute(query)}


@dataclass(frozen=True)
class Earlier:
    """A finding of an earlier audit of the same client at the same clause."""

    number: str
    audit: str
    severity: str
    status: str
    statement: str


def earlier_findings(session: Session, audit_id: UUID, clause: str) -> list[Earlier]:
    """What earlier audits of this client found at a clause, newest first."""
    client = select(AuditSchedule.client_id).where(AuditSchedule.id == audit_id)
    query = (
        select(
            NonConformity.nc_number,
            AuditSchedule.audit_number,
            NonConformity.severity,
            NonConformity.status,
            NonConformity.description,
        )
        .join(AuditSchedule, AuditSchedule.id == NonConformity.audit_schedule_id)
        .where(
            AuditSchedule.client_id == client.scalar_subquery(),
            AuditSchedule.id != audit_id,
            NonConformity.clause == clause,
            NonConformity.deleted_at.is_(None),
        )
        .order_by(NonConformity.created_at.desc())
    )
    return [Earlier(*row) for row in session.execute(query)]
