"""The sync page says in words what waits, why, what comes next, and what was proved."""

import datetime as dt

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from sqlalchemy import func, insert, select, update

from intact_core import clock, ids
from intact_core.errors import Offline, ServerFault
from intact_core.records.checklist import AuditChecklist
from intact_core.sync.operations import GENESIS
from intact_desktop.features.sync_status import queries, tables
from intact_desktop.features.sync_status.page import SyncPage
from intact_desktop.store.tables import Blob, Device, Outbox, SyncLog
from intact_desktop.sync import parallel
from intact_desktop.sync.liveness import Live, State
from intact_desktop.sync.pacing import settings_of
from intact_desktop.sync.parallel import Met

OFFLINE = Offline("The server cannot be reached. Your work is saved on this computer.")


def write(laptop, bench, count=1) -> None:
    with bench.sessions.begin() as session:
        for id_ in laptop.items[:count]:
            session.get(AuditChecklist, (laptop.tenant_id, id_)).rating = "minor"


def wait_files(laptop, *sizes: int) -> None:
    rows = [
        {
            "sha256": f"{size:064}",
            "audit_id": laptop.audit_id,
            "size": size,
            "state": "pending",
            "sent": 0,
            "added_at": clock.now() - dt.timedelta(hours=3),
        }
        for size in sizes
    ]
    with laptop.opened.engine.begin() as connection:
        connection.execute(insert(Blob), rows)


def prove(laptop, **more) -> None:
    proof = {"operations": 318, "files": 46, "at": clock.now().isoformat()}
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(Device).values(proof=proof, **more))


def log(laptop, *lines: tuple[str, str]) -> None:
    at = clock.now() - dt.timedelta(hours=2)
    with laptop.opened.engine.begin() as connection:
        for place, (outcome, words) in enumerate(lines):
            moment = at + dt.timedelta(minutes=place)
            row = {"at": moment, "outcome": outcome, "words": words}
            connection.execute(insert(SyncLog).values(**row))


def live(state=State.WAITING, seconds=34, **more) -> Live:
    next_at = clock.now() + dt.timedelta(seconds=seconds)
    since = clock.now() - dt.timedelta(hours=3)
    return Live(**({"state": state, "online": True, "since": since, "next_at": next_at} | more))


def test_all_is_well(laptop, bench, opens, qtbot, pictured) -> None:
    prove(laptop)
    log(laptop, ("done", "318 sent, 12 received"))
    page = opens(SyncPage(bench))
    page.show_live(live(State.RESTING))
    assert page.head.heading.text() == "Everything is on the server"
    assert page.head.proof.text().startswith("318 operations and 46 files are on the server, ")
    assert not page.head.waiting.isVisible()
    assert page.head.next.text() == "Next look in 34 seconds."
    pictured(page, "sync-well")
    with qtbot.waitSignal(page.sync_wanted):
        page.sync_button.click()


def test_offline_says_since_when_what_waits_and_when_it_is_tried_next(
    laptop, bench, opens, qtbot, pictured
) -> None:
    write(laptop, bench, 7)
    wait_files(laptop, 4_000_000, 2_500_000)
    prove(laptop, clock_offset_seconds=1200)
    failed = ("failed", f"Offline: {OFFLINE.sentence}")
    met = Met(
        "audit_checklists",
        laptop.items[12],
        ("rating",),
        ("auditor_finding",),
        laptop.users["auditor"],
    )
    log(laptop, ("done", "318 sent, 1 received"), (parallel.OUTCOME, met.words()), *[failed] * 9)
    page = opens(SyncPage(bench))
    page.show_live(live(online=False, error=OFFLINE, failures=9))
    assert page.head.heading.text().startswith("No connection since ")
    assert page.head.meaning.text() == OFFLINE.sentence
    assert page.head.next.text() == "Next try in 34 seconds."
    assert page.head.waiting.text() == (
        "Waiting: 7 operations, 2 files (6.5 MB); the oldest for 3 h."
    )
    assert "20 minutes" in page.head.clock.text()
    (line,) = page.lines.rows
    assert (line.audit, line.operations, line.files) == (
        "Acme Gearworks Ltd · AUD-2026-0042",
        7,
        2,
    )
    pictured(page, "sync-offline")
    page.tabs.setCurrentIndex(2)
    pictured(page, "sync-history")
    shown = [tables.log_words(row) for row in page.log.rows]
    assert shown[0].startswith("9 times since ")
    assert shown[1] == (
        "Checklist item 7.1.5: Tom Okafor changed Note, you changed Rating. Both were kept."
    )
    assert shown[2] == "318 changes sent, 1 change received"
    with qtbot.waitSignal(bench.place_wanted) as caught:
        page._go(page.log.index(1, 0))
    assert caught.args[0].id == laptop.items[12]


def test_a_fault_that_stays_says_what_to_do(laptop, bench, opens, qtbot, pictured) -> None:
    write(laptop, bench, 3)
    page = opens(SyncPage(bench))
    fault = ServerFault("The server could not do it (500). Nothing was lost; it is tried again.")
    page.show_live(live(error=fault, failures=2))
    assert page.head.heading.text() == "The server has a problem"
    assert "support bundle" not in page.head.meaning.text()
    page.show_live(live(error=fault, failures=12, seconds=290))
    assert "failed 12 times in a row" in page.head.meaning.text()
    assert page.head.next.text() == "Next try in 5 minutes."
    pictured(page, "sync-stuck")


def test_nothing_is_claimed_before_it_is_proved(laptop, bench, opens) -> None:
    page = opens(SyncPage(bench))
    assert page.head.heading.text() == "Nothing waits to be sent"
    assert "Nothing was proved" in page.head.proof.text()


@pytest.mark.parametrize("seconds", [365 * 86400, -365 * 86400])
def test_a_clock_a_year_wrong_is_said_in_days(laptop, bench, opens, seconds) -> None:
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(Device).values(clock_offset_seconds=seconds))
    page = opens(SyncPage(bench))
    assert page.head.clock.isVisible()
    assert "365 days from the server's. Nothing is lost by it" in page.head.clock.text()


def test_what_waits_is_counted_by_audit_and_the_rest_as_other(laptop, bench) -> None:
    write(laptop, bench, 2)
    wait_files(laptop, 10)
    with laptop.opened.engine.begin() as connection:
        row = {"n": 3, "op_id": ids.new_id(), "txn_id": ids.new_id(), "type": "clients"}
        row |= {"record_id": laptop.client_id, "kind": "update", "base_rev": 0, "raw": "{}"}
        row |= {"wall_time": clock.now(), "hash": GENESIS}
        connection.execute(insert(Outbox).values(**row))
    with bench.readers() as session:
        found = queries.status(session).lines
        assert session.scalar(select(func.count(Outbox.n))) == 3
    assert [(one.operations, one.files, bool(one.audit)) for one in found] == [
        (2, 1, True),
        (1, 0, False),
    ]


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
    assert page.head.heading.text() == "1 change was not accepted"
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


def test_photos_may_be_held_back_and_the_choice_stays(laptop, bench, opens, qtbot) -> None:
    prove(laptop)
    page = opens(SyncPage(bench))
    choice = page.photo_limit.choice
    assert [choice.itemText(n) for n in range(3)] == ["no limit", "1 Mbit/s", "256 kbit/s"]
    assert settings_of(bench.opened.profile).photo_bits == 0
    choice.setFocus()
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    qtbot.keyClick(choice, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: settings_of(bench.opened.profile).photo_bits == 256_000)
    again = opens(SyncPage(bench))
    assert again.photo_limit.choice.currentText() == "256 kbit/s"
