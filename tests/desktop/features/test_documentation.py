"""The documentation keeps itself; only the lead recommends."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import Place
from intact_core.records.audits import AuditDocumentation, AuditTeam
from intact_core.records.conclusions import AuditRecommendation
from intact_desktop.features.documentation.page import DocumentationPage


def stored(bench, record=AuditDocumentation):
    with bench.readers() as session:
        return session.scalars(select(record)).one()


def test_answers_and_texts_are_kept_and_open_what_depends_on_them(
    laptop, bench, opens, qtbot, pictured
) -> None:
    page = opens(DocumentationPage(bench))
    assert not page.texts["org_changes_details"].isVisible()
    with qtbot.waitSignal(page.ready):
        page.flags["has_org_changes"].yes.click()
    assert page.texts["org_changes_details"].isVisible()
    text = page.texts["org_changes_details"]
    text.setFocus()
    qtbot.keyClicks(text, "A second line.")
    with qtbot.waitSignal(page.ready):
        text.flush()
    row = stored(bench)
    assert (row.has_org_changes, row.org_changes_details) == (True, "A second line.")
    with qtbot.waitSignal(page.ready):
        page.flags["plan_reviewed"].yes.click()
    pictured(page, "documentation")


def test_a_gap_puts_the_cursor_where_it_is_filled(laptop, bench, opens, qtbot) -> None:
    page = opens(DocumentationPage(bench))
    page.go_to(Place("audit_documentation", laptop.audit_id, "key_findings_summary"))
    qtbot.waitUntil(page.texts["key_findings_summary"].hasFocus)


def test_the_lead_recommends_with_a_reason(laptop, bench, opens, qtbot) -> None:
    page = opens(DocumentationPage(bench))
    page.recommendation.setCurrentIndex(page.recommendation.findData("certify"))
    with qtbot.waitSignal(page.ready):
        page.recommendation.activated.emit(1)
    page.justification.setPlainText("All conforms.")
    with qtbot.waitSignal(page.ready):
        page.justification.flush()
    row = stored(bench, AuditRecommendation)
    assert (row.recommendation, row.justification) == ("certify", "All conforms.")
    assert row.recommended_by == laptop.opened.user_id


def test_nobody_else_recommends(laptop, bench, opens) -> None:
    with Session(laptop.opened.engine) as session, session.begin():
        for member in session.scalars(select(AuditTeam)):
            member.is_lead = False
    page = opens(DocumentationPage(bench))
    assert not page.recommendation.isEnabled()
