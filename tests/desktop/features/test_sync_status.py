"""The sync page says what waits and what was proved, as numbers."""

import pytest
from PySide6.QtGui import QGuiApplication
from sqlalchemy import insert, select, update

from intact_core import clock
from intact_core.errors import Offline
from intact_core.records.checklist import AuditChecklist
from intact_desktop.features.sync_status.page import SyncPage
from intact_desktop.store.tables import Device, Outbox, SyncLog


def test_what_waits_and_what_was_proved(laptop, bench, opens, qtbot, pictured) -> None:
    with bench.sessions.begin() as session:
        item = session.scalar(select(AuditChecklist).where(AuditChecklist.id == laptop.items[0]))
        item.rating = "minor"
    proof = {"operations": 318, "files": 46, "at": clock.now().isoformat()}
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(Device).values(proof=proof, clock_offset_seconds=1200))
        connection.execute(
            insert(SyncLog).values(at=clock.now(), outcome="done", words="318 sent, 12 received")
        )
    page = opens(SyncPage(bench))
    page.show_reach(Offline("The server cannot be reached. Your work is saved."), clock.now())
    pictured(page, "sync")
    assert page.proof.text().startswith("318 operations and 46 files are on the server")
    assert page.waiting.text().startswith("1 operation and 0 files")
    assert "20 minutes" in page.clock.text()
    assert [row.outcome for row in page.log.rows] == ["done"]
    page.show_reach(None, None)
    assert not page.error.isVisible()
    with qtbot.waitSignal(page.sync_wanted):
        page.sync_button.click()


def test_nothing_is_claimed_before_it_is_proved(laptop, bench, opens) -> None:
    page = opens(SyncPage(bench))
    assert "Nothing was proved" in page.proof.text()
    assert page.waiting.text() == "Nothing waits."


@pytest.mark.parametrize("seconds", [365 * 86400, -365 * 86400])
def test_a_clock_a_year_wrong_is_said_in_days(laptop, bench, opens, seconds) -> None:
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(Device).values(clock_offset_seconds=seconds))
    page = opens(SyncPage(bench))
    assert page.clock.isVisible()
    assert "365 days from the server's. Nothing is lost by it" in page.clock.text()


def refuse_a_note(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        item = session.scalar(select(AuditChecklist).where(AuditChecklist.id == laptop.items[12]))
        item.auditor_finding = "One gauge had no label."
    receipt = {"reason": "rule", "sentence": "The report of this audit is signed."}
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(Outbox).values(verdict="quarantined", receipt=receipt))
        connection.execute(update(Device).values(settled_n=1, acknowledged_n=1))
        connection.execute(update(AuditChecklist).values(auditor_finding=None))


def test_what_was_refused_is_shown_with_its_reason_and_sent_again(
    laptop, bench, opens, qtbot, pictured
) -> None:
    refuse_a_note(laptop, bench)
    page = SyncPage(bench)
    counted = []
    page.counted.connect(counted.append)
    opens(page)
    assert page.tabs.tabText(1) == "Not accepted (1)"
    page.tabs.setCurrentIndex(1)
    assert page.refused_view.sentence.text() == "The report of this audit is signed."
    assert "One gauge had no label." in page.refused_view.text.toPlainText()
    pictured(page, "sync-refused")
    with qtbot.waitSignal(page.sent_again) as caught:
        page.refused_view.again_button.click()
    assert caught.args == [1]
    qtbot.waitUntil(lambda: counted[-1] == 0)
    assert page.refused_view.current is None


def test_what_was_refused_can_be_left_with_its_text_copied(laptop, bench, opens, qtbot) -> None:
    refuse_a_note(laptop, bench)
    page = SyncPage(bench)
    counted = []
    page.counted.connect(counted.append)
    opens(page)
    page.refused_view.leave_button.click()
    assert "One gauge had no label." in QGuiApplication.clipboard().text()
    qtbot.waitUntil(lambda: counted[-1] == 0)
    assert page.refused_view.current.is_left
