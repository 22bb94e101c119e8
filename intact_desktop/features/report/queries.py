"""The frozen snapshot of an audit for its report, and the reports there are."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.documents import report_data as data
from intact_core.records.audits import AuditDocumentation, AuditSchedule
from intact_core.records.checklist import AuditEvidence
from intact_core.records.clients import Client, ClientContact
from intact_core.records.conclusions import AuditRecommendation, AuditReport, Signature
from intact_core.records.findings import NonConformity
from intact_core.records.people import Tenant, User
from intact_core.records.standards import Standard
from intact_desktop.features.report import parts
from intact_desktop.store.rows import row_of
from intact_desktop.store.tables import Blob


@dataclass(frozen=True)
class Signing:
    """Who is to sign: the lead, and the client's representative where one signs on site."""

    lead_name: str
    lead_role: str
    lead_meaning: str
    client_name: str = ""
    client_role: str = ""
    client_meaning: str = ""

    @property
    def expected(self) -> tuple[data.ExpectedSigner, ...]:
        lead = data.ExpectedSigner("lead", self.lead_name, self.lead_role, self.lead_meaning)
        if not self.client_name:
            return (lead,)
        client = data.ExpectedSigner(
            "client", self.client_name, self.client_role, self.client_meaning
        )
        return (lead, client)


@dataclass(frozen=True)
class ReportRow:
    """A report that was signed; `is_here` where its file is on this laptop."""

    id: UUID
    version: int
    sha256: str
    size: int
    created_at: datetime
    signatures: tuple[tuple[str, str, datetime], ...]
    is_here: bool


@dataclass(frozen=True)
class Standing:
    """What the page starts from: signed reports, who the lead is, and whom the client sends."""

    audit_number: str
    reports: list[ReportRow]
    my_name: str
    client_name: str
    client_role: str


def standing(session: Session, user_id: UUID, audit_id: UUID) -> Standing:
    """The signed reports of an audit, newest first, and the names to sign with."""
    audit = row_of(session, AuditSchedule, audit_id)
    me = session.scalar(select(User).where(User.id == user_id))
    contact = _representative(session, audit.client_id)
    return Standing(
        audit.audit_number,
        _reports(session, audit_id),
        me.full_name if me else "",
        f"{contact.first_name} {contact.last_name}" if contact else "",
        (contact.job_title or "") if contact else "",
    )


def _reports(session: Session, audit_id: UUID) -> list[ReportRow]:
    row = AuditReport
    query = (
        select(row, Blob.state)
        .outerjoin(Blob, (Blob.sha256 == row.sha256) & (Blob.audit_id == row.audit_schedule_id))
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.version.desc(), row.created_at.desc())
    )
    signatures: dict[UUID, list[tuple[str, str, datetime]]] = defaultdict(list)
    made = select(Signature).where(Signature.audit_schedule_id == audit_id)
    for one in session.scalars(made.order_by(Signature.signed_at)):
        signatures[one.report_id].append((one.signer_name, one.signer_role, one.signed_at))
    return [
        ReportRow(
            report.id,
            report.version,
            report.sha256,
            report.size,
            report.created_at,
            tuple(signatures[report.id]),
            state is not None and state != "wanted",
        )
        for report, state in session.execute(query)
    ]


def _representative(session: Session, client_id: UUID) -> ClientContact | None:
    return session.scalar(
        select(ClientContact)
        .where(ClientContact.client_id == client_id, ClientContact.deleted_at.is_(None))
        .order_by(ClientContact.is_primary.desc(), ClientContact.created_at)
        .limit(1)
    )


@dataclass(frozen=True)
class Photo:
    """Where the picture of a piece of evidence is found."""

    sha256: str
    content_type: str


@dataclass(frozen=True)
class Frozen:
    """A snapshot, and the pictures it speaks of by the id of the evidence."""

    snapshot: data.ReportSnapshot
    photos: dict[str, Photo]


def frozen(session: Session, audit_id: UUID, signing: Signing, server: str) -> Frozen:
    """The snapshot with what is needed to render it."""
    row = AuditEvidence
    query = select(row.id, row.sha256, row.content_type).where(
        row.audit_schedule_id == audit_id, row.decodable.is_(True), row.deleted_at.is_(None)
    )
    photos = {str(id_): Photo(sha256, kind) for id_, sha256, kind in session.execute(query)}
    return Frozen(snapshot(session, audit_id, signing, server), photos)


def snapshot(
    session: Session, audit_id: UUID, signing: Signing, server: str = ""
) -> data.ReportSnapshot:
    """Everything that the report of an audit shows, read in one transaction."""
    audit = row_of(session, AuditSchedule, audit_id)
    client = row_of(session, Client, audit.client_id)
    tenant = session.scalars(select(Tenant).where(Tenant.id == audit.tenant_id)).one()
    standard = row_of(session, Standard, audit.standard_id)
    written, advice = _written(session, audit_id), _advice(session, audit_id)
    numbers = {
        one.id: one.nc_number
        for one in session.scalars(
            select(NonConformity).where(NonConformity.audit_schedule_id == audit_id)
        )
    }
    evidence = parts.evidence(session, audit_id, numbers)
    contact = _representative(session, client.id)
    versions = select(func.count()).where(AuditReport.audit_schedule_id == audit_id)
    return data.ReportSnapshot(
        report_id=str(ids.new_id()),
        report_version=(session.scalar(versions) or 0) + 1,
        prepared_at=clock.now(),
        audit_number=audit.audit_number,
        body_name=tenant.legal_name or tenant.name,
        body_address=tenant.address or tenant.country or "",
        body_accreditation=parts.accreditation(session, standard),
        verify_address=f"{server}/verify" if server else "",
        client_name=client.legal_name,
        client_address=parts.address(session, client.id),
        client_representative=parts.named(contact),
        contract_number=audit.contract_number or "",
        audit_type=audit.audit_type,
        audit_stage=audit.audit_stage or "",
        standards=(
            data.Standard(
                standard.standard_code, standard.standard_name or "", standard.version or ""
            ),
        ),
        objectives=audit.objectives or "",
        scope=audit.scope or "",
        starts_on=audit.actual_start_date or audit.scheduled_start_date,
        ends_on=audit.actual_end_date or audit.scheduled_end_date,
        audit_days=f"{audit.total_audit_days.normalize():f}" if audit.total_audit_days else "",
        sites=parts.sites(session, audit),
        team=parts.team(session, audit_id),
        headcount_contracted=client.employee_count,
        earlier_findings=parts.earlier(session, audit),
        main_clauses=parts.main_clauses(session, audit.standard_id),
        items=parts.items(session, audit_id),
        findings=parts.findings(session, audit_id, evidence),
        evidence=evidence,
        attendance=parts.attendance(session, audit_id),
        recommendation=(advice.recommendation or "") if advice else "",
        justification=(advice.justification or "") if advice else "",
        conditions=(advice.conditions or "") if advice else "",
        stage_2_date=advice.stage_2_date if advice else None,
        distribution=(client.legal_name, tenant.name),
        expected_signers=signing.expected,
        **written,
    )


_WRITTEN_FLAGS = (
    "has_org_changes",
    "changes_affect_scope",
    "plan_reviewed",
    "plan_adequate",
    "team_qualified",
    "plan_approved",
    "audit_objectives_met",
)
_WRITTEN_TEXTS = (
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


def _written(session: Session, audit_id: UUID) -> dict[str, Any]:
    row = session.scalar(
        select(AuditDocumentation).where(
            AuditDocumentation.audit_schedule_id == audit_id,
            AuditDocumentation.deleted_at.is_(None),
        )
    )
    flags: dict[str, Any] = {name: getattr(row, name, None) for name in _WRITTEN_FLAGS}
    return flags | {name: getattr(row, name, None) or "" for name in _WRITTEN_TEXTS}


def _advice(session: Session, audit_id: UUID) -> AuditRecommendation | None:
    row = AuditRecommendation
    return session.scalar(
        select(row).where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
    )
