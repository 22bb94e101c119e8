"""Follow-up: an answer is sent back with a reason, accepted, verified with something seen."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from intact_core import clock, ids
from intact_core.errors import BadInput
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditEvidence
from intact_core.records.findings import NonConformity
from intact_desktop.features.follow_up import actions, queries
from intact_desktop.features.follow_up.page import FollowUpPage


@pytest.fixture
def answered(laptop):
    finding = NonConformity(
        id=ids.new_id(),
        audit_schedule_id=laptop.audit_id,
        nc_number="AUD-2026-0042-A01",
        severity="major",
        clause="8.7",
        requirement_reference="8.7",
        description="Parts on hold were delivered without a release.",
        evidence="Delivery note 88123.",
        due_date=clock.today() + timedelta(days=30),
        status="responded",
        cause="The hold list was kept in two places.",
        correction="The customer was told, the parts came back.",
        corrective_action="One list, locked in the system.",
        responded_at=clock.now(),
        responded_by=laptop.users["cb_admin"],
    )
    laptop.put(finding)
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(AuditSchedule).values(workflow_status="client_review"))
    return finding


def status_of(bench) -> str:
    with bench.readers() as session:
        return session.scalars(select(NonConformity.status)).one()


def test_only_audits_with_the_client_are_followed_up(laptop, bench, answered) -> None:
    with bench.readers() as session:
        (row,) = queries.follow_ups(session, laptop.opened.user_id)
        assert row.is_lead
        assert row.responded_by == "Rie Nakamura"
        assert queries.follow_ups(session, laptop.users["cb_admin"]) == []


def test_sending_back_needs_words(laptop, bench, answered) -> None:
    with pytest.raises(BadInput, match="lacks"), bench.sessions.begin() as session:
        actions.review(session, answered.id, accept=False, notes=" ")
    with bench.sessions.begin() as session:
        actions.review(session, answered.id, accept=False, notes="No cause is named.")
    assert status_of(bench) == "open"


def test_accepted_verified_closed(laptop, bench, answered, opens, qtbot, pictured) -> None:
    page = opens(FollowUpPage(bench))
    pictured(page, "follow-up")
    with qtbot.waitSignals([page.done, page.ready]):
        page.accept_button.click()
    assert status_of(bench) == "accepted"
    page.verify_button.click()
    qtbot.waitUntil(page.error.isVisible)
    assert "what you saw" in page.error.sentence.text()
    page.note.setPlainText("The locked list was shown, ten deliveries checked.")
    with qtbot.waitSignals([page.done, page.ready]):
        page.verify_button.click()
    with qtbot.waitSignals([page.done, page.ready]):
        page.close_button.click()
    assert status_of(bench) == "closed"


def test_a_file_is_enough_to_verify(laptop, bench, answered, opens, qtbot, tmp_path) -> None:
    page = opens(FollowUpPage(bench))
    with qtbot.waitSignals([page.done, page.ready]):
        page.accept_button.click()
    seen = tmp_path / "list.txt"
    seen.write_text("locked since Monday")
    with qtbot.waitSignals([page.done, page.ready]):
        page.drop_area.received.emit([seen])
    with qtbot.waitSignals([page.done, page.ready]):
        page.verify_button.click()
    assert status_of(bench) == "verified"
    with bench.readers() as session:
        row = session.scalars(select(AuditEvidence)).one()
    assert (row.kind, row.file_name) == ("verification", "list.txt")
