"""A laptop without windows against a server over HTTP; also runs as a process of its own.

As a process: `python -m tests.journeys.headless FOLDER SERVER EDITS KILL_AT` makes EDITS ratings,
syncs, and kills itself with SIGKILL at step KILL_AT (0: never).
"""

import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import msgspec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from sqlalchemy import Engine, event, insert, select
from sqlalchemy.orm import Session, sessionmaker

from intact_core import ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist
from intact_core.sync.operations import GENESIS
from intact_core.sync.protocol import Successor
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.store import journal
from intact_desktop.store.engine import open_store
from intact_desktop.store.tables import Device
from intact_desktop.store.upgrade import set_aside
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import Gateway, Identity
from intact_desktop.vault import device_key
from tests.fixtures.databases import new_store
from tests.journeys.processes import PASSWORD

KEY = bytes(range(32))


class _Kept(msgspec.Struct):
    device_id: UUID
    tenant_id: UUID
    user_id: UUID
    audience: str
    private_key: str
    certificates: list[str]


@dataclass
class Headless:
    """One enrolled laptop over one folder."""

    folder: Path
    engine: Engine
    sessions: sessionmaker[Session]
    sync: SyncEngine
    gateway: Gateway
    files: EvidenceFiles
    kept: _Kept

    def rate(self, place: int, text: str) -> None:
        """Write a note into the item at that place of the audit in progress."""
        with self.sessions.begin() as session:
            audit = session.scalars(
                select(AuditSchedule).where(AuditSchedule.audit_stage == "stage2")
            ).one()
            items = session.scalars(
                select(AuditChecklist)
                .where(AuditChecklist.audit_schedule_id == audit.id)
                .order_by(AuditChecklist.position)
            ).all()
            items[place % len(items)].auditor_finding = text

    def close(self) -> None:
        self.gateway.close()
        self.engine.dispose()


def enrol(
    folder: Path, server: str, email: str, transport: httpx.BaseTransport | None = None
) -> Headless:
    """Enrol a new laptop of that person and make its database."""
    folder.mkdir(parents=True)
    gateway, key = Gateway(server, transport), device_key.make()
    token = gateway.sign_in(email, PASSWORD)["token"]
    given = gateway.enrol(token, device_key.signing_request(key, "headless", email), "headless")
    gateway.close()
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    kept = msgspec.convert(given | {"private_key": private}, _Kept)
    _keep(folder, kept)
    engine = new_store(folder / "intact.db", KEY)
    values: dict[str, Any] = {"id": kept.device_id, "chain_hash": GENESIS}
    values |= {"tenant_id": kept.tenant_id, "user_id": kept.user_id}
    with engine.begin() as connection:
        connection.execute(insert(Device).values(**values))
    engine.dispose()
    return open_laptop(folder, server, transport)


def _keep(folder: Path, kept: _Kept) -> None:
    (folder / "device.json").write_bytes(msgspec.json.encode(kept))


def open_laptop(
    folder: Path, server: str, transport: httpx.BaseTransport | None = None
) -> Headless:
    """The laptop whose data lies in the folder; its messages go through the transport."""
    kept = msgspec.json.decode((folder / "device.json").read_bytes(), type=_Kept)
    key = load_pem_private_key(kept.private_key.encode(), None)
    engine = open_store(folder / "intact.db", KEY)
    gateway = Gateway(server, transport)

    def sign(content: bytes) -> bytes:
        return device_key.sign(key, content)

    identity = Identity(kept.device_id, kept.tenant_id, kept.audience, kept.certificates[0])
    gateway.use_device(identity, sign)
    files = EvidenceFiles(folder / "evidence", KEY)
    transfer = FileTransfer(engine, gateway, files)

    def renamed(given: Successor) -> None:
        kept.device_id = given.device_id
        _keep(folder, kept)

    around = Around(lambda _: None, lambda: set_aside(engine, KEY, folder / "set-aside"), renamed)
    sync = SyncEngine(engine, gateway, sign, transfer, around)
    return Headless(folder, engine, journal.sessions(engine), sync, gateway, files, kept)


class _DieAt:
    """Counts steps and ends the process at the one that was asked for."""

    def __init__(self, step: int) -> None:
        self.left = step

    def __call__(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def work_and_die(folder: Path, server: str, edits: int, kill_at: int) -> None:
    """Make that many edits, sync, and die by SIGKILL at that step of it (0: never)."""
    laptop = open_laptop(folder, server)
    die = _DieAt(kill_at)
    event.listen(laptop.engine, "commit", die)
    event.listen(laptop.engine, "begin", die)
    laptop.gateway._client.event_hooks = {"request": [die], "response": [die]}
    for edit in range(edits):
        laptop.rate(edit, f"{ids.new_id()}, before step {kill_at}")
    laptop.sync.round()
    laptop.sync.tidy()


def _main(folder: str, server: str, edits: str, kill_at: str) -> None:
    work_and_die(Path(folder), server, int(edits), int(kill_at))
    sys.stdout.write("done\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
