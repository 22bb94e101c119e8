"""The report: what is missing, frozen, built, signed by two, kept all or nothing."""

from pathlib import Path

import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from sqlalchemy import select, update

from intact_core import clock, ids
from intact_core.errors import RuleBroken
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.conclusions import AuditReport, Signature
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_desktop.evidence.capture import capture
from intact_desktop.features.report import actions, paper, queries
from intact_desktop.features.report.page import ReportPage
from intact_desktop.store.tables import Blob, Device, Outbox
from intact_desktop.vault.throttle import WrongOrTooSoon
from intact_desktop.vault.vault import Opening
from tests.desktop.features.documented import CLIENT, LEAD, built, document, sealed
from tests.desktop.features.filled import PASSPHRASE


@pytest.fixture
def documented(laptop):
    return document(laptop)


@pytest.fixture
def photo(documented, bench, tmp_path):
    path: Path = tmp_path / "gauge.jpg"
    Image.linear_gradient("L").resize((640, 480)).save(path)
    for name, source in (("gauge.jpg", path), ("broken.jpg", b"\xff\xd8\xff nothing" * 9)):
        taken = capture(bench.files, documented.audit_id, source)
        documented.put(
            AuditEvidence(
                audit_schedule_id=documented.audit_id,
                audit_checklist_id=documented.items[21],
                file_name=name,
                content_type=taken.content_type,
                size=taken.size,
                sha256=taken.sha256,
                decodable=taken.decodable,
                description="",
            )
        )
    return documented


def test_what_is_missing_leads_to_its_place(laptop, bench) -> None:
    with bench.readers() as session:
        state = queries.state(session, laptop.audit_id)
        problem = queries.refusal(session, laptop.audit_id)
    assert state.is_lead
    assert (state.my_name, state.contact_name) == ("Anna Lindqvist", "Jo Murray")
    assert [one.place.type for one in state.missing if one.blocks] == [
        *["audit_documentation"] * 3,
        *["audit_recommendations"] * 2,
    ]
    assert problem.code == "not_ready"
    assert problem.place.field == "has_org_changes"


def test_the_snapshot_shows_the_audit(photo, bench) -> None:
    with bench.readers() as session:
        snapshot = queries.snapshot(session, photo.audit_id)
    assert snapshot.audit_number == "AUD-2026-0042"
    assert snapshot.standards[0].version == "2015"
    assert [one.role for one in snapshot.team] == ["lead_auditor", "auditor"]
    assert snapshot.findings[0].item_refs == ("8.7",)
    assert [one.number for one in snapshot.main_clauses] == ["7", "8", "9"]
    assert {one.file_name: one.decodable for one in snapshot.evidence} == {
        "gauge.jpg": True,
        "broken.jpg": False,
    }
    assert snapshot.evidence[0].clause == "8.7"
    assert snapshot.client_representative == "Jo Murray, Quality manager"
    assert len(snapshot.items) == 33
    assert snapshot.processes == "Assembly and test (7.1.5, 8.7)"


def test_two_sign_one_file_and_all_of_it_is_kept_together(photo, bench) -> None:
    with photo.opened.engine.begin() as connection:
        connection.execute(update(Device).values(clock_offset_seconds=3))
    done = sealed(bench, photo, LEAD, CLIENT)
    assert done.verification.ok
    assert [one.field for one in done.verification.signers] == ["lead", "client"]
    with bench.sessions.begin() as session:
        report_id = actions.record(session, done)
    with bench.readers() as session:
        report = session.scalars(select(AuditReport)).one()
        signatures = {one.kind: one for one in session.scalars(select(Signature))}
        waiting = session.scalars(select(Blob).where(Blob.sha256 == done.sha256)).one()
        assert {one.type for one in session.scalars(select(Outbox))} == {
            "audit_reports",
            "signatures",
        }
        seen = queries.signed_report(session, photo.audit_id)
        assert queries.refusal(session, photo.audit_id).code == "signed"
    assert report.id == report_id
    assert (waiting.state, waiting.size) == ("pending", len(done.pdf))
    assert signatures["pades"].signer_id == bench.user_id
    assert signatures["pades"].clock_offset_seconds == 3
    assert signatures["drawn"].signer_name == "Jo Murray"
    assert signatures["drawn"].device_id == bench.opened.device_id
    again = bench.files.read(photo.audit_id, report.sha256)
    assert paper.verify(bench.opened.profile, again, actions.manifest_bytes(seen.manifest)).ok


def test_the_lead_may_sign_alone(documented, bench) -> None:
    done = sealed(bench, documented, LEAD)
    with bench.sessions.begin() as session:
        actions.record(session, done)
        assert session.scalars(select(Signature.kind)).all() == ["pades"]


def test_a_photo_that_cannot_be_shown_is_named(photo, bench) -> None:
    assert built(bench, photo, LEAD).unseen == ("broken.jpg",)


def test_what_changed_since_it_was_built_is_not_signed(documented, bench) -> None:
    done = sealed(bench, documented, LEAD)
    with bench.sessions.begin() as session:
        session.scalars(select(AuditChecklist)).first().auditor_finding = "One more thing"
    with pytest.raises(RuleBroken, match="Build it again"), bench.sessions.begin() as session:
        actions.record(session, done)
    with bench.readers() as session:
        assert queries.signed_report(session, documented.audit_id) is None


def test_only_the_lead_signs(documented, bench) -> None:
    done = sealed(bench, documented, LEAD)
    with documented.opened.engine.begin() as connection:
        connection.execute(update(Device).values(user_id=documented.users["auditor"]))
    with pytest.raises(RuleBroken, match="lead auditor"), bench.sessions.begin() as session:
        actions.record(session, done)


def test_an_open_conflict_comes_first(documented, bench) -> None:
    conflict = Conflict(
        id=ids.new_id(),
        scope=f"audit:{documented.audit_id}",
        record_type="audit_schedules",
        record_id=documented.audit_id,
        kind="edit",
        field_group="scope",
        base={"scope": "a"},
        server={"scope": "b"},
        incoming={"scope": "c"},
    )
    documented.put(conflict)
    with bench.readers() as session:
        problem = queries.refusal(session, documented.audit_id)
    assert (problem.place.type, problem.place.id) == ("conflicts", conflict.id)


def test_a_wrong_passphrase_signs_nothing(documented, bench) -> None:
    opened = bench.opened
    with pytest.raises(WrongOrTooSoon):
        paper.lead_signs(
            opened.profile,
            Opening("not the passphrase", opened.secrets),
            built(bench, documented, LEAD),
        )


def test_rows_that_are_gone_are_not_in_the_report(documented, bench) -> None:
    with documented.opened.engine.begin() as connection:
        connection.execute(
            update(NonConformity).values(deleted_at=clock.now(), deleted_reason="twice")
        )
        connection.execute(update(AuditSchedule).values(audit_stage="stage1"))
    with bench.readers() as session:
        assert queries.snapshot(session, documented.audit_id).findings == ()


def draw(qtbot, pad) -> None:
    left, line = Qt.MouseButton.LeftButton, pad.height() // 2
    qtbot.mousePress(pad, left, pos=QPoint(40, line))
    for place in range(12):
        qtbot.mouseMove(pad, QPoint(50 + 18 * place, line + (-25 if place % 2 else 25)))
    qtbot.mouseRelease(pad, left, pos=QPoint(280, line))


def open_dialog(page, qtbot):
    page.sign_button.click()
    qtbot.waitUntil(lambda: page.sign_dialog is not None)
    return page.sign_dialog


def test_the_page_says_what_is_missing_and_goes_there(
    laptop, bench, opens, qtbot, pictured
) -> None:
    page = opens(ReportPage(bench))
    assert page.missing_list.count() == 7
    with qtbot.waitSignal(bench.place_wanted) as caught:
        page.missing_list.itemActivated.emit(page.missing_list.item(3))
    assert caught.args[0].type == "audit_recommendations"
    assert not page.sign_button.isEnabled()
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()
    assert page.pdf.page_count > 3
    page.sign_button.click()
    qtbot.waitUntil(page.notice.isVisible)
    assert "Not ready to be signed" in page.notice.text.text()
    pictured(page, "report-missing")


def test_build_look_and_sign_with_the_client(photo, bench, opens, qtbot, pictured) -> None:
    page = opens(ReportPage(bench))
    assert page.signers.client_name.text() == "Jo Murray"
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()
    qtbot.wait(300)
    pictured(page, "report-built")
    dialog = open_dialog(page, qtbot)
    dialog.passphrase.setText(PASSPHRASE)
    dialog.lead_button.click()
    qtbot.waitUntil(lambda: dialog.steps.currentIndex() == 1, timeout=20_000)
    assert not dialog.client_button.isEnabled()
    draw(qtbot, dialog.pad)
    pictured(dialog, "report-sign-client")
    with qtbot.waitSignals([page.signed, page.checked], timeout=20_000):
        dialog.client_button.click()
    qtbot.waitUntil(page.signed_view.isVisible)
    assert "Genuine" in page.signed_view.verdict.text()
    assert page.signed_view.steps.count() >= 8
    qtbot.wait(300)
    pictured(page, "report-signed")


def test_a_signed_report_is_checked_again_and_copied(
    documented, bench, opens, qtbot, tmp_path
) -> None:
    done = sealed(bench, documented, LEAD)
    with bench.sessions.begin() as session:
        actions.record(session, done)
    page = ReportPage(bench)
    with qtbot.waitSignal(page.checked, timeout=20_000) as caught:
        opens(page)
    assert caught.args[0].ok
    copy = tmp_path / "copy.pdf"
    with qtbot.waitSignal(bench.said):
        page.save_to(str(copy))
    assert copy.read_bytes() == done.pdf
    assert (tmp_path / "copy.pdf.manifest.json").read_bytes() == done.manifest


def test_a_wrong_passphrase_can_be_tried_again(documented, bench, opens, qtbot, pictured) -> None:
    page = opens(ReportPage(bench))
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()
    dialog = open_dialog(page, qtbot)
    dialog.passphrase.setText("wrong wrong wrong")
    dialog.lead_button.click()
    qtbot.waitUntil(dialog.error.isVisible, timeout=20_000)
    assert dialog.lead_button.isEnabled()
    pictured(dialog, "report-sign-lead")


def test_cancel_leaves_nothing(documented, bench, opens, qtbot) -> None:
    page = opens(ReportPage(bench))
    page.signers.client_signs.setChecked(False)
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()
    page.sign_button.click()
    qtbot.waitUntil(lambda: page.sign_dialog is not None)
    page.sign_dialog.cancel_button.click()
    qtbot.waitUntil(lambda: page.sign_dialog is None)
    with bench.readers() as session:
        assert session.scalars(select(AuditReport)).all() == []
        assert session.scalars(select(Blob)).all() == []


def test_another_signer_needs_another_build(documented, bench, opens, qtbot) -> None:
    page = opens(ReportPage(bench))
    page.signers.client_name.clear()
    page.build_button.click()
    assert "who signs for the client" in page.notice.text.text()
    qtbot.keyClicks(page.signers.client_name, "Per Lindqvist")
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()
    assert page.sign_button.isEnabled()
    page.signers.client_signs.setChecked(False)
    assert not page.sign_button.isEnabled()


def test_a_change_elsewhere_makes_it_out_of_date(documented, bench, opens, qtbot) -> None:
    page = opens(ReportPage(bench))
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()

    def change(session) -> None:
        session.scalars(select(AuditChecklist)).first().auditor_finding = "One more thing"

    with qtbot.waitSignal(page.ready):
        bench.do(change)
    assert not page.sign_button.isEnabled()
    assert "Build it again" in page.notice.text.text()
