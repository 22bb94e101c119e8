"""The page of conflicts: seen, compared, settled with mouse and keyboard."""

import re

from PySide6.QtCore import Qt
from sqlalchemy import select

from intact_core.errors import Place
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_desktop.features.conflicts.page import ConflictsPage
from tests.desktop.features.clashes import (
    BASE,
    MINE,
    THEIRS,
    conflict,
    finding,
    long_conflict,
    removed,
    same_number,
)


def note_of(session, laptop) -> str | None:
    row = AuditChecklist
    return session.scalar(select(row.auditor_finding).where(row.id == laptop.items[12]))


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


def test_without_conflicts_the_page_says_what_it_is_for(laptop, bench, opens, pictured) -> None:
    page = opens(ConflictsPage(bench))
    assert page.rows == []
    assert not page.list.isVisible()
    pictured(page, "conflicts-none")
