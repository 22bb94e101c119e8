"""A laptop that the office withdraws: all of its work reaches the server, then its keys go."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from sqlalchemy import create_engine, select, text

from intact_core import clock
from intact_core.records.checklist import AuditChecklist
from intact_desktop.settings import Profile
from tests.journeys.desk import PASSPHRASE, Laptop, wait
from tests.journeys.processes import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def words(request: pytest.FixtureRequest) -> str:
    """What was written last on this test's laptop."""
    return f"last words of {request.node.name}"


@pytest.fixture
def laptop(qapp, server: ServerProcess, words: str, tmp_path: Path) -> Iterator[Laptop]:
    made = Laptop(tmp_path / "laptops", "lead", server.url, tmp_path)
    made.enrol("lead@demo.example")
    made.application.desk.driver.stop()
    with made.bench.sessions.begin() as session:
        session.scalars(select(AuditChecklist)).first().auditor_finding = words
    yield made
    made.close()


def withdraw(server: ServerProcess) -> None:
    rows(server, "UPDATE device SET revoked_at = '2026-11-21 12:00:00'")


def rows(server: ServerProcess, statement: str) -> list[tuple[object, ...]]:
    engine = create_engine(f"sqlite:///{server.data / 'intact-server.db'}")
    with engine.begin() as connection:
        result = connection.execute(text(statement))
        found = [tuple(row) for row in result] if result.returns_rows else []
    engine.dispose()
    return found


def verdicts_on(server: ServerProcess, words: str) -> list[object]:
    found = rows(server, "SELECT verdict, raw FROM op_receipt")
    return [verdict for verdict, raw in found if words in str(raw)]


def folder_of(laptop: Laptop, tmp_path: Path) -> Path:
    return Profile.at(tmp_path / "laptops", laptop.name).folder


def test_at_the_next_sync(
    server: ServerProcess, laptop: Laptop, words: str, tmp_path: Path
) -> None:
    laptop.application.lock()
    withdraw(server)
    unlock(laptop)
    wait(lambda: laptop.application.desk, "it opens under its lease")
    wait(lambda: laptop.application.desk is None, "the sync finds that it was withdrawn")
    door = laptop.application.door
    assert "withdrew" in door.error.sentence.text()
    assert verdicts_on(server, words) == ["quarantined"]
    assert not folder_of(laptop, tmp_path).exists()
    assert laptop.secrets.kept == {}


def test_at_the_door_when_the_lease_is_over(
    server: ServerProcess, laptop: Laptop, words: str, tmp_path: Path
) -> None:
    laptop.application.lock()
    withdraw(server)
    clock.use(lambda: datetime.now(UTC) + timedelta(days=4))
    try:
        unlock(laptop)
        door = laptop.application.door
        wait(lambda: "withdrew" in door.error.sentence.text(), "the door says so")
    finally:
        clock.use(None)
    assert verdicts_on(server, words) == ["quarantined"]
    assert not folder_of(laptop, tmp_path).exists()
    assert laptop.secrets.kept == {}


def test_one_that_the_server_forgot_is_known_again_at_the_door_when_the_lease_is_over(
    server: ServerProcess, laptop: Laptop, words: str
) -> None:
    """Without a lease it does not open, and without opening it could not sync."""
    laptop.application.lock()
    rows(server, "DELETE FROM device")
    clock.use(lambda: datetime.now(UTC) + timedelta(days=4))
    try:
        unlock(laptop)
        door = laptop.application.door
        wait(door.error.isVisible, "the wrong clock is told")
        assert "clock" in door.error.sentence.text()
    finally:
        clock.use(None)
    assert rows(server, "SELECT count(*) FROM audit_logs WHERE action = 'KNOW_AGAIN'") == [(1,)]
    wait(lambda: door.unlock_button.isEnabled(), "the next try is allowed")
    unlock(laptop)
    wait(lambda: laptop.application.desk, "it opens")
    laptop.synced()
    assert verdicts_on(server, words) == ["applied"]


def unlock(laptop: Laptop) -> None:
    laptop.application.door.passphrase.setText(PASSPHRASE)
    QTest.qWait(0)
    laptop.application.door.unlock_button.click()
