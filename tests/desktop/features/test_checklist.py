"""The checklist by keyboard, durable at each step."""

from PySide6.QtCore import Qt
from sqlalchemy import func, select

from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import Signature
from intact_desktop.features.checklist import queries
from intact_desktop.features.checklist.model import ChecklistModel
from intact_desktop.features.checklist.page import ChecklistPage
from intact_desktop.store.tables import Outbox

Key = Qt.Key


def rating_of(bench, item_id) -> str | None:
    with bench.readers() as session:
        return session.scalar(select(AuditChecklist.rating).where(AuditChecklist.id == item_id))


def test_the_model_keeps_qts_contract(laptop, bench, qtmodeltester) -> None:
    model = ChecklistModel()
    qtmodeltester.check(model)
    with bench.readers() as session:
        read = queries.checklist(session, laptop.audit_id)
    model.show_items(read.items, read.titles)
    qtmodeltester.check(model)
    model.rate(laptop.items[0], "major")
    model.show_only(lambda item: item.clause.startswith("7"))
    qtmodeltester.check(model)
    assert (model.done, model.total) == (0, 6)
    model.show_only(None)
    assert (model.done, model.total) == (1, 33)
    assert model.index(0, 1).data() == "1/6"


def test_keys_rate_and_go_on(laptop, bench, opens, qtbot, pictured) -> None:
    page = opens(ChecklistPage(bench))
    first, second = laptop.items[:2]
    assert page.current.id == first
    for key, rating in ((Key.Key_1, "compliant"), (Key.Key_4, "major")):
        with qtbot.waitSignal(page.rating_kept):
            qtbot.keyClick(page.tree, key)
        assert rating_of(bench, first) == rating
    assert page.rating_buttons["major"].isChecked()
    qtbot.keyClick(page.tree, Key.Key_Return)
    assert page.current.id == second
    qtbot.keyClick(page.tree, Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert page.current.id == laptop.items[-1]
    assert page.progress_words.text() == "1 of 33 answered"
    pictured(page, "checklist")


def test_a_note_is_kept_without_a_button_and_letters_stay_letters(
    laptop, bench, opens, qtbot
) -> None:
    page = opens(ChecklistPage(bench))
    page.note.setFocus()
    qtbot.keyClicks(page.note, "Seen: order 4711")
    with qtbot.waitSignal(bench.changed):
        page.next_unanswered()
    with bench.readers() as session:
        row = session.scalar(select(AuditChecklist).where(AuditChecklist.id == laptop.items[0]))
        assert (row.auditor_finding, row.rating) == ("Seen: order 4711", None)
        assert session.scalar(select(func.count()).select_from(Outbox)) == 1


def test_a_refused_rating_is_taken_back_with_its_reason(laptop, bench, opens, qtbot) -> None:
    laptop.put(
        Signature(
            audit_schedule_id=laptop.audit_id,
            report_id=laptop.audit_id,
            kind="pades",
            signer_name="Anna",
            signer_role="lead",
            meaning="author",
            signed_at=laptop.opened.lease_until,
            snapshot_sha256="0" * 64,
            document_sha256="0" * 64,
        )
    )
    page = opens(ChecklistPage(bench))
    with qtbot.waitSignal(bench.said) as said:
        page.rating_buttons["minor"].click()
    assert "signed" in said.args[0]
    assert page.current.rating is None
    assert not page.rating_buttons["minor"].isChecked()


def test_the_search_finds_notes_and_gives_way(laptop, bench, opens, qtbot) -> None:
    page = opens(ChecklistPage(bench))
    qtbot.keyClick(page.tree, Key.Key_Slash)
    assert page.search.hasFocus()
    qtbot.keyClicks(page.search, "8.7")
    assert {item.clause for item in page.model.shown} == {"8.7"}
    page.show_item(laptop.items[0])
    assert page.current.id == laptop.items[0]
    assert len(page.model.shown) == 33


def test_a_sync_while_typing_loses_no_letter(laptop, bench, opens, qtbot) -> None:
    page = opens(ChecklistPage(bench))
    page.note.setFocus()
    qtbot.keyClicks(page.note, "half a ")
    with qtbot.waitSignal(page.ready):
        bench.synced.emit()
        qtbot.keyClicks(page.note, "sent")
    qtbot.keyClicks(page.note, "ence")
    assert page.note.toPlainText() == "half a sentence"
    page.note.flush()
    with qtbot.waitSignal(page.ready):
        page.outdate()
    with bench.readers() as session:
        row = session.scalar(select(AuditChecklist).where(AuditChecklist.id == laptop.items[0]))
    assert row.auditor_finding == page.note.toPlainText() == "half a sentence"
