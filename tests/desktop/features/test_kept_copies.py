"""Copies that were set aside can be opened, and are not touched by it."""

import hashlib

from PySide6.QtGui import QGuiApplication
from sqlalchemy import update

from intact_core import clock
from intact_core.records.checklist import AuditChecklist
from intact_core.records.clients import ClientContact
from intact_desktop.features.sync_status.page import KEPT, SyncPage
from intact_desktop.store.kept_copies import copies
from intact_desktop.store.upgrade import set_aside


def note(laptop, bench, at: int, text: str | None) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, laptop.items[at])).auditor_finding = text


def put_aside(laptop):
    opened = laptop.opened
    return set_aside(opened.engine, opened.unlocked.database_key, opened.profile.set_aside)


def digest(path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def compared(page, qtbot) -> str:
    page.tabs.setCurrentIndex(KEPT)
    page.kept_view.open_button.click()
    qtbot.waitUntil(page.kept_view.open_button.isEnabled)
    return page.kept_view.text.toPlainText()


def test_what_a_copy_holds_and_what_is_here_now_stand_together(
    laptop, bench, opens, qtbot, pictured
) -> None:
    note(laptop, bench, 0, "seen in hall 3")
    note(laptop, bench, 1, "calibrated in May")
    note(laptop, bench, 2, "the same then and now")
    copy = put_aside(laptop)
    before = digest(copy)
    note(laptop, bench, 0, "seen in hall 4")
    with laptop.opened.engine.begin() as connection:
        gone = AuditChecklist.__table__.c.id == laptop.items[1]
        connection.execute(update(AuditChecklist).where(gone).values(deleted_at=clock.now()))
    page = opens(SyncPage(bench))
    text = compared(page, qtbot)
    assert "Note: seen in hall 3\n        here now: seen in hall 4" in text
    assert "not here any more" in text
    assert "Note: calibrated in May" in text
    assert "the same then and now" not in text
    page.kept_view.copy_button.click()
    assert QGuiApplication.clipboard().text() == text
    pictured(page, "kept copies")
    assert digest(copy) == before
    assert [one.path for one in copies(copy.parent)] == list(copy.parent.iterdir())


def test_a_copy_of_an_older_version_lacks_what_came_later(laptop, bench, opens, qtbot) -> None:
    note(laptop, bench, 0, "of the older version")
    engine = laptop.opened.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_checklists DROP COLUMN requirement")
        connection.exec_driver_sql(f"DROP TABLE {ClientContact.__tablename__}")
    put_aside(laptop)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE audit_checklists ADD COLUMN requirement TEXT")
        connection.execute(update(AuditChecklist).values(auditor_finding=None))
    text = compared(opens(SyncPage(bench)), qtbot)
    assert "Note: of the older version\n        here now: nothing" in text


def test_nothing_is_other(laptop, bench, opens, qtbot) -> None:
    put_aside(laptop)
    page = opens(SyncPage(bench))
    assert compared(page, qtbot) == ""
    assert page.kept_view.meaning.text() == "Everything in this copy is here too."


def test_a_damaged_copy_is_said_and_left(laptop, bench, opens, qtbot) -> None:
    copy = put_aside(laptop)
    copy.write_bytes(b"x" * 9000)
    page = opens(SyncPage(bench))
    assert compared(page, qtbot) == ""
    assert "was left untouched" in page.kept_view.meaning.text()


def test_without_a_copy_the_page_says_when_there_would_be_one(laptop, bench, opens) -> None:
    page = opens(SyncPage(bench))
    assert page.kept_view.currentIndex() == 1
