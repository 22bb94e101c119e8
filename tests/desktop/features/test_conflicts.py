"""Conflicts: both sides shown, a proposal that is only one, one transaction settles."""

import datetime as dt
import re

import pytest
from PySide6.QtCore import Qt
from sqlalchemy import func, select

from intact_core import clock, ids
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import Signature
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_desktop.features.conflicts import actions, queries, shown
from intact_desktop.features.conflicts.actions import Choice
from intact_desktop.features.conflicts.page import ConflictsPage
from intact_desktop.store.tables import Outbox

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


LONG_BASE = (
    "The register of measuring equipment was sampled at three presses and at incoming goods.\n\n"
    "At press 4 two gauges were in use. Both had labels, and both labels named a date that had "
    "not passed. The operator explained how a gauge is taken out of use when its date has passed, "
    "and showed the shelf where such gauges wait.\n\n"
    "At incoming goods one scale was seen. Its certificate was at hand; the weights used for the "
    "monthly check were not labelled. The person in charge did not know when they were last "
    "calibrated.\n\n"
    "The procedure WI-22, revision 4, was on the wall at both places."
)
LONG_MINE = LONG_BASE.replace("two gauges were", "three gauges were").replace(
    "The person in charge did not know when they were last calibrated.",
    "The person in charge found their certificate in the office: calibrated in March.",
)
LONG_THEIRS = (
    LONG_BASE.replace("Both had labels, and both", "All had labels, and all")
    .replace("revision 4", "revision 3")
    .replace("did not know when they were", "did not know by whom they were")
)


def long_conflict(laptop) -> Conflict:
    texts = {"base": LONG_BASE, "server": LONG_THEIRS, "incoming": LONG_MINE}
    return conflict(laptop, **{key: {"auditor_finding": text} for key, text in texts.items()})


def test_what_both_changed_is_put_together_as_a_proposal(laptop, bench) -> None:
    long_conflict(laptop)
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    text = queries.together(row, "Anna", "Tom")["auditor_finding"]
    for words in ("three gauges were", "All had labels", "revision 3", "⟦Anna: ", "⟦Tom: "):
        assert words in text
    assert row.merged["auditor_finding"].clashes == 1


def test_a_group_takes_each_field_from_who_changed_it(laptop, bench) -> None:
    conflict(
        laptop,
        record_type="non_conformities",
        record_id=finding(laptop).id,
        field_group="finding",
        base={"severity": "minor", "clause": "7.5.3", "description": BASE},
        server={"severity": "major", "clause": "7.5.3", "description": THEIRS},
        incoming={"severity": "minor", "clause": "7.1.5", "description": MINE},
    )
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    assert queries.together(row, "A", "B") == {
        "severity": "major",
        "clause": "7.1.5",
        "description": "Three gauges were seen in hall A. One had no label.",
    }


def test_a_third_person_sees_who_is_who(laptop, bench) -> None:
    conflict(
        laptop,
        incoming_by=laptop.users["cb_admin"],
        incoming_device=ids.new_id(),
    )
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    heads = [shown.head(row, side).rpartition(",")[0] for side in (row.first, row.second)]
    assert heads == ["Tom Okafor", "Rie Nakamura"]
    assert [shown.choice_words(row, side) for side in (row.first, row.second)] == [
        "Use what &1 Tom Okafor wrote",
        "Use what &2 Rie Nakamura wrote",
    ]
    assert "everybody sees the version of Tom Okafor" in shown.kind_words(row)


def removed(laptop) -> Conflict:
    gone = {"deleted_at": clock.now().isoformat(), "deleted_reason": "The same as NC-02"}
    return conflict(
        laptop,
        record_type="non_conformities",
        record_id=finding(laptop).id,
        kind="delete_edit",
        field_group="deleted",
        base=dict.fromkeys(gone),
        server=gone,
        incoming={"evidence": "Order 4711"},
    )


def same_number(laptop) -> Conflict:
    other, mine = finding(laptop), finding(laptop, description=LONG_MINE)
    return conflict(
        laptop,
        record_type="non_conformities",
        record_id=mine.id,
        kind="possible_duplicate",
        field_group="nc_number",
        base={"nc_number": None},
        server={"nc_number": "NC-01", "id": str(other.id)},
        incoming={"nc_number": "NC-01"},
    )


def test_a_removal_that_met_an_edit_has_its_own_words(
    laptop, bench, opens, qtbot, pictured
) -> None:
    removed(laptop)
    page = opens(ConflictsPage(bench))
    said = page.view.what.text()
    assert "Tom Okafor removed this while you changed it. It is still there" in said
    assert page.view.keep_mine_button.text() == "&Keep it"
    assert page.view.keep_theirs_button.text() == "&Remove it"
    assert not page.view.edit_button.isVisible()
    assert any("The same as NC-02" in text for text in page.view.comparison.texts)
    pictured(page, "conflicts-removed")


def test_two_records_with_one_number_have_their_own_words(
    laptop, bench, opens, qtbot, pictured
) -> None:
    one = same_number(laptop)
    page = opens(ConflictsPage(bench))
    assert "the same number, NC-01. Both are kept" in page.view.what.text()
    assert not page.view.keep_theirs_button.isVisible()
    pictured(page, "conflicts-number")
    page.view.edit_button.click()
    assert page.view.editors["nc_number"].text() == "NC-02"
    page.view.reason.setText("Mine came later")
    with qtbot.waitSignal(page.settled):
        page.view.save_edit_button.click()
    with bench.readers() as session:
        number = NonConformity.nc_number
        assert session.scalar(select(number).where(NonConformity.id == one.record_id)) == "NC-02"


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
    page = ConflictsPage(bench)
    counted = []
    page.counted.connect(counted.append)
    opens(page)
    assert counted == [2]
    assert page.view.keep_mine_button.text() == "Use &mine"
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
    qtbot.waitUntil(lambda: counted[-1] == 1)


def test_a_conflict_that_a_round_brought_is_counted_out_of_sight(
    laptop, bench, opens, qtbot
) -> None:
    page = ConflictsPage(bench)
    qtbot.addWidget(page)
    conflict(laptop)
    with qtbot.waitSignal(page.counted) as caught:
        bench.synced.emit()
    assert caught.args == [1]


def test_a_conflict_is_settled_by_keyboard_alone(laptop, bench, opens, qtbot) -> None:
    conflict(laptop)
    page = opens(ConflictsPage(bench))
    page.window().activateWindow()
    page.list.setFocus()
    qtbot.waitUntil(page.list.hasFocus)
    qtbot.keyClick(page.list, Qt.Key.Key_Return)
    qtbot.waitUntil(page.view.reason.hasFocus)
    qtbot.keyClicks(page.view.reason, "Tom saw more")
    with qtbot.waitSignal(page.settled):
        qtbot.keyClick(page.view.reason, Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)
    with bench.readers() as session:
        assert session.scalar(select(Conflict.resolution)) == "server"


def test_a_proposal_is_used_only_after_its_marks_are_decided(
    laptop, bench, opens, qtbot, pictured
) -> None:
    long_conflict(laptop)
    page = opens(ConflictsPage(bench))
    view = page.view
    pictured(page, "conflicts-long")
    view.merge_button.click()
    editor = view.editors["auditor_finding"]
    assert "⟦Anna Lindqvist: " in editor.toPlainText()
    with bench.readers() as session:
        assert note_of(session, laptop) is None
    view.reason.setText("We looked again together")
    view.save_edit_button.click()
    assert "⟦ ⟧" in view.notice.text.text()
    view.notice.dismiss()
    pictured(page, "conflicts-proposal")
    text = re.sub(r"⟦Anna Lindqvist: ([^⟧]*)⟧ ⟦[^⟧]*⟧", r"\1", editor.toPlainText())
    editor.setPlainText(text)
    with qtbot.waitSignal(page.settled):
        view.save_edit_button.click()
    with bench.readers() as session:
        assert "three gauges were in use. All had labels" in note_of(session, laptop)


def test_what_is_being_written_outlives_a_sync_and_a_look_elsewhere(
    laptop, bench, opens, qtbot
) -> None:
    one = conflict(laptop)
    same_number(laptop)
    page = opens(ConflictsPage(bench))
    page.go_to(Place("conflicts", one.id))
    page.view.edit_button.click()
    page.view.editors["auditor_finding"].setPlainText("Half a sen")
    page.view.reason.setText("beca")
    with qtbot.waitSignal(page.ready):
        bench.synced.emit()
    assert page.view.editors["auditor_finding"].toPlainText() == "Half a sen"
    page.go_to(next(row.place for row in page.rows if row.id != one.id))
    assert page.view.reason.text() == ""
    page.go_to(Place("conflicts", one.id))
    assert page.view.editors["auditor_finding"].toPlainText() == "Half a sen"
    assert page.view.reason.text() == "beca"
    qtbot.keyClick(page.view, Qt.Key.Key_Escape)
    assert not page.view.editors
    assert page.view.keep_mine_button.isVisible()


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
