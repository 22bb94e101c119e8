"""The parts of a report's snapshot, each read from its own rows."""

from collections import defaultdict
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.documents import report_data as data
from intact_core.records.audits import AuditAttendance, AuditSchedule, AuditTeam
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.clients import ClientContact, ClientSite
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.records.people import User
from intact_core.records.standards import Accreditation, Standard, StandardClause


def accreditation(session: Session, standard: Standard) -> str:
    row = session.scalar(select(Accreditation).where(Accreditation.id == standard.accreditation_id))
    # Printed only while it holds: an expired one would mislead (rule 28).
    if row is None or row.status != "active":
        return ""
    if row.expiry_date is not None and row.expiry_date < clock.today():
        return ""
    return f"{row.accreditation_body} {row.accreditation_number or ''}".strip()


def _place(site: ClientSite) -> str:
    return ", ".join(part for part in (site.address_line1, site.city, site.country) if part)


def address(session: Session, client_id: UUID) -> str:
    site = session.scalar(
        select(ClientSite)
        .where(ClientSite.client_id == client_id, ClientSite.deleted_at.is_(None))
        .order_by(ClientSite.is_headquarters.desc(), ClientSite.created_at)
        .limit(1)
    )
    return _place(site) if site else ""


def sites(session: Session, audit: AuditSchedule) -> tuple[data.Site, ...]:
    row = ClientSite
    query = select(row).where(row.client_id == audit.client_id, row.deleted_at.is_(None))
    if audit.site_id is not None:
        query = query.where(row.id == audit.site_id)
    else:
        query = query.where(row.is_active.is_(True))
    ordered = query.order_by(row.is_headquarters.desc(), row.site_name)
    return tuple(data.Site(one.site_name, _place(one)) for one in session.scalars(ordered))


def named(contact: ClientContact | None) -> str:
    if contact is None:
        return ""
    name = f"{contact.first_name} {contact.last_name}"
    return f"{name}, {contact.job_title}" if contact.job_title else name


def team(session: Session, audit_id: UUID) -> tuple[data.TeamMember, ...]:
    query = (
        select(AuditTeam, User)
        .join(User, User.id == AuditTeam.user_id)
        .where(AuditTeam.audit_schedule_id == audit_id, AuditTeam.deleted_at.is_(None))
        .order_by(AuditTeam.is_lead.desc(), AuditTeam.letter)
    )
    return tuple(
        data.TeamMember(user.full_name, member.role) for member, user in session.execute(query)
    )


def earlier(session: Session, audit: AuditSchedule) -> str:
    query = (
        select(NonConformity.nc_number, NonConformity.status)
        .join(AuditSchedule, AuditSchedule.id == NonConformity.audit_schedule_id)
        .where(
            AuditSchedule.client_id == audit.client_id,
            AuditSchedule.id != audit.id,
            NonConformity.deleted_at.is_(None),
        )
        .order_by(NonConformity.nc_number)
    )
    return "; ".join(f"{number}: {status}" for number, status in session.execute(query))


def main_clauses(session: Session, standard_id: UUID) -> tuple[data.MainClause, ...]:
    row = StandardClause
    query = (
        select(row.clause_number, row.clause_title)
        .where(row.standard_id == standard_id, row.deleted_at.is_(None))
        .order_by(row.position, row.clause_number)
    )
    return tuple(
        data.MainClause(number, title or "")
        for number, title in session.execute(query)
        if "." not in number
    )


def items(session: Session, audit_id: UUID) -> tuple[data.ChecklistResult, ...]:
    row = AuditChecklist
    query = (
        select(
            row.id,
            row.clause_reference,
            row.clause_title,
            row.requirement,
            row.rating,
            row.auditor_finding,
        )
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.position)
    )
    return tuple(
        data.ChecklistResult(str(id_), clause, title or "", requirement, rating, note or "")
        for id_, clause, title, requirement, rating, note in session.execute(query)
    )


def findings(
    session: Session, audit_id: UUID, evidence: tuple[data.EvidenceFile, ...]
) -> tuple[data.Finding, ...]:
    row = NonConformity
    query = (
        select(row)
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None), row.status != "void")
        .order_by(row.nc_number)
    )
    refs = _item_refs(session, audit_id)
    files: dict[str, list[str]] = defaultdict(list)
    for one in evidence:
        files[one.finding_number].append(one.id)
    return tuple(
        data.Finding(
            id=str(one.id),
            number=one.nc_number,
            severity=one.severity,
            clause=one.clause or "",
            requirement=one.requirement_reference or "",
            statement=one.description,
            evidence_text=one.evidence or "",
            item_refs=tuple(refs[one.id]),
            due_date=one.due_date,
            evidence_ids=tuple(files[one.nc_number]),
        )
        for one in session.scalars(query)
    )


def _item_refs(session: Session, audit_id: UUID) -> dict[UUID, list[str]]:
    query = (
        select(FindingItem.non_conformity_id, AuditChecklist.clause_reference)
        .join(AuditChecklist, AuditChecklist.id == FindingItem.audit_checklist_id)
        .where(FindingItem.audit_schedule_id == audit_id, FindingItem.deleted_at.is_(None))
        .order_by(AuditChecklist.position)
    )
    refs: dict[UUID, list[str]] = defaultdict(list)
    for finding_id, clause in session.execute(query):
        refs[finding_id].append(clause)
    return refs


def evidence(
    session: Session, audit_id: UUID, numbers: dict[UUID, str]
) -> tuple[data.EvidenceFile, ...]:
    row = AuditEvidence
    query = (
        select(row, AuditChecklist.clause_reference)
        .outerjoin(AuditChecklist, AuditChecklist.id == row.audit_checklist_id)
        .where(row.audit_schedule_id == audit_id, row.kind == "evidence", row.deleted_at.is_(None))
        .order_by(row.created_at, row.id)
    )
    return tuple(
        data.EvidenceFile(
            id=str(one.id),
            sha256=one.sha256,
            description=one.description,
            file_name=one.file_name,
            content_type=one.content_type,
            size_bytes=one.size,
            taken_at=one.taken_at,
            clause=clause or "",
            finding_number=numbers.get(one.non_conformity_id, "") if one.non_conformity_id else "",
            decodable=one.decodable,
        )
        for one, clause in session.execute(query)
    )


def attendance(session: Session, audit_id: UUID) -> tuple[data.Attendance, ...]:
    row = AuditAttendance
    query = (
        select(row)
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.created_at, row.id)
    )
    return tuple(
        data.Attendance(one.name, one.role or "", one.opening, one.closing)
        for one in session.scalars(query)
    )
