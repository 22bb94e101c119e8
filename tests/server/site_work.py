"""What laptops would have brought to the server: a day's work on the demo's Stage 2 audit."""

import io
from dataclasses import dataclass
from uuid import UUID

from PIL import Image

from intact_core import clock, ids
from intact_core.records.audits import AuditDocumentation, AuditSchedule
from intact_core.records.checklist import AuditEvidence
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from sync_server.services import blobs
from tests.server.conftest import Server

LEAD = "lead@demo.example"


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
