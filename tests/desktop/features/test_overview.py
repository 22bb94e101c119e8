"""The overview: what is missing jumps, steps say why not, attendance is kept."""

import pytest
from sqlalchemy import select

from intact_core import clock, ids
from intact_core.errors import RuleBroken
from intact_core.records.audits import (
    AuditAttendance,
    AuditDocumentation,
    AuditSchedule,
    AuditStatusHistory,
)
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import Signature
from intact_desktop.features.overview import actions
from intact_desktop.features.overview.page import OverviewPage


def complete(bench) -> None:
    with bench.sessions.begin() as session:
        row = session.scalars(select(AuditDocumentation)).one()
        row.has_org_changes = False
        row.plan_reviewed = row.plan_adequate = row.team_qualified = True
        row.summary_completed = row.audit_objectives_met = True
        row.key_findings_summary = "All of it conforms."


def test_missing_parts_jump_to_their_place(laptop, bench, opens, qtbot, pictured) -> None:
    page = opens(OverviewPage(bench))
    pictured(page, "overview")
    texts = [page.missing.item(row).text() for row in range(page.missing.count())]
    assert "The summary" in texts
    assert "33 items have no answer" in texts
    with qtbot.waitSignal(bench.place_wanted) as caught:
        page.missing.itemActivated.emit(page.missing.item(texts.index("The summary")))
    assert caught.args[0].type == "audit_documentation"
    assert caught.args[0].field == "summary_completed"


def test_a_step_that_is_not_allowed_says_why(laptop, bench, opens, qtbot) -> None:
    page = opens(OverviewPage(bench))
    assert not page.step_buttons["client_review"].isEnabled()
    complete(bench)
    with qtbot.waitSignal(page.ready):
        page.outdate()
    assert page.step_buttons["client_review"].isEnabled()
    with qtbot.waitSignal(page.ready):
        page.step_buttons["client_review"].click()
    with bench.readers() as session:
        assert session.scalars(select(AuditSchedule.workflow_status)).one() == "client_review"
        history = session.scalars(select(AuditStatusHistory)).one()
    assert (history.machine, history.from_status, history.to_status) == (
        "workflow",
        "draft",
        "client_review",
    )
    assert set(page.step_buttons) == {"completed", "submitted_to_cb"}


def test_a_broken_rule_changes_nothing(laptop, bench) -> None:
    with pytest.raises(RuleBroken), bench.sessions.begin() as session:
        actions.take_step(session, laptop.audit_id, "workflow", "client_review")
    with bench.readers() as session:
        assert session.scalars(select(AuditSchedule.workflow_status)).one() == "draft"
        assert not session.scalars(select(AuditStatusHistory)).all()


def test_attendance_is_kept(laptop, bench, opens, qtbot) -> None:
    page = opens(OverviewPage(bench))
    with qtbot.waitSignal(page.ready):
        page.attendance.ticks["Jo Murray", "closing"].click()
    page.attendance.name.setText("Per Holm")
    page.attendance.role.setText("Managing director")
    with qtbot.waitSignal(page.ready):
        page.attendance.add_button.click()
    with bench.readers() as session:
        rows = session.scalars(select(AuditAttendance).order_by(AuditAttendance.name)).all()
    assert [(row.name, row.opening, row.closing) for row in rows] == [
        ("Jo Murray", True, True),
        ("Per Holm", True, False),
    ]


def test_answered_items_are_counted(laptop, bench, opens) -> None:
    with bench.sessions.begin() as session:
        for item in session.scalars(select(AuditChecklist)):
            item.rating = "compliant"
    page = opens(OverviewPage(bench))
    texts = [page.missing.item(row).text() for row in range(page.missing.count())]
    assert not [text for text in texts if "no answer" in text]


def test_the_work_ends_after_the_report_was_signed(laptop, bench) -> None:
    laptop.put(
        Signature(
            audit_schedule_id=laptop.audit_id,
            report_id=ids.new_id(),
            kind="pades",
            signer_name="Anna Lindqvist",
            signer_role="Lead auditor",
            meaning="I am the author of this report.",
            signed_at=clock.now(),
            snapshot_sha256="0" * 64,
            document_sha256="0" * 64,
        )
    )
    with bench.sessions.begin() as session:
        actions.take_step(session, laptop.audit_id, "status", "completed")
    with bench.readers() as session:
        audit = session.get(AuditSchedule, (laptop.tenant_id, laptop.audit_id))
        assert (audit.status, audit.actual_end_date) == ("completed", None)
