"""The report from the laptop's rows: built, signed twice, kept, verified."""

import json

import pytest
from PySide6.QtCore import QPoint, Qt
from sqlalchemy import select

from intact_core.documents.report_data import from_json, to_json
from intact_core.documents.verification import verify_pdf
from intact_core.errors import RuleBroken
from intact_core.records.audits import AuditDocumentation
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import AuditRecommendation, AuditReport, Signature
from intact_core.records.findings import FindingItem, NonConformity
from intact_desktop.features.report import actions, queries
from intact_desktop.features.report.page import ReportPage
from intact_desktop.features.report.queries import Signing
from intact_desktop.store.tables import Blob
from tests.desktop.features.filled import PASSPHRASE

SIGNING = Signing("Anna Lindqvist", "Lead auditor", "I am the author.", "Jo", "QM", "Received.")


def complete(bench, laptop) -> None:
    with bench.sessions.begin() as session:
        row = session.scalars(select(AuditDocumentation)).one()
        row.has_org_changes = False
        row.plan_reviewed = row.plan_adequate = row.team_qualified = True
        row.summary_completed = row.audit_objectives_met = True
        row.key_findings_summary = "The system is effective but for two gauges."
        advice = session.scalars(select(AuditRecommendation)).one()
        advice.recommendation, advice.justification = "certify", "All else conforms."
        for item in session.scalars(select(AuditChecklist)):
            item.rating = "compliant"
        finding = NonConformity(
            id=laptop.items[0],
            audit_schedule_id=laptop.audit_id,
            nc_number="AUD-2026-0042-A01",
            severity="minor",
            clause="7.1.5",
            requirement_reference="7.1.5 Monitoring and measuring resources",
            description="Two gauges were in use after their calibration ran out.",
            evidence="Gauges G-12 and G-17.",
        )
        session.add(finding)
        session.flush()
        session.add(
            FindingItem(
                audit_schedule_id=laptop.audit_id,
                non_conformity_id=finding.id,
                audit_checklist_id=laptop.items[12],
            )
        )


def test_the_snapshot_holds_what_the_audit_holds(laptop, bench) -> None:
    complete(bench, laptop)
    with bench.readers() as session:
        made = queries.snapshot(session, laptop.audit_id, SIGNING, "https://server.example")
    assert from_json(to_json(made)) == made
    assert made.client_representative == "Jo Murray, Quality manager"
    assert [member.name for member in made.team] == ["Anna Lindqvist", "Tom Okafor"]
    assert len(made.items) == 33
    assert made.findings[0].item_refs == ("7.1.5",)
    assert made.report_version == 1
    assert [one.field for one in made.expected_signers] == ["lead", "client"]


def test_nothing_is_signed_while_something_is_missing(laptop, bench) -> None:
    with bench.readers() as session, pytest.raises(RuleBroken, match="organisation changed"):
        actions.check_ready(session, laptop.tenant_id, laptop.audit_id)


@pytest.fixture
def built(laptop, bench, opens, qtbot):
    complete(bench, laptop)
    page = opens(ReportPage(bench))
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()
    return page


def sign_as_lead(page, qtbot) -> None:
    page.sign_button.click()
    qtbot.waitUntil(lambda: page.sign_dialog is not None)
    page.sign_dialog.passphrase.setText(PASSPHRASE)
    with qtbot.waitSignal(page.signed, timeout=20_000):
        page.sign_dialog.sign_button.click()


def draw(page, qtbot, pictured) -> None:
    page.client_button.click()
    pad = page.client_dialog.pad
    qtbot.mousePress(pad, Qt.MouseButton.LeftButton, pos=QPoint(40, 60))
    for x in range(50, 260, 10):
        qtbot.mouseMove(pad, QPoint(x, 60 + (x // 10 % 3) * 12))
    qtbot.mouseRelease(pad, Qt.MouseButton.LeftButton, pos=QPoint(260, 60))
    pictured(page.client_dialog, "client-signs")
    with qtbot.waitSignal(page.kept, timeout=20_000):
        page.client_dialog.sign_button.click()


def test_a_wrong_passphrase_signs_nothing(built, qtbot, pictured) -> None:
    assert built.pdf.page_count > 5
    pictured(built, "report")
    built.sign_button.click()
    qtbot.waitUntil(lambda: built.sign_dialog is not None)
    dialog = built.sign_dialog
    dialog.passphrase.setText("wrong wrong wrong")
    dialog.sign_button.click()
    qtbot.waitUntil(lambda: "not right" in dialog.error.text())
    pictured(dialog, "sign")
    assert not built.draft.signed


def test_signed_twice_and_kept(laptop, bench, built, qtbot, pictured, tmp_path) -> None:
    sign_as_lead(built, qtbot)
    draw(built, qtbot, pictured)
    with bench.readers() as session:
        report = session.scalars(select(AuditReport)).one()
        kinds = session.scalars(select(Signature.kind).order_by(Signature.signed_at)).all()
        blob = session.scalars(select(Blob)).one()
    assert kinds == ["pades", "drawn"]
    assert (blob.sha256, blob.state) == (report.sha256, "pending")
    target = tmp_path / "report.pdf"
    qtbot.waitUntil(built.save_button.isVisible)
    with qtbot.waitSignal(built.saved):
        built.save_copy(target)
    manifest = (tmp_path / "report.pdf.manifest.json").read_bytes()
    assert json.loads(manifest)["manifest"]["file_sha256"] == report.sha256
    checked = verify_pdf(
        target.read_bytes(), trusted=[laptop.authority.certificate], manifest=manifest
    )
    assert checked.ok, checked.steps
    qtbot.waitUntil(lambda: not built.build_button.isVisible())
    pictured(built, "report-signed")


def test_cancel_leaves_everything_as_it_was(laptop, bench, opens, qtbot) -> None:
    page = opens(ReportPage(bench))
    page.build_button.click()
    page.progress.cancel.click()
    qtbot.waitUntil(page.build_button.isEnabled)
