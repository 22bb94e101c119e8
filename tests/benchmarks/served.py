"""A real server process with demo data, and laptops enrolled on it over HTTP."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx
from sqlalchemy import Engine, insert, select
from sqlalchemy.orm import Session, sessionmaker

from intact_core.errors import Offline
from intact_core.records.audits import AuditSchedule
from intact_core.sync.operations import GENESIS
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.store import journal
from intact_desktop.store.engine import copy_store, open_store
from intact_desktop.store.tables import Device
from intact_desktop.store.upgrade import set_aside, upgrade
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import Gateway, Identity, Sign
from intact_desktop.vault import device_key

PASSWORD = "Demo-Pass-2026!"
KEY = bytes(range(32))
START_SECONDS = 60


@dataclass(frozen=True)
class Server:
    """A running `intact-server serve --demo`; `database` is its file where it is SQLite."""

    url: str
    database: Path
    gateway: Gateway
    process_id: int


@contextmanager
def serving(
    folder: Path, database_url: str | None = None, workers: int | None = None
) -> Iterator[Server]:
    """The server over a fresh database, its processes ended at the end."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = ["--database-url", database_url] if database_url else []
    command = ["serve", "--demo", "--data", str(folder), "--port", str(port), *database]
    command += ["--workers", str(workers)] if workers else []
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(_server(*command), stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        server = Server(url, folder / "intact-server.db", Gateway(url), process.pid)
        _wait_for(server, process, folder / "log")
        yield server
        server.gateway.close()
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def migrate(database_url: str, folder: Path) -> None:
    """Bring a PostgreSQL database to this version, as its owner."""
    command = ["migrate", "--data", str(folder), "--database-url", database_url]
    subprocess.run(_server(*command), check=True, capture_output=True)


def _server(*command: str) -> list[str]:
    return [sys.executable, "-m", "sync_server", *command]


def _wait_for(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.gateway.health()
        except Offline:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the server did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return


@dataclass
class Laptop:
    """An enrolled laptop with its own encrypted database."""

    engine: Engine
    sessions: sessionmaker[Session]
    sync: SyncEngine
    tenant_id: UUID
    device_id: UUID
    gateway: Gateway
    files: EvidenceFiles
    sign: Sign

    def audit_id(self) -> UUID:
        """The audit that both auditors of the demo work on."""
        with self.sessions() as session:
            query = select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
            return session.scalars(query).one()


def enrol(
    server: Server,
    folder: Path,
    email: str,
    *,
    token: str = "",
    like: Path | None = None,
    transport: httpx.BaseTransport | None = None,
) -> Laptop:
    """Sign in, enrol, and make the laptop's database, or take a copy of a new one (`like`)."""
    folder.mkdir(parents=True)
    gateway, key = Gateway(server.url, transport), device_key.make()
    token = token or gateway.sign_in(email, PASSWORD)["token"]
    given = gateway.enrol(token, device_key.signing_request(key, email, email), "bench")
    device_id, tenant_id = UUID(given["device_id"]), UUID(given["tenant_id"])
    engine = _store(folder, like)
    row = {"id": device_id, "tenant_id": tenant_id, "user_id": UUID(given["user_id"])}
    with engine.begin() as connection:
        connection.execute(insert(Device).values(**row, chain_hash=GENESIS))

    def sign(content: bytes) -> bytes:
        return device_key.sign(key, content)

    identity = Identity(device_id, tenant_id, given["audience"], given["certificates"][0])
    gateway.use_device(identity, sign)
    files = EvidenceFiles(folder / "evidence", KEY)
    transfer = FileTransfer(engine, gateway, files)
    around = Around(
        lambda _: None, lambda: set_aside(engine, KEY, folder / "set-aside"), lambda _: None
    )
    sync = SyncEngine(engine, gateway, sign, transfer, around)
    return Laptop(
        engine, journal.sessions(engine), sync, tenant_id, device_id, gateway, files, sign
    )


def _store(folder: Path, like: Path | None) -> Engine:
    if like is not None:
        shutil.copy(like, folder / "intact.db")
        return open_store(folder / "intact.db", KEY, check=False)
    engine = open_store(folder / "intact.db", KEY, create=True)
    upgrade(engine, KEY, folder / "set-aside")
    return engine


def new_store(folder: Path) -> Path:
    """A laptop's database with nothing in it, for copies."""
    folder.mkdir(parents=True)
    engine = _store(folder, None)
    copy_store(engine, KEY, folder / "new.db")
    engine.dispose()
    return folder / "new.db"
