"""A signed report is corrected by another version, which names it and the reason."""

import pytest
from sqlalchemy import select

from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import AuditReport
from intact_desktop.features.report import actions, queries
from intact_desktop.features.report.page import ReportPage
from tests.desktop.features.documented import LEAD, document, sealed


@pytest.fixture
def documented(laptop):
    return document(laptop)


def test_a_signed_report_is_amended_by_a_version_that_names_it(documented, bench) -> None:
    first = sealed(bench, documented, LEAD)
    with bench.sessions.begin() as session:
        report_id = actions.record(session, first)
    with bench.sessions.begin() as session:
        actions.amend(session, report_id, " The name of the site was wrong. ")
    with bench.sessions.begin() as session:
        session.scalars(select(AuditChecklist)).first().auditor_finding = "Corrected"
    with bench.readers() as session:
        state = queries.state(session, documented.audit_id)
    assert state.signed is None
    assert (state.amending.shown.version, state.amending.shown.sha256) == (1, first.sha256)
    second = sealed(bench, documented, LEAD)
    assert second.frozen.snapshot.amends.reason == "The name of the site was wrong."
    with bench.sessions.begin() as session:
        actions.record(session, second)
    with bench.readers() as session:
        reports = session.scalars(select(AuditReport).order_by(AuditReport.version)).all()
        assert queries.refusal(session, documented.audit_id).code == "signed"
        assert queries.signed_report(session, documented.audit_id).version == 2
    assert [(one.version, one.amends) for one in reports] == [(1, None), (2, report_id)]
    assert bench.files.read(documented.audit_id, first.sha256) == first.pdf


def test_the_lead_begins_an_amendment_on_the_page(
    documented, bench, opens, qtbot, pictured
) -> None:
    done = sealed(bench, documented, LEAD)
    with bench.sessions.begin() as session:
        actions.record(session, done)
    page = ReportPage(bench)
    with qtbot.waitSignal(page.checked, timeout=20_000):
        opens(page)
    page.signed_view.amend_button.click()
    dialog = page.amend_dialog
    assert not dialog.main.isEnabled()
    dialog.reason.setPlainText("The name of the site was wrong.")
    pictured(dialog, "report-amend")
    dialog.main.click()
    qtbot.waitUntil(page.unsigned_view.isVisible)
    notes = page.unsigned_view.notes.text()
    assert "amends version 1" in notes
    assert "The name of the site was wrong." in notes
    with qtbot.waitSignal(page.built, timeout=20_000):
        page.build_button.click()
    qtbot.wait(300)
    pictured(page, "report-amending")
