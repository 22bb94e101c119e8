"""An audit with nothing missing, and its report built and signed without a window."""

from io import BytesIO

from PIL import Image
from sqlalchemy import update

from intact_core import ids
from intact_core.documents.report_data import ExpectedSigner
from intact_core.records.audits import AuditDocumentation
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.findings import FindingItem, NonConformity
from intact_desktop.features.report import actions, paper
from intact_desktop.vault.vault import Opening
from tests.desktop.features.filled import PASSPHRASE

LEAD = ExpectedSigner("lead", "Anna Lindqvist", "Lead auditor", "I am the author of this report.")
CLIENT = ExpectedSigner("client", "Jo Murray", "Quality manager", "I have received this report.")


def png() -> bytes:
    target = BytesIO()
    Image.new("RGBA", (300, 100), (16, 36, 63, 255)).save(target, "PNG")
    return target.getvalue()


def document(laptop):
    """The audit with nothing missing, a finding and a photo."""
    finding = NonConformity(
        id=ids.new_id(),
        audit_schedule_id=laptop.audit_id,
        nc_number="NC-01",
        severity="major",
        clause="8.7",
        requirement_reference="8.7.1",
        description="Parts on hold were delivered.",
        evidence="Order 4711, hold tag H-12.",
    )
    laptop.put(finding)
    laptop.put(
        FindingItem(
            audit_schedule_id=laptop.audit_id,
            non_conformity_id=finding.id,
            audit_checklist_id=laptop.items[21],
        )
    )
    with laptop.opened.engine.begin() as connection:
        connection.execute(
            update(AuditDocumentation).values(
                has_org_changes=False,
                plan_reviewed=True,
                plan_adequate=True,
                team_qualified=True,
                summary_completed=True,
                audit_objectives_met=True,
                key_findings_summary="Good traceability. Parts on hold can leave the house.",
            )
        )
        connection.execute(
            update(AuditRecommendation).values(
                recommendation="certify", justification="One major finding, answered on site."
            )
        )
        ratings = ("compliant", "observation", "minor", "major", "not_applicable")
        for place, item in enumerate(laptop.items):
            connection.execute(
                update(AuditChecklist)
                .where(AuditChecklist.id == item)
                .values(rating=ratings[place % 5])
            )
    return laptop


def frozen(bench, laptop, *signers):
    with bench.readers() as session:
        return actions.freeze(session, laptop.audit_id, signers)


def built(bench, laptop, *signers):
    return paper.build(bench.files, frozen(bench, laptop, *signers), lambda *_: None, lambda: False)


def sealed(bench, laptop, *signers):
    opened = bench.opened
    half = paper.lead_signs(
        opened.profile, Opening(PASSPHRASE, opened.secrets), built(bench, laptop, *signers)
    )
    drawn = png() if CLIENT in signers else None
    return paper.finish(opened.profile, bench.files, half, drawn, bench.tenant_id)
