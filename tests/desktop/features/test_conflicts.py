"""Conflicts: both sides named, one choice settles field and conflict together."""

import json

import pytest
from sqlalchemy import select, update

from intact_core import clock, ids
from intact_core.errors import BadInput
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conflicts import Conflict
from intact_desktop.features.conflicts import actions, queries
from intact_desktop.features.conflicts.marks import marked
from intact_desktop.features.conflicts.page import ConflictsPage
from intact_desktop.store.tables import Outbox


@pytest.fixture
def conflict(laptop):
    row = Conflict(
        id=ids.new_id(),
        scope=f"audit:{laptop.audit_id}",
        record_type="audit_checklists",
        record_id=laptop.items[4],
        kind="edit",
        field_group="auditor_finding",
        base={"auditor_finding": "Two gauges seen."},
        server={"auditor_finding": "Two gauges seen, both calibrated."},
        server_by=laptop.users["auditor"],
        server_at=clock.now(),
        incoming={"auditor_finding": "Three gauges seen."},
        incoming_by=laptop.opened.user_id,
        incoming_at=clock.now(),
        state="open",
    )
    laptop.put(row)
    return row


def stored(bench, laptop):
    with bench.readers() as session:
        item = session.scalar(select(AuditChecklist).where(AuditChecklist.id == laptop.items[4]))
        return session.scalars(select(Conflict)).one(), item


def test_mine_comes_first_and_both_are_named(laptop, bench, conflict) -> None:
    with bench.readers() as session:
        (row,) = queries.conflicts(session, laptop.opened.user_id)
    assert [(side.name, side.resolution) for side in row.sides] == [
        ("Anna Lindqvist", "incoming"),
        ("Tom Okafor", "server"),
    ]
    assert row.fields[0].is_text


@pytest.mark.parametrize(
    ("resolution", "edited", "expected"),
    [
        ("incoming", None, "Three gauges seen."),
        ("server", None, "Two gauges seen, both calibrated."),
        ("edited", {"auditor_finding": "Three, all calibrated."}, "Three, all calibrated."),
    ],
)
def test_a_choice_settles_field_and_conflict(
    laptop, bench, conflict, resolution, edited, expected
) -> None:
    with bench.sessions.begin() as session:
        actions.settle(session, conflict.id, resolution, "counted again", edited)
    settled, item = stored(bench, laptop)
    assert item.auditor_finding == expected
    assert (settled.state, settled.resolution, settled.reason) == (
        "resolved",
        resolution,
        "counted again",
    )
    assert settled.resolved_by == laptop.opened.user_id
    with bench.readers() as session:
        assert len(set(session.scalars(select(Outbox.txn_id)))) == 1


def test_without_a_reason_nothing_changes(laptop, bench, conflict, opens, qtbot, pictured) -> None:
    page = opens(ConflictsPage(bench))
    pictured(page, "conflicts")
    page.view.mine_button.click()
    qtbot.waitUntil(page.error.isVisible)
    assert stored(bench, laptop)[0].state == "open"
    page.view.reason.setText("counted again")
    with qtbot.waitSignals([page.settled, page.ready]):
        page.view.mine_button.click()
    assert stored(bench, laptop)[0].resolution == "incoming"
    qtbot.waitUntil(lambda: page.list.count() == 0)
    with pytest.raises(BadInput), bench.sessions.begin() as session:
        actions.settle(session, conflict.id, "server", "too late")


def test_a_third_value_is_written_in_place(laptop, bench, conflict, opens, qtbot) -> None:
    page = opens(ConflictsPage(bench))
    page.view.edit_button.click()
    page.view.editors["auditor_finding"].setPlainText("Three, all calibrated.")
    page.view.reason.setText("both are right")
    with qtbot.waitSignal(page.settled):
        page.view.keep_button.click()
    assert stored(bench, laptop)[1].auditor_finding == "Three, all calibrated."


def test_what_was_not_accepted_is_listed_and_handed_in_again(
    laptop, bench, opens, qtbot, pictured
) -> None:
    with bench.sessions.begin() as session:
        item = session.scalar(select(AuditChecklist).where(AuditChecklist.id == laptop.items[0]))
        item.auditor_finding = "words of mine"
    receipt = {"verdict": "quarantined", "reason": "signed", "sentence": "The report is signed."}
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(Outbox).values(verdict="quarantined", receipt=receipt))
        connection.execute(update(AuditChecklist).values(auditor_finding=None))
    page = opens(ConflictsPage(bench))
    page.tabs.setCurrentIndex(1)
    pictured(page, "not-accepted")
    with bench.readers() as session:
        (one,) = queries.refused(session)
    assert (one.reason, one.values) == (
        "The report is signed.",
        {"auditor_finding": "words of mine"},
    )
    with bench.sessions.begin() as session:
        actions.hand_in_again(session, one.n)
    with bench.readers() as session:
        raws = session.scalars(select(Outbox.raw).order_by(Outbox.n)).all()
    assert json.loads(raws[1])["changes"]["auditor_finding"] == [None, "words of mine"]


def test_differences_are_marked_by_words() -> None:
    assert marked("Two gauges seen.", "Three gauges seen.") == [
        ("Three", True),
        (" gauges seen.", False),
    ]
