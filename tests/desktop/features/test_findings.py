"""Findings: two actions from an item, parts that are missing, numbers without a network."""

import pytest
from sqlalchemy import select

from intact_core import ids
from intact_core.errors import RuleBroken
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.findings import NonConformity
from intact_desktop.features.findings import actions, queries
from intact_desktop.features.findings.page import FindingsPage


def read(bench, laptop):
    with bench.readers() as session:
        return queries.findings(session, laptop.audit_id).rows


def rate(bench, item_id, rating) -> None:
    with bench.sessions.begin() as session:
        item = session.scalar(select(AuditChecklist).where(AuditChecklist.id == item_id))
        item.rating = rating


def test_a_finding_takes_grade_clause_and_evidence_from_its_item(laptop, bench) -> None:
    item_id = laptop.items[12]
    rate(bench, item_id, "major")
    photo = AuditEvidence(
        id=ids.new_id(),
        audit_schedule_id=laptop.audit_id,
        audit_checklist_id=item_id,
        file_name="a.jpg",
        content_type="image/jpeg",
        size=1,
        sha256="0" * 64,
    )
    laptop.put(photo)
    with bench.sessions.begin() as session:
        actions.start(session, laptop.audit_id, item_id)
    (row,) = read(bench, laptop)
    assert (row.number, row.severity, row.clause) == ("AUD-2026-0042-A01", "major", "7.1.5")
    assert row.requirement == "7.1.5 Monitoring and measuring resources"
    assert row.missing == ("description", "evidence")
    assert row.files == 1
    assert [item.id for item in row.items] == [item_id]
    assert row.due_date is not None


def test_numbers_are_never_given_twice(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        first = actions.start(session, laptop.audit_id)
        actions.void(session, first, "seen wrongly")
        actions.start(session, laptop.audit_id)
    assert sorted(row.number[-3:] for row in read(bench, laptop)) == ["A01", "A02"]


def test_joined_items_stand_behind_it_once(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        finding = actions.start(session, laptop.audit_id, laptop.items[0])
        actions.join(session, finding, laptop.items[1])
        actions.join(session, finding, laptop.items[1])
    (row,) = read(bench, laptop)
    assert len(row.items) == 2
    with bench.sessions.begin() as session:
        actions.part(session, finding, laptop.items[0])
    (row,) = read(bench, laptop)
    assert [item.id for item in row.items] == [laptop.items[1]]


def test_voiding_needs_a_reason(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        finding = actions.start(session, laptop.audit_id)
    with pytest.raises(RuleBroken, match="why"), bench.sessions.begin() as session:
        actions.void(session, finding, "  ")


def test_the_page_writes_what_is_typed(laptop, bench, opens, qtbot, pictured) -> None:
    page = opens(FindingsPage(bench))
    with qtbot.waitSignals([page.started, page.ready]):
        page.start(laptop.items[12])
    qtbot.waitUntil(lambda: page.editor.finding is not None)
    qtbot.waitUntil(page.statement.hasFocus)
    qtbot.keyClicks(page.statement, "Two gauges were in use after their calibration ran out.")
    with qtbot.waitSignal(page.ready):
        page.statement.flush()
    page.editor.grade.setCurrentIndex(page.editor.grade.findData("major"))
    with qtbot.waitSignal(page.ready):
        page.editor.grade.activated.emit(0)
    with qtbot.waitSignals([page.started, page.ready]):
        page.start(laptop.items[20])
    qtbot.waitUntil(lambda: page.editor.finding.number.endswith("A02"))
    pictured(page, "findings")
    with bench.readers() as session:
        rows = session.scalars(select(NonConformity).order_by(NonConformity.nc_number)).all()
    assert [row.description for row in rows][0].startswith("Two gauges")
    assert [row.severity for row in rows] == ["major", "minor"]


def test_a_refused_grade_is_shown_as_it_was(laptop, bench, opens, qtbot) -> None:
    page = opens(FindingsPage(bench))
    with qtbot.waitSignals([page.started, page.ready]):
        page.start()
    qtbot.waitUntil(lambda: page.editor.finding is not None)
    with qtbot.waitSignals([bench.said, page.ready]):
        page.editor.graded.emit("observation")
    qtbot.waitUntil(lambda: page.editor.grade.currentData() == "minor")


def test_an_answer_from_before_does_not_take_back_what_is_typed(
    laptop, bench, opens, qtbot
) -> None:
    page = opens(FindingsPage(bench))
    with qtbot.waitSignals([page.started, page.ready]):
        page.start()
    qtbot.waitUntil(page.statement.hasFocus)
    seen: list[str] = []
    page.statement.textChanged.connect(lambda: seen.append(page.statement.toPlainText()))
    page.outdate()
    qtbot.keyClicks(page.statement, "abc")
    page.statement.flush()
    qtbot.wait(300)
    qtbot.keyClicks(page.statement, "d")
    assert page.statement.toPlainText() == "abcd"
    assert "" not in seen
