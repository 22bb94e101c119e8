"""Conflicts: both sides shown, one transaction settles, and what the server refused."""

import datetime as dt

import pytest
from sqlalchemy import func, select, update

from intact_core import clock, ids
from intact_core.errors import BadInput, RuleBroken
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.conclusions import Signature
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import FindingItem, NonConformity
from intact_desktop.features.conflicts import actions, queries
from intact_desktop.features.conflicts.actions import Choice
from intact_desktop.features.conflicts.differences import Part, differences
from intact_desktop.features.conflicts.page import ConflictsPage
from intact_desktop.store.tables import Device, Outbox

BASE = "Two gauges were seen in the hall. Both had labels."
MINE = "Two gauges were seen in the hall. One had no label."
THEIRS = "Three gauges were seen in hall A. Both had labels."


def conflict(laptop, **changes) -> Conflict:
    values = {
        "id": ids.new_id(),
        "scope": f"audit:{laptop.audit_id}",
        "record_type": "audit_checklists",
        "record_id": laptop.items[12],
        "kind": "edit",
        "field_group": "auditor_finding",
        "base": {"auditor_finding": BASE},
        "server": {"auditor_finding": THEIRS},
        "server_by": laptop.users["auditor"],
        "server_at": clock.now() - dt.timedelta(hours=2),
        "server_device": ids.new_id(),
        "incoming": {"auditor_finding": MINE},
        "incoming_by": laptop.opened.user_id,
        "incoming_at": clock.now() - dt.timedelta(hours=1),
        "incoming_device": laptop.opened.device_id,
    }
    row = Conflict(**(values | changes))
    laptop.put(row)
    return row


def finding(laptop, number="NC-01", **values) -> NonConformity:
    row = NonConformity(
        id=ids.new_id(),
        audit_schedule_id=laptop.audit_id,
        nc_number=number,
        severity="minor",
        clause="7.5.3",
        **({"description": f"Statement of {number}"} | values),
    )
    laptop.put(row)
    return row


def note_of(session, laptop) -> str | None:
    row = AuditChecklist
    return session.scalar(select(row.auditor_finding).where(row.id == laptop.items[12]))


def test_mine_comes_first_with_person_and_time(laptop, bench) -> None:
    conflict(laptop)
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    assert row.audit == "Acme Gearworks Ltd · AUD-2026-0042"
    assert row.subject == "7.1.5"
    assert (row.first.is_mine, row.first.by) == (True, "Anna Lindqvist")
    assert (row.second.is_mine, row.second.by) == (False, "Tom Okafor")
    assert [one.kind for one in row.fields] == ["text"]


def test_differences_lose_no_text() -> None:
    found = list(differences(BASE, MINE))
    assert "".join(text for part, text in found if part is not Part.GONE) == MINE
    assert "".join(text for part, text in found if part is not Part.ADDED) == BASE
    assert (Part.ADDED, "One ") in found
    long = "word " * 4000
    assert [part for part, _ in differences(long, long + "\nmore")] == [
        Part.GONE,
        Part.ADDED,
    ]


@pytest.mark.parametrize(
    ("resolution", "values", "expected"),
    [
        ("incoming", {}, MINE),
        ("server", {}, None),
        ("edited", {"auditor_finding": "Both."}, "Both."),
    ],
)
def test_one_transaction_writes_and_settles(laptop, bench, resolution, values, expected) -> None:
    one = conflict(laptop)
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice(resolution, "seen together", values))
    with bench.readers() as session:
        row = session.get(Conflict, (laptop.tenant_id, one.id))
        assert (row.state, row.resolution, row.reason) == ("resolved", resolution, "seen together")
        assert row.resolved_by == bench.user_id
        assert row.resolved_at is not None
        assert note_of(session, laptop) == expected
        assert session.scalar(select(func.count(Outbox.txn_id.distinct()))) == 1
        assert queries.open_conflicts(session) == []


def test_no_choice_without_a_reason_and_none_twice(laptop, bench) -> None:
    one = conflict(laptop)
    with pytest.raises(BadInput, match="why"), bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("incoming", "  "))
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("incoming", "mine is later"))
    with pytest.raises(BadInput, match="already"), bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("server", "no"))


def test_what_a_signature_covers_is_refused_and_stays_open(laptop, bench) -> None:
    one = conflict(laptop)
    laptop.put(
        Signature(
            audit_schedule_id=laptop.audit_id,
            report_id=laptop.audit_id,
            kind="pades",
            signer_name="Anna",
            signer_role="lead",
            meaning="author",
            signed_at=clock.now(),
            snapshot_sha256="0" * 64,
            document_sha256="0" * 64,
        )
    )
    with pytest.raises(RuleBroken, match="signed"), bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("incoming", "mine"))
    with bench.readers() as session:
        assert session.scalar(select(Conflict.state)) == "open"


def test_a_removal_that_met_an_edit(laptop, bench) -> None:
    """The edit stands; choosing the removal removes."""
    nc = finding(laptop)
    gone = {"deleted_at": clock.now().isoformat(), "deleted_reason": "twice"}
    one = conflict(
        laptop,
        record_type="non_conformities",
        record_id=nc.id,
        kind="delete_edit",
        field_group="deleted",
        base=dict.fromkeys(gone),
        server=gone,
        incoming={"evidence": "Order 4711"},
    )
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("server", "it was twice"))
    with bench.readers() as session:
        row = session.get(NonConformity, (laptop.tenant_id, nc.id))
    assert row.deleted_reason == "twice"


def test_two_findings_with_one_number(laptop, bench) -> None:
    other, mine = finding(laptop), finding(laptop, "NC-01", description="Mine")
    finding(laptop, "NC-02")
    one = conflict(
        laptop,
        record_type="non_conformities",
        record_id=mine.id,
        kind="possible_duplicate",
        field_group="nc_number",
        base={"nc_number": None},
        server={"nc_number": "NC-01", "id": str(other.id)},
        incoming={"nc_number": "NC-01"},
    )
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    assert row.suggestion == "NC-03"
    assert row.first.values["description"] == "Mine"
    assert row.second.values["description"] == "Statement of NC-01"
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("edited", "another one", {"nc_number": "NC-03"}))
    with bench.readers() as session:
        assert session.get(NonConformity, (laptop.tenant_id, mine.id)).nc_number == "NC-03"


def refuse(laptop, sentence="This cannot change once it is recorded.", settled=True) -> None:
    """What the server and the next pull do with everything in the outbox."""
    with laptop.opened.engine.begin() as connection:
        connection.execute(
            update(Outbox).values(
                verdict="quarantined", receipt={"reason": "rule", "sentence": sentence}
            )
        )
        connection.execute(update(Device).values(settled_n=Device.last_n if settled else 0))


def test_a_refused_change_is_put_back(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, laptop.items[12])).auditor_finding = MINE
    refuse(laptop, "You have no access to this audit.", settled=False)
    with bench.readers() as session:
        (one,) = queries.refused(session)
    assert one.sentence == "You have no access to this audit."
    assert one.changes[0].values == {"auditor_finding": MINE}
    assert not one.can_put_back
    refuse(laptop)
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(AuditChecklist).values(auditor_finding=None))
    with bench.sessions.begin() as session:
        assert actions.put_back(session, one.txn_id) == 1
    with bench.readers() as session:
        assert note_of(session, laptop) == MINE
        assert queries.refused(session) == []


def test_a_refused_finding_comes_back_with_what_belongs_to_it(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        nc = NonConformity(
            id=ids.new_id(),
            audit_schedule_id=laptop.audit_id,
            nc_number="NC-09",
            severity="minor",
            description="Lost",
        )
        session.add(nc)
        session.flush()
        session.add(
            FindingItem(
                audit_schedule_id=laptop.audit_id,
                non_conformity_id=nc.id,
                audit_checklist_id=laptop.items[0],
            )
        )
    refuse(laptop)
    with laptop.opened.engine.begin() as connection:
        for table in (FindingItem, NonConformity):
            connection.execute(update(table).values(deleted_at=clock.now()))
    with bench.readers() as session:
        (one,) = queries.refused(session)
    with bench.sessions.begin() as session:
        assert actions.put_back(session, one.txn_id) == 2
    with bench.readers() as session:
        alive = NonConformity.deleted_at.is_(None)
        again = session.scalars(select(NonConformity).where(alive)).one()
        link = session.scalars(select(FindingItem).where(FindingItem.deleted_at.is_(None))).one()
        assert queries.refused(session) == []
    assert again.id != nc.id
    assert (again.description, link.non_conformity_id) == ("Lost", again.id)


def test_what_is_gone_cannot_be_put_back(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, laptop.items[12])).auditor_finding = MINE
        txn_id = None
    refuse(laptop)
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(AuditChecklist).values(deleted_at=clock.now()))
    with bench.readers() as session:
        txn_id = queries.refused(session)[0].txn_id
    with pytest.raises(BadInput, match="Copy its text"), bench.sessions.begin() as session:
        actions.put_back(session, txn_id)


def test_the_page_settles_with_a_reason(laptop, bench, opens, qtbot, pictured) -> None:
    one = conflict(laptop)
    nc = finding(laptop)
    conflict(
        laptop,
        record_type="non_conformities",
        record_id=nc.id,
        field_group="finding",
        base={"severity": "minor", "clause": "7.5.3", "description": BASE},
        server={"severity": "major", "clause": "7.5.3", "description": THEIRS},
        incoming={"severity": "minor", "clause": "7.1.5", "description": MINE},
    )
    page = opens(ConflictsPage(bench))
    assert page.tabs.tabText(0) == "Conflicts (2)"
    assert page.view.keep_mine_button.text() == "Keep mine"
    by_type = {row.place.type: row.place for row in page.rows}
    page.go_to(by_type["non_conformities"])
    assert page.view.title.text() == "Finding NC-01"
    pictured(page, "conflicts")
    page.go_to(by_type["audit_checklists"])
    page.view.keep_mine_button.click()
    assert page.view.notice.isVisible()
    qtbot.keyClicks(page.view.reason, "I saw the label myself")
    with qtbot.waitSignal(page.settled) as caught:
        page.view.keep_mine_button.click()
    assert caught.args == [one.id]
    with bench.readers() as session:
        assert note_of(session, laptop) == MINE
    qtbot.waitUntil(lambda: page.tabs.tabText(0) == "Conflicts (1)")


def test_the_page_edits(laptop, bench, opens, qtbot, pictured) -> None:
    conflict(laptop)
    page = opens(ConflictsPage(bench))
    page.view.edit_button.click()
    editor = page.view.editors["auditor_finding"]
    assert editor.toPlainText() == MINE
    editor.setPlainText("Three gauges; one had no label.")
    page.view.reason.setText("both are right")
    pictured(page, "conflicts-edit")
    with qtbot.waitSignal(page.settled):
        page.view.save_edit_button.click()
    with bench.readers() as session:
        assert note_of(session, laptop) == "Three gauges; one had no label."


def test_the_page_shows_what_was_refused(laptop, bench, opens, qtbot, pictured) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, laptop.items[12])).auditor_finding = MINE
        session.add(
            AuditEvidence(
                audit_schedule_id=laptop.audit_id,
                file_name="gauge.jpg",
                content_type="image/jpeg",
                size=10,
                sha256="0" * 64,
            )
        )
    refuse(laptop)
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(AuditChecklist).values(auditor_finding=None))
    page = opens(ConflictsPage(bench))
    page.tabs.setCurrentIndex(1)
    assert "cannot change" in page.refused_view.sentence.text()
    assert MINE in page.refused_view.text.toPlainText()
    pictured(page, "conflicts-refused")
    with qtbot.waitSignal(page.put_back) as caught:
        page.refused_view.put_back_button.click()
    assert caught.args == [2]
    qtbot.waitUntil(lambda: page.tabs.tabText(1) == "Not accepted")
