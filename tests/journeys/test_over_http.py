"""The laptop's engine against the real server over loopback."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from intact_core.errors import NotSignedIn, Offline
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditEvidence
from intact_desktop.evidence.capture import capture
from intact_desktop.store.tables import Blob, Outbox
from intact_desktop.sync.files import add_pending
from intact_desktop.sync.gateway import Gateway
from tests.journeys.headless import Headless, enrol
from tests.journeys.processes import ServerProcess


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    process.start()
    yield process
    process.stop()


@pytest.fixture
def lead(server: ServerProcess, tmp_path: Path) -> Iterator[Headless]:
    laptop = enrol(tmp_path / "lead", server.url, "lead@demo.example")
    yield laptop
    laptop.close()


def photograph(laptop: Headless, content: bytes, name: str) -> str:
    with laptop.sessions.begin() as session:
        audit = session.scalars(
            select(AuditSchedule).where(AuditSchedule.audit_stage == "stage2")
        ).one()
        got = capture(laptop.files, audit.id, content)
        session.add(
            AuditEvidence(
                audit_schedule_id=audit.id,
                file_name=name,
                content_type=got.content_type,
                size=got.size,
                sha256=got.sha256,
                decodable=got.decodable,
                uploaded_by=laptop.kept.user_id,
            )
        )
        session.flush()
        add_pending(session.connection(), audit.id, got.sha256, got.size)
    return got.sha256


def test_work_and_files_travel_and_are_proved(
    server: ServerProcess, lead: Headless, tmp_path: Path
) -> None:
    lead.sync.round()
    lead.rate(0, "seen")
    large = photograph(lead, bytes(range(256)) * 9000, "large.bin")
    empty = photograph(lead, b"", "empty.jpg")
    done = lead.sync.round()
    assert (done.sent, done.files_sent) == (3, 2)
    assert done.proof is not None
    assert done.proof["operations"] == 3
    with lead.sessions() as session:
        receipts = session.execute(select(Blob.sha256, Blob.receipt)).all()
        assert {sha for sha, receipt in receipts if receipt} == {large, empty}
        assert set(session.scalars(select(Outbox.verdict))) == {"applied"}
    other = enrol(tmp_path / "auditor", server.url, "auditor@demo.example")
    other.sync.round()
    with other.sessions() as session:
        audit_id = session.scalars(
            select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
        ).one()
    assert other.files.read(audit_id, large) == bytes(range(256)) * 9000
    other.close()


def test_no_server_is_offline_and_a_wrong_password_is_not(server: ServerProcess) -> None:
    nobody = Gateway("http://127.0.0.1:9")
    with pytest.raises(Offline):
        nobody.health()
    nobody.close()
    gateway = Gateway(server.url)
    with pytest.raises(NotSignedIn):
        gateway.sign_in("lead@demo.example", "wrong")
    gateway.close()
