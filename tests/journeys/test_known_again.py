"""Over real HTTP: the server comes back from a backup that is older than laptops and names."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist
from intact_desktop.store.tables import Outbox, SyncLog
from sync_server.settings import DATABASE_FILE
from tests.journeys.headless import Headless, enrol, open_laptop
from tests.journeys.processes import ServerProcess

LEAD = "lead@demo.example"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "server")
    process.start()
    yield process
    process.stop()


def copied(laptop: Headless, folder: Path, server: ServerProcess) -> Headless:
    """Somebody copies the laptop's disk."""
    laptop.engine.dispose()
    shutil.copytree(laptop.folder, folder)
    return open_laptop(folder, server.url)


def backed_up(server: ServerProcess, folder: Path) -> Path:
    """A backup of the server's database, made while it runs."""
    folder.mkdir()
    kept = folder / DATABASE_FILE
    with (
        closing(sqlite3.connect(server.data / DATABASE_FILE)) as source,
        closing(sqlite3.connect(kept)) as copy,
    ):
        source.backup(copy)
    return kept


def log(laptop: Headless) -> list[str]:
    with laptop.sessions() as session:
        return list(session.scalars(select(SyncLog.outcome).order_by(SyncLog.id)))


def findings(laptop: Headless) -> list[str | None]:
    with laptop.sessions() as session:
        stage2 = select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
        query = select(AuditChecklist.auditor_finding).where(
            AuditChecklist.audit_schedule_id == stage2.scalar_subquery()
        )
        return list(session.scalars(query.order_by(AuditChecklist.position).limit(3)))


def test_laptops_and_names_newer_than_the_backup_are_known_again(
    server: ServerProcess, tmp_path: Path
) -> None:
    old = enrol(tmp_path / "old", server.url, LEAD)
    old.sync.round()
    copy = backed_up(server, tmp_path / "backup")
    new = enrol(tmp_path / "new", server.url, "auditor@demo.example")
    twin = copied(old, tmp_path / "twin", server)
    for laptop, place in ((old, 0), (twin, 1), (new, 2)):
        laptop.sync.round()
        laptop.rate(place, f"words {place}")
        laptop.sync.round()
    assert "renamed" in log(twin)
    server.stop()
    for part in server.data.glob(f"{DATABASE_FILE}*"):
        part.unlink()
    shutil.copy(copy, server.data)
    server.start()
    for laptop in (new, twin, old, new, twin):
        laptop.sync.round()
    assert "known again" in log(new)
    assert "known again" in log(twin)
    assert "known again" not in log(old)
    for laptop in (old, twin, new):
        with laptop.sessions() as session:
            assert set(session.scalars(select(Outbox.verdict))) == {"applied"}
        assert findings(laptop) == ["words 0", "words 1", "words 2"]
        laptop.close()
