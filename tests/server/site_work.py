"""What laptops would have brought to the server: a day's work on the demo's Stage 2 audit."""

import io
from dataclasses import dataclass
from uuid import UUID

from PIL import Image
from sqlalchemy import select

from intact_core import clock, ids
from intact_core.records.audits import AuditDocumentation, AuditSchedule
from intact_core.records.checklist import AuditEvidence
from intact_core.records.conclusions import (
    AuditRecommendation,
    AuditReport,
    ReportAmendment,
    Signature,
)
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_core.rules.kernel import Actor
from sync_server.services import blobs
from sync_server.services.demo import PASSWORD
from tests.server.conftest import Browser, Server

LEAD, CLIENT = "lead@demo.example", "client@demo.example"
ANSWER = {
    "cause": "The gauge register was kept by one person who left.",
    "correction": "Both gauges were calibrated on the next day.",
    "corrective_action": "The register moved into the maintenance plan; two people own it.",
    "submit": "send",
}
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00"
    b"\x1f\x15\xc4\x89\x00\x00\x00\rIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00"
    b"\x00IEND\xaeB`\x82"
)


@dataclass(frozen=True)
class Work:
    """The audit and what was found."""

    audit_id: UUID
    major_id: UUID
    minor_id: UUID
    photo_id: UUID
    broken_photo_id: UUID


def audit_id_of(server: Server, email: str = LEAD, stage: str = "stage2") -> UUID:
    with server.database.read(server.tenant_of(email)) as session:
        return session.query(AuditSchedule).filter_by(audit_stage=stage).one().id


def do_site_work(server: Server, *, recommend: bool = True) -> Work:
    """Findings, photos, documentation, recommendation: the report is ready, nothing is sent."""
    tenant_id, audit_id = server.tenant_of(LEAD), audit_id_of(server)
    lead = server.account(LEAD).user_id
    with server.database.write(tenant_id) as session:
        findings = [_finding(audit_id, lead, letter) for letter in ("major", "minor")]
        session.add_all(findings)
        session.flush()
        store, keys = server.app.state.blobs, server.keys
        photos = []
        for content, name in ((_picture(), "gauge.jpg"), (b"\xff\xd8\xffbroken", "broken.jpg")):
            sha256 = blobs.keep(session, store, keys, tenant_id, content)
            photos.append(_evidence(audit_id, findings[0].id, name, sha256, len(content)))
        session.add_all(photos)
        _document(session.query(AuditDocumentation).filter_by(audit_schedule_id=audit_id).one())
        if recommend:
            said = session.query(AuditRecommendation).filter_by(audit_schedule_id=audit_id).one()
            said.recommendation, said.recommended_by = "certify", lead
            said.justification = "The system is effective; one major to be closed."
        session.flush()
        return Work(audit_id, findings[0].id, findings[1].id, photos[0].id, photos[1].id)


def _finding(audit_id: UUID, lead: UUID, severity: str) -> NonConformity:
    return NonConformity(
        id=ids.new_id(),
        audit_schedule_id=audit_id,
        nc_number=f"NC-A-{1 if severity == 'major' else 2:02d}",
        severity=severity,
        clause="7.1.5" if severity == "major" else "7.5.3",
        requirement_reference="ISO 9001:2015, 7.1.5.2 Measurement traceability",
        description="Pressure gauges used for release were not calibrated.",
        evidence="Gauges PG-07 and PG-11, labels expired in March; release records 4411 to 4418.",
        due_date=clock.today(),
        raised_by=lead,
    )


def _evidence(audit_id: UUID, finding_id: UUID, name: str, sha256: str, size: int) -> AuditEvidence:
    return AuditEvidence(
        id=ids.new_id(),
        audit_schedule_id=audit_id,
        non_conformity_id=finding_id,
        file_name=name,
        content_type="image/jpeg",
        size=size,
        sha256=sha256,
        decodable=name != "broken.jpg",
        description="Label of gauge PG-07",
    )


def _picture() -> bytes:
    target = io.BytesIO()
    Image.linear_gradient("L").resize((1200, 900)).convert("RGB").save(target, "JPEG")
    return target.getvalue()


def _document(row: AuditDocumentation) -> None:
    row.has_org_changes = False
    row.plan_reviewed = row.plan_adequate = row.team_qualified = True
    row.summary_completed = row.audit_objectives_met = True
    row.key_findings_summary = "One major on calibration, one minor on documents."


def make_conflict(server: Server, work: Work) -> UUID:
    """A conflict on the major's objective evidence, as a late laptop would leave it."""
    tenant_id = server.tenant_of(LEAD)
    with server.database.write(tenant_id) as session:
        row = Conflict(
            id=ids.new_id(),
            scope=f"audit:{work.audit_id}",
            record_type="non_conformities",
            record_id=work.major_id,
            kind="edit",
            field_group="evidence",
            base={"evidence": "Gauges."},
            server={"evidence": "Gauges PG-07 and PG-11."},
            incoming={"evidence": "Gauge PG-07 <script>alert(1)</script>"},
            incoming_by=server.account("auditor@demo.example").user_id,
            incoming_at=clock.now(),
        )
        session.add(row)
        session.flush()
        return row.id


def sign(server: Server, work: Work) -> None:
    """The lead's report with its signature, as the laptop sends them."""
    tenant_id = server.tenant_of(LEAD)
    with server.database.write(tenant_id) as session:
        content = b"%PDF-1.7 stands for a report"
        sha256 = blobs.keep(session, server.app.state.blobs, server.keys, tenant_id, content)
        report = AuditReport(
            id=ids.new_id(),
            audit_schedule_id=work.audit_id,
            version=1 + len(session.scalars(select(AuditReport.id)).all()),
            sha256=sha256,
            size=len(content),
            snapshot_sha256=sha256,
        )
        session.add(report)
        session.flush()
        session.add(
            Signature(
                audit_schedule_id=work.audit_id,
                report_id=report.id,
                kind="pades",
                signer_id=server.account(LEAD).user_id,
                signer_name="Daniel Otieno",
                signer_role="Lead auditor",
                meaning="I stand by this report",
                signed_at=clock.now(),
                snapshot_sha256=sha256,
                document_sha256=sha256,
            )
        )


def amend(server: Server, work: Work) -> None:
    """The lead begins to correct the signed report, as the laptop sends it."""
    tenant_id = server.tenant_of(LEAD)
    lead = Actor(server.account(LEAD).user_id)
    with server.database.write(tenant_id, lead) as session:
        newest = select(AuditReport.id).order_by(AuditReport.version.desc()).limit(1)
        session.add(
            ReportAmendment(
                audit_schedule_id=work.audit_id,
                report_id=session.scalars(newest).one(),
                reason="The name of the site was wrong.",
                begun_by=lead.user_id,
            )
        )


def decision(**other: str) -> dict[str, str]:
    return {
        "decision": "certify",
        "decision_date": str(clock.today()),
        "validity_period_years": "3",
        "password": PASSWORD,
        **other,
    }


def to_client(server: Server, work: Work) -> Browser:
    lead = server.person(LEAD)
    page = lead.done(f"/audits/{work.audit_id}/step", {"to": "client_review"})
    assert "Audit status changed to client_review" in page
    return lead


def answered(server: Server, work: Work) -> Browser:
    lead, client = to_client(server, work), server.person(CLIENT)
    for finding_id in (work.major_id, work.minor_id):
        client.done(f"/findings/{finding_id}/answer", ANSWER)
        lead.done(f"/findings/{finding_id}/review", {"verdict": "accept"})
    return lead


def submitted(server: Server, work: Work) -> None:
    lead = answered(server, work)
    notes = {"verification_notes": "Saw both calibration certificates and the new plan."}
    lead.done(f"/findings/{work.major_id}/verify", notes)
    lead.done(f"/audits/{work.audit_id}/step", {"to": "submitted_to_cb"})
