"""From an audit's rows to the frozen snapshot that its report is made from."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, Session

from intact_core import clock
from intact_core.documents import report_data
from intact_core.documents.report_data import ExpectedSigner, ReportSnapshot
from intact_core.errors import NotFound
from intact_core.records.audits import (
    AuditAttendance,
    AuditDocumentation,
    AuditPlanEntry,
    AuditSchedule,
    AuditTeam,
)
from intact_core.records.base import Record
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.clients import Client, ClientContact, ClientSite
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.records.people import Tenant, User
from intact_core.records.standards import Accreditation, Standard, StandardClause

R = TypeVar("R", bound=Record)
_DOCUMENTED = (
    "ict_use",
    "has_org_changes",
    "org_changes_details",
    "changes_affect_scope",
    "scope_impact_details",
    "plan_reviewed",
    "plan_adequate",
    "plan_changes_required",
    "team_qualified",
    "qualification_notes",
    "plan_approved",
    "audit_objectives_met",
    "system_effectiveness",
    "key_findings_summary",
    "outstanding_issues",
    "diverging_opinions",
)
_FLAGS = frozenset(
    {
        "has_org_changes",
        "changes_affect_scope",
        "plan_reviewed",
        "plan_adequate",
        "team_qualified",
        "plan_approved",
        "audit_objectives_met",
    }
)


@dataclass(frozen=True)
class Amending:
    """The signed report that the next one replaces."""

    report_id: UUID
    shown: report_data.Amended


@dataclass(frozen=True)
class Terms:
    """What a report is told beside the audit: its id and version, when, and who will sign."""

    report_id: UUID
    version: int
    prepared_at: datetime
    signers: tuple[ExpectedSigner, ...] = ()
    amends: Amending | None = None


def snapshot(session: Session, audit_id: UUID, terms: Terms) -> ReportSnapshot:
    """Everything that the report of an audit shows, as it is now; raises NotFound."""
    audit = _one(session, AuditSchedule, AuditSchedule.id, audit_id)
    client = _one(session, Client, Client.id, audit.client_id)
    standard = _one(session, Standard, Standard.id, audit.standard_id)
    tenant = _one(session, Tenant, Tenant.id, audit.tenant_id)
    findings = _findings(session, audit)
    sites = _sites(session, audit)
    return ReportSnapshot(
        report_id=str(terms.report_id),
        report_version=terms.version,
        prepared_at=terms.prepared_at,
        expected_signers=terms.signers,
        amends=terms.amends.shown if terms.amends else None,
        audit_number=audit.audit_number,
        body_name=tenant.legal_name or tenant.name,
        body_address=_joined(tenant.address, tenant.country),
        body_accreditation=_accreditation(session, standard),
        client_name=client.legal_name,
        client_address=sites[0].address if sites else "",
        client_representative=_representative(session, client.id),
        contract_number=audit.contract_number or "",
        audit_type=audit.audit_type,
        audit_stage=audit.audit_stage or "",
        standards=(
            report_data.Standard(
                standard.standard_code, standard.standard_name or "", standard.version or ""
            ),
        ),
        objectives=audit.objectives or "",
        scope=audit.scope or "",
        processes=_processes(session, audit_id),
        starts_on=audit.actual_start_date or audit.scheduled_start_date,
        ends_on=audit.actual_end_date or audit.scheduled_end_date,
        audit_days=f"{audit.total_audit_days.normalize():f}" if audit.total_audit_days else "",
        sites=sites,
        team=_team(session, audit_id),
        earlier_findings=_earlier(session, audit),
        main_clauses=_main_clauses(session, standard.id),
        items=_items(session, audit_id),
        findings=findings,
        evidence=_evidence(session, audit_id),
        attendance=_attendance(session, audit_id),
        distribution=(client.legal_name, tenant.legal_name or tenant.name),
        **_documentation(session, audit_id),
        **_recommendation(session, audit_id),
    )


def new_terms(
    version: int,
    report_id: UUID,
    signers: Sequence[ExpectedSigner] = (),
    amends: Amending | None = None,
) -> Terms:
    """Terms of a report that is prepared now; whole seconds, as a PDF tells time."""
    return Terms(report_id, version, clock.now().replace(microsecond=0), tuple(signers), amends)


def _one(session: Session, record: type[R], key: InstrumentedAttribute[UUID], id_: UUID) -> R:
    row = session.scalar(select(record).where(key == id_, record.deleted_at.is_(None)))
    if row is None:
        raise NotFound(
            "A part of this audit is not on this computer, so no report can be built. Nothing was "
            "changed. Sync, then try again."
        )
    return row


def _of(session: Session, record: type[R], key: InstrumentedAttribute[UUID], id_: UUID) -> list[R]:
    query = select(record).where(key == id_, record.deleted_at.is_(None))
    return list(session.scalars(query.order_by(record.created_at, record.id)))


def _joined(*parts: str | None, by: str = ", ") -> str:
    return by.join(part for part in parts if part)


def _accreditation(session: Session, standard: Standard) -> str:
    if standard.accreditation_id is None:
        return ""
    row = session.scalar(select(Accreditation).where(Accreditation.id == standard.accreditation_id))
    if row is None or row.status != "active":
        return ""
    if row.expiry_date is not None and row.expiry_date < clock.today():
        return ""
    return _joined(row.accreditation_body, row.accreditation_number, by=" ")


def _representative(session: Session, client_id: UUID) -> str:
    contacts = _of(session, ClientContact, ClientContact.client_id, client_id)
    chosen = next((one for one in contacts if one.is_primary), contacts[0] if contacts else None)
    if chosen is None:
        return ""
    return _joined(f"{chosen.first_name} {chosen.last_name}".strip(), chosen.job_title)


def _processes(session: Session, audit_id: UUID) -> str:
    rows = _of(session, AuditPlanEntry, AuditPlanEntry.audit_schedule_id, audit_id)
    planned = [one for one in rows if one.clauses]
    return "\n".join(f"{one.subject} ({one.clauses})" for one in planned)


def _sites(session: Session, audit: AuditSchedule) -> tuple[report_data.Site, ...]:
    rows = _of(session, ClientSite, ClientSite.client_id, audit.client_id)
    chosen = [one for one in rows if one.id == audit.site_id] or [
        one for one in rows if one.is_active
    ]
    chosen.sort(key=lambda one: not one.is_headquarters)
    return tuple(
        report_data.Site(one.site_name, _joined(one.address_line1, one.city, one.country))
        for one in chosen
    )


def _people(session: Session) -> Mapping[UUID, str]:
    return {one.id: one.full_name for one in session.scalars(select(User))}


def _team(session: Session, audit_id: UUID) -> tuple[report_data.TeamMember, ...]:
    people = _people(session)
    rows = _of(session, AuditTeam, AuditTeam.audit_schedule_id, audit_id)
    rows.sort(key=lambda one: (not one.is_lead, one.letter))
    return tuple(report_data.TeamMember(people.get(one.user_id, ""), one.role) for one in rows)


def _earlier(session: Session, audit: AuditSchedule) -> str:
    query = (
        select(NonConformity.nc_number, NonConformity.severity, NonConformity.status)
        .join(AuditSchedule, AuditSchedule.id == NonConformity.audit_schedule_id)
        .where(
            AuditSchedule.client_id == audit.client_id,
            AuditSchedule.id != audit.id,
            NonConformity.severity.in_(("major", "minor")),
            NonConformity.status != "void",
            NonConformity.deleted_at.is_(None),
        )
        .order_by(NonConformity.nc_number)
    )
    return "\n".join(
        f"{number} ({severity}): {status}" for number, severity, status in session.execute(query)
    )


def _main_clauses(session: Session, standard_id: UUID) -> tuple[report_data.MainClause, ...]:
    rows = _of(session, StandardClause, StandardClause.standard_id, standard_id)
    rows.sort(key=lambda one: (one.position, _by_parts(one.clause_number)))
    return tuple(
        report_data.MainClause(one.clause_number, one.clause_title or "")
        for one in rows
        if not set(".-(") & set(one.clause_number)
    )


def _by_parts(number: str) -> list[tuple[int, str]]:
    """Clause numbers in the order of their parts as numbers: 7, 8, 10."""
    return [(int(part), "") if part.isdigit() else (0, part) for part in re.split(r"(\d+)", number)]


def _items(session: Session, audit_id: UUID) -> tuple[report_data.ChecklistResult, ...]:
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
        .order_by(row.position, row.id)
    )
    return tuple(
        report_data.ChecklistResult(str(id_), clause, title or "", text, rating, note or "")
        for id_, clause, title, text, rating, note in session.execute(query)
    )


def _findings(session: Session, audit: AuditSchedule) -> tuple[report_data.Finding, ...]:
    rows = _of(session, NonConformity, NonConformity.audit_schedule_id, audit.id)
    rows = sorted((one for one in rows if one.status != "void"), key=lambda one: one.nc_number)
    refs, files = _item_refs(session, audit.id), _files_of_findings(session, audit.id)
    return tuple(
        report_data.Finding(
            id=str(one.id),
            number=one.nc_number,
            severity=_severity(audit, one.severity),
            clause=one.clause or "",
            requirement=one.requirement_reference or "",
            statement=one.description,
            evidence_text=one.evidence or "",
            item_refs=tuple(refs.get(one.id, ())),
            due_date=one.due_date,
            evidence_ids=tuple(files.get(one.id, ())),
        )
        for one in rows
    )


def _severity(audit: AuditSchedule, severity: str) -> str:
    # What Stage 1 records as an observation is an area of concern (17021-1:2015, 9.3.1.2).
    concern = audit.audit_stage == "stage1" and severity == "observation"
    return "concern" if concern else severity


def _item_refs(session: Session, audit_id: UUID) -> Mapping[UUID, list[str]]:
    query = (
        select(FindingItem.non_conformity_id, AuditChecklist.clause_reference)
        .join(AuditChecklist, AuditChecklist.id == FindingItem.audit_checklist_id)
        .where(FindingItem.audit_schedule_id == audit_id, FindingItem.deleted_at.is_(None))
        .order_by(AuditChecklist.position)
    )
    found: dict[UUID, list[str]] = defaultdict(list)
    for finding_id, clause in session.execute(query):
        if clause not in found[finding_id]:
            found[finding_id].append(clause)
    return found


def taken(session: Session, audit_id: UUID) -> list[AuditEvidence]:
    """The evidence that the report shows: what the team took, in the order of taking."""
    rows = _of(session, AuditEvidence, AuditEvidence.audit_schedule_id, audit_id)
    return [one for one in rows if one.kind == "evidence"]


def _files_of_findings(session: Session, audit_id: UUID) -> Mapping[UUID, list[str]]:
    found: dict[UUID, list[str]] = defaultdict(list)
    for one in taken(session, audit_id):
        if one.non_conformity_id is not None:
            found[one.non_conformity_id].append(str(one.id))
    return found


def _evidence(session: Session, audit_id: UUID) -> tuple[report_data.EvidenceFile, ...]:
    numbers = {
        one.id: one.nc_number
        for one in _of(session, NonConformity, NonConformity.audit_schedule_id, audit_id)
    }
    query = select(AuditChecklist.id, AuditChecklist.clause_reference).where(
        AuditChecklist.audit_schedule_id == audit_id
    )
    clauses = {one.id: one.clause_reference for one in session.execute(query)}
    return tuple(
        report_data.EvidenceFile(
            id=str(one.id),
            sha256=one.sha256,
            description=one.description,
            file_name=one.file_name,
            content_type=one.content_type,
            size_bytes=one.size,
            taken_at=one.taken_at,
            clause=clauses.get(one.audit_checklist_id, "") if one.audit_checklist_id else "",
            finding_number=numbers.get(one.non_conformity_id, "") if one.non_conformity_id else "",
            decodable=one.decodable,
        )
        for one in taken(session, audit_id)
    )


def _attendance(session: Session, audit_id: UUID) -> tuple[report_data.Attendance, ...]:
    rows = _of(session, AuditAttendance, AuditAttendance.audit_schedule_id, audit_id)
    return tuple(
        report_data.Attendance(one.name, one.role or "", one.opening, one.closing) for one in rows
    )


def _documentation(session: Session, audit_id: UUID) -> dict[str, Any]:
    key = AuditDocumentation.audit_schedule_id
    row = next(iter(_of(session, AuditDocumentation, key, audit_id)), None)
    if row is None:
        return {}
    return {
        name: getattr(row, name) if name in _FLAGS else getattr(row, name) or ""
        for name in _DOCUMENTED
    }


def _recommendation(session: Session, audit_id: UUID) -> dict[str, Any]:
    key = AuditRecommendation.audit_schedule_id
    row = next(iter(_of(session, AuditRecommendation, key, audit_id)), None)
    if row is None:
        return {}
    return {
        "recommendation": row.recommendation or "",
        "justification": row.justification or "",
        "conditions": row.conditions or "",
        "stage_2_date": row.stage_2_date,
    }
