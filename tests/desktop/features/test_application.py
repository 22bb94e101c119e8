"""The whole window over a real profile: unlock, work, lock; without a server."""

import httpx
import pytest
from PySide6.QtCore import Qt
from sqlalchemy import select

from intact_core.errors import Place
from intact_core.records.checklist import AuditChecklist
from intact_desktop import cli
from intact_desktop.application import Application, Surroundings
from intact_desktop.features.sign_in.page import EnrolPage, UnlockPage
from intact_desktop.sync.gateway import Gateway
from intact_desktop.vault import keys
from tests.desktop.features.filled import PASSPHRASE


def unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no network", request=request)


def around(secrets, **more) -> Surroundings:
    def connect(address: str) -> Gateway:
        return Gateway(address, httpx.MockTransport(unreachable))

    return Surroundings(secrets, connect, lambda: None, keys.CHEAPEST, **more)


@pytest.fixture
def application(laptop, secrets_store, qtbot):
    laptop.opened.engine.dispose()
    made = Application(laptop.opened.profile, around(secrets_store))
    qtbot.addWidget(made.window)
    made.window.resize(1280, 800)
    made.window.show()
    made.window.activateWindow()
    qtbot.waitUntil(made.window.isActiveWindow)
    yield made
    made.window.close()


@pytest.fixture
def desk(application, qtbot):
    unlock(application, qtbot)
    return application.desk


def unlock(application, qtbot) -> None:
    application.door.passphrase.setText(PASSPHRASE)
    with qtbot.waitSignal(application.opened):
        application.door.unlock_button.click()


def open_audit(application, laptop, qtbot):
    workspace = application.desk.workspace
    with qtbot.waitSignal(workspace.overview.ready):
        application.open_audit(laptop.audit_id)
    return workspace


def test_unlocked_without_a_network_says_so(application, desk, qtbot, pictured) -> None:
    qtbot.waitUntil(lambda: desk.audits.model.rowCount() == 1)
    qtbot.waitUntil(lambda: "offline since" in application.window.status.words.text())
    pictured(application.window, "window-audits")


def test_work_in_the_workspace(application, laptop, desk, qtbot, pictured) -> None:
    workspace = open_audit(application, laptop, qtbot)
    pictured(application.window, "window-overview")
    with qtbot.waitSignal(workspace.checklist.ready):
        workspace.tabs.setCurrentWidget(workspace.checklist)
    with qtbot.waitSignal(workspace.checklist.rating_kept):
        qtbot.keyClick(workspace.checklist.tree, Qt.Key.Key_3)
    pictured(application.window, "window-checklist")
    with qtbot.waitSignal(workspace.findings.started):
        qtbot.keyClick(workspace.checklist.tree, Qt.Key.Key_N)
    assert workspace.tabs.currentWidget() is workspace.findings
    qtbot.waitUntil(workspace.findings.statement.hasFocus)
    assert workspace.findings.editor.finding.severity == "minor"
    pictured(application.window, "window-findings")
    qtbot.waitUntil(lambda: "waiting" in application.window.status.words.text())


def test_pages_are_made_when_they_are_gone_to(application, laptop, desk, qtbot) -> None:
    assert "workspace" not in vars(desk)
    qtbot.waitUntil(lambda: {"follow_up", "conflicts"} <= vars(desk).keys())
    workspace = open_audit(application, laptop, qtbot)
    assert not {"checklist", "findings", "report"} & vars(workspace).keys()
    workspace.tabs.setCurrentIndex(2)
    assert workspace.tabs.currentWidget() is workspace.findings
    with qtbot.waitSignal(workspace.findings.ready):
        pass
    assert workspace.findings.audit_id == laptop.audit_id
    assert "checklist" not in vars(workspace)
    assert [workspace.tabs.tabText(at) for at in (0, 2, 5)] == ["Overview", "Findings", "Report"]


def test_a_place_is_gone_to_from_anywhere(application, laptop, desk, qtbot) -> None:
    desk.bench.show_place(Place("audit_checklists", laptop.items[20]))
    checklist = desk.workspace.checklist
    qtbot.waitUntil(
        lambda: checklist.current is not None and checklist.current.id == laptop.items[20]
    )
    assert checklist.isVisible()
    qtbot.keyClick(checklist.tree, Qt.Key.Key_F8)
    qtbot.waitUntil(desk.workspace.documentation.isVisible)


def test_locking_clears_the_screen_and_keeps_what_was_typed(
    application, laptop, desk, qtbot, secrets_store
) -> None:
    workspace = open_audit(application, laptop, qtbot)
    with qtbot.waitSignal(workspace.checklist.ready):
        workspace.tabs.setCurrentWidget(workspace.checklist)
    workspace.checklist.note.setFocus()
    qtbot.keyClicks(workspace.checklist.note, "half a sente")
    with qtbot.waitSignal(application.locked):
        application.lock()
    assert application.desk is None
    assert isinstance(application.door, UnlockPage)
    assert application.window.is_covered
    unlock(application, qtbot)
    with application.desk.bench.readers() as session:
        texts = session.scalars(select(AuditChecklist.auditor_finding)).all()
    assert "half a sente" in texts


def test_what_was_asked_before_locking_is_answered_to_nobody(application, qtbot) -> None:
    unlock(application, qtbot)
    page, told = application.desk.conflicts, []
    page.counted.connect(told.append)
    page.reload()
    application.lock()
    qtbot.wait(100)
    assert not told


def test_nobody_there_locks(laptop, secrets_store, qtbot) -> None:
    made = Application(laptop.opened.profile, around(secrets_store, idle_seconds=1.0))
    qtbot.addWidget(made.window)
    unlock(made, qtbot)
    with qtbot.waitSignal(made.locked, timeout=5000):
        pass
    made.window.close()


def test_a_new_profile_is_set_up(profile, secrets_store, qtbot) -> None:
    profile.prepare()
    made = Application(profile, around(secrets_store), "https://server.example")
    qtbot.addWidget(made.window)
    assert isinstance(made.door, EnrolPage)
    assert made.door.server.text() == "https://server.example"
    made.window.close()


def test_verify_names_what_is_wrong(tmp_path, capsys) -> None:
    file = tmp_path / "other.pdf"
    file.write_bytes(b"no pdf at all")
    assert cli.main(["--data", str(tmp_path), "verify", str(file)]) == 1
    assert "This file is not a PDF." in capsys.readouterr().out
    assert cli.main(["verify", str(tmp_path / "absent.pdf")]) == 1
