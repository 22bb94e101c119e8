"""The page of the team room, and the dialogs of the hand-over file."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from intact_core import clock, ids
from intact_core.errors import NotSignedIn, Offline
from intact_core.interchange.handover import Cost
from intact_core.records.checklist import AuditChecklist
from intact_core.sync.operations import GENESIS, Operation, raw_bytes
from intact_desktop.features.team_room import queries
from intact_desktop.features.team_room.actions import RoomView
from intact_desktop.features.team_room.dialogs import GiveDialog, TakeDialog
from intact_desktop.features.team_room.page import TeamRoomPage
from intact_desktop.features.team_room.queries import AuditChoice
from intact_desktop.store.tables import BaseRow, Carried, CarriedChain, Outbox
from intact_desktop.sync.room_finding import Found
from intact_desktop.sync.room_member import Address
from intact_desktop.sync.room_messages import Seat

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
WORDS = "lantern orchard eighteen"


@pytest.fixture
def page(bench, opens):
    made = opens(TeamRoomPage(bench))
    yield made
    made.leave()


def carry(laptop, item, field: str, value: str) -> None:
    """A change of a colleague on an item that this person changed too."""
    device_id = ids.new_id()
    operation = Operation(
        1, ids.new_id(), ids.new_id(), "audit_checklists", item, "update", 1,
        {field: (None, value)}, clock.now(),
    )  # fmt: skip
    chain = {"device_id": device_id, "user_id": laptop.users["auditor"], "name": "Tom Okafor"}
    chain |= {"card": {}, "last_n": 1, "last_hash": GENESIS, "met_at": clock.now()}
    row = {"device_id": device_id, "n": 1, "op_id": operation.op_id, "txn_id": operation.txn_id}
    row |= {"type": operation.type, "record_id": item, "raw": raw_bytes(operation).decode()}
    row |= {"prev_hash": GENESIS, "hash": GENESIS, "signature": "00", "own_n": 1, "via": "room"}
    row |= {"received_at": clock.now()}
    body = {"id": str(item), "audit_schedule_id": str(laptop.audit_id)}
    base = {"id": item, "type": operation.type, "rev": 1, "hash": GENESIS, "body": body}
    base["scope"] = f"audit:{laptop.audit_id}"
    with laptop.opened.engine.begin() as connection:
        connection.execute(insert(BaseRow).values(**base))
        connection.execute(insert(CarriedChain).values(**chain))
        connection.execute(insert(Carried).values(**row))


def rate(laptop, bench, item, words: str) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, item)).auditor_finding = words


def test_before_a_room_all_ways_are_shown(page, qtbot, pictured) -> None:
    assert page.choosing.audits.currentText() == "Acme Gearworks Ltd · AUD-2026-0042"
    page.driver.found.emit([Found("Lea Lead", Address("192.168.1.20", 40123))])
    page.choosing.rooms.setCurrentIndex(0)
    assert page.choosing.address.text() == "192.168.1.20:40123"
    pictured(page, "room-before")
    page.driver.found.emit([])
    assert "No room was found" in page.notice.text.text()


def test_a_room_opens_shows_its_code_and_closes(page, qtbot, pictured) -> None:
    with qtbot.waitSignal(page.driver.shown, timeout=20_000):
        page.choosing.open_button.click()
    inside = page.inside
    assert page.stack.currentWidget() is inside
    assert len(inside.code.text()) == 9
    assert "Nobody is in it yet" in inside.state.text()
    assert ":" in inside.how.text()
    assert [one.is_lead for one in inside.seats.rows] == [True]
    with qtbot.waitSignal(page.driver.left):
        inside.leave_button.click()
    assert page.stack.currentWidget() is page.choosing


def test_a_room_that_is_just_being_opened_is_closed_by_locking(page, qtbot) -> None:
    page.choosing.open_button.click()
    page.leave()
    done = threading.Event()
    page.bench.lanes.network.run(done.set)
    assert done.wait(20)
    qtbot.wait(50)
    assert "team room" not in {one.name for one in threading.enumerate()}


def test_who_is_in_the_room_what_each_has_and_what_met(
    laptop, bench, page, qtbot, pictured
) -> None:
    item = laptop.items[12]
    rate(laptop, bench, item, "One gauge had no label.")
    carry(laptop, item, "auditor_finding", "Two gauges had no label.")
    with qtbot.waitSignal(page.ready):
        page.reload()
    seats = (
        Seat("Anna Lindqvist", True, 0, 41, 0),
        Seat("Priya Natarajan", False, 3, 41, 0),
        Seat("Tom Okafor", False, 75, 36, 5),
    )
    view = RoomView(
        "Acme Gearworks Ltd, AUD-2026-0042", "Anna Lindqvist", seats, 0,
        code="K7QM-3XTB", until=clock.now() + timedelta(minutes=11), address="192.168.1.7:40123",
    )  # fmt: skip
    page.driver.shown.emit(view)
    assert page.both_heading.isVisible()
    said = page.both.text()
    assert said == (
        "Checklist item 7.1.5: you have Note “One gauge had no label.”, Tom Okafor has Note "
        "“Two gauges had no label.”."
    )
    assert page.carried.text().startswith("Waiting here for the server: 1 change of Tom")
    pictured(page, "room-open")
    member = RoomView(view.title, view.lead, seats, 0, ("Two histories of one laptop.",))
    page.driver.shown.emit(member)
    assert not page.inside.door.isVisible()
    assert page.inside.state.text() == "In the room of Anna Lindqvist."
    pictured(page, "room-joined")


def test_a_lead_that_does_not_answer_is_said_and_the_room_stays(page) -> None:
    view = RoomView("Acme", "Lea", (Seat("Lea", True, 0, 0, 0),), 0)
    page.driver.shown.emit(view)
    page.driver.failed.emit(Offline("The lead's laptop does not answer."))
    assert page.stack.currentWidget() is page.inside
    assert page.inside.state.text() == "The lead's laptop does not answer."


def test_joining_where_nobody_is_is_said_in_place(page, qtbot) -> None:
    page.choosing.address.setText("127.0.0.1:1")
    page.choosing.code.setText("AAAA-AAAA")
    with qtbot.waitSignal(page.driver.failed):
        page.choosing.join_button.click()
    assert "does not answer" in page.notice.text.text()
    assert page.choosing.join_button.isEnabled()
    page.choosing.address.setText("nonsense")
    with qtbot.waitSignal(page.driver.failed):
        page.choosing.join_button.click()
    assert "looks like" in page.notice.text.text()


def test_a_room_that_was_closed_is_left(page, qtbot) -> None:
    page._show_room(RoomView("Acme", "Lea", (Seat("Lea", True, 0, 0, 0),), 0))

    class Gone:
        def close(self) -> None:
            pass

    page.driver._room = Gone()
    page.driver._fail(NotSignedIn("This room was closed. Join again."))
    assert page.stack.currentWidget() is page.choosing
    assert page.notice.text.text() == "This room was closed. Join again."


def give(page, bench, laptop, path, words: str = WORDS) -> GiveDialog:
    audit = AuditChoice(laptop.audit_id, "Acme Gearworks Ltd · AUD-2026-0042")
    dialog = GiveDialog(bench, audit, page)
    dialog.cost = CHEAP
    dialog.path.setText(str(path))
    dialog.passphrase.setText(words)
    dialog.again.setText(words)
    dialog.show()
    return dialog


def test_work_is_handed_over_and_looked_into(
    laptop, bench, page, qtbot, pictured, tmp_path
) -> None:
    rate(laptop, bench, laptop.items[12], "One gauge had no label.")
    target = tmp_path / "stick" / "acme.intact-handover"
    dialog = give(page, bench, laptop, target)
    pictured(dialog, "handover-give")
    with qtbot.waitSignal(dialog.done_with) as caught:
        dialog.write_button.click()
    assert caught.args[0].startswith("Handed over: 1 change and 0 files are in ")
    assert target.exists()
    taking = TakeDialog(bench, page, target)
    taking.passphrase.setText("other words than these")
    taking.show()
    taking.main.click()
    qtbot.waitUntil(lambda: taking.notice.isVisible())
    assert "does not open the file" in taking.notice.text.text()
    taking.passphrase.setText(WORDS)
    taking.main.click()
    qtbot.waitUntil(lambda: bool(taking.inside.text()))
    assert "Acme Gearworks Ltd, AUD-2026-0042, made by Anna Lindqvist," in taking.inside.text()
    assert "1 change (Anna Lindqvist 1), 0 new here" in taking.inside.text()
    assert taking.main.text() == "&Take over"
    pictured(taking, "handover-take")
    with qtbot.waitSignal(taking.done_with) as caught:
        taking.main.click()
    assert caught.args[0] == "Taken over from Anna Lindqvist: 0 changes, 0 files."
    with bench.readers() as session:
        assert session.scalar(select(func.count(Outbox.n))) == 1


def test_what_cannot_be_handed_over_is_said_in_place(laptop, bench, page, qtbot, tmp_path) -> None:
    target = tmp_path / "acme.intact-handover"
    dialog = give(page, bench, laptop, target, "short")
    dialog.write()
    assert "at least 12 characters" in dialog.notice.text.text()
    dialog.passphrase.setText(WORDS)
    dialog.write()
    assert "not the same" in dialog.notice.text.text()
    dialog.again.setText(WORDS)
    dialog.write()
    qtbot.waitUntil(lambda: "nothing to hand over" in dialog.notice.text.text())
    assert dialog.write_button.isEnabled()
    assert not target.exists()
    dialog.reject()


def test_a_chain_that_the_server_refused_is_said(laptop, bench) -> None:
    carry(laptop, laptop.items[0], "rating", "minor")
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(CarriedChain).values(refused="Another key."))
    with bench.readers() as session:
        (line,) = queries.status(session).carried
    assert (line.name, line.operations, line.refused) == ("Tom Okafor", 1, "Another key.")
