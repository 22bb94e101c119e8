"""Server and laptops in one process: real databases, real engine, real ledger, no network."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session, sessionmaker

from intact_core import clock, ids
from intact_core.errors import NotFound, Revoked
from intact_core.records.audits import AuditDocumentation, AuditSchedule, AuditTeam
from intact_core.records.base import Record
from intact_core.records.checklist import AuditChecklist
from intact_core.records.clients import Client
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.people import Role, Tenant, User, UserRole
from intact_core.records.standards import Standard
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import GENESIS
from intact_core.sync.protocol import (
    BlobOffer,
    BlobState,
    Carry,
    Hello,
    HelloAnswer,
    Pull,
    Push,
    PushAnswer,
    Succession,
    Successor,
)
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.store import journal
from intact_desktop.store.engine import open_store
from intact_desktop.store.tables import Device as LocalDevice
from intact_desktop.store.upgrade import set_aside, upgrade
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import BlobPart, Forked, Gap
from sync_server.database.engine import Database
from sync_server.database.migrate import migrate
from sync_server.ledger import giving
from sync_server.ledger.carrying import take_carried
from sync_server.ledger.chains import ChainFork, ChainGap, succeed
from sync_server.ledger.feed import record_written
from sync_server.ledger.rounds import (
    begin_epoch,
    epoch_of,
    greet,
    take_deposit,
    take_push,
    was_restored,
)
from sync_server.ledger.scopes import scopes_of
from sync_server.tables.ledger import Device
from tests.simulation.wire import Wire

KEY = bytes(range(32))
KEPT_FROM = 10
"""Rows from which on these laptops keep what came of an answer that broke off."""


@dataclass
class Office:
    """The server with one tenant, one client, one audit."""

    database: Database
    tenant_id: UUID = field(default_factory=ids.new_id)
    users: dict[str, UUID] = field(default_factory=dict)
    audit_id: UUID = field(default_factory=ids.new_id)
    client_id: UUID = field(default_factory=ids.new_id)
    items: list[UUID] = field(default_factory=list)
    other_client_id: UUID = field(default_factory=ids.new_id)
    movable: list[tuple[type[Record], UUID]] = field(default_factory=list)
    """Contacts and sites, where there is another client to move them to."""
    blobs: dict[str, bytes] = field(default_factory=dict)

    @contextmanager
    def write(self, actor: Actor | None = None) -> Iterator[Session]:
        with self.database.write(self.tenant_id, actor or Actor(None, system=True)) as session:
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.database.read(self.tenant_id) as session:
            yield session


def make_office(app_url: str, owner_url: str, *, items: int = 6) -> Office:
    """A migrated server with a lead and an auditor on one audit."""
    migrate(owner_url)
    office = Office(Database(app_url, record_written))
    with office.write() as session:
        if not epoch_of(session.connection()):
            begin_epoch(session.connection())
        session.add(Tenant(id=office.tenant_id, name="Demo Certification"))
        session.flush()
        standard = Standard(id=ids.new_id(), standard_code="ISO 9001", version="2015")
        session.add(standard)
        session.add(Client(id=office.client_id, client_code="ACME", legal_name="Acme Ltd"))
        session.flush()
        _people(session, office)
        _audit(session, office, standard.id, items)
    return office


def _people(session: Session, office: Office) -> None:
    for code in ("lead_auditor", "auditor", "cb_admin"):
        role = Role(id=ids.new_id(), code=code, name=code, is_system_role=True)
        user = User(
            id=ids.new_id(), email=f"{code}@x.example", username=code, first_name=code.title()
        )
        session.add_all([role, user])
        session.flush()
        session.add(UserRole(user_id=user.id, role_id=role.id))
        office.users[code] = user.id
    session.flush()


def _audit(session: Session, office: Office, standard_id: UUID, items: int) -> None:
    audit = AuditSchedule(
        id=office.audit_id,
        audit_number="AUD-2026-001",
        client_id=office.client_id,
        standard_id=standard_id,
        audit_type="surveillance",
        status="in_progress",
    )
    session.add(audit)
    session.flush()
    for letter, code, lead in (("A", "lead_auditor", True), ("B", "auditor", False)):
        session.add(
            AuditTeam(
                audit_schedule_id=audit.id,
                user_id=office.users[code],
                role=code,
                is_lead=lead,
                letter=letter,
            )
        )
    session.add(AuditDocumentation(audit_schedule_id=audit.id))
    session.add(AuditRecommendation(audit_schedule_id=audit.id))
    for place in range(items):
        item = AuditChecklist(
            id=ids.new_id(),
            audit_schedule_id=audit.id,
            clause_reference=f"4.{place + 1}",
            requirement=f"Question {place + 1}",
            position=place,
        )
        session.add(item)
        office.items.append(item.id)


class DirectGateway:
    """Speaks to the office's ledger as the HTTP gateway would, through encoded messages."""

    def __init__(self, office: Office, device_id: UUID, user_id: UUID, roles: set[str]) -> None:
        self.office = office
        self.wire = Wire()
        self.device_id = device_id
        self.actor = Actor(user_id, frozenset(roles), device_id=device_id)
        self.may_only_deposit = False

    def hello(self, message: Hello) -> HelloAnswer:
        return self._carried("hello", lambda: self._hello(message))

    def _carried(self, name: str, call: Callable[[], msgspec.Struct]) -> object:
        def encoded() -> object:
            answer = call()
            return msgspec.json.decode(msgspec.json.encode(answer), type=type(answer))

        return self.wire.carry(name, encoded)

    def _hello(self, message: Hello) -> HelloAnswer:
        try:
            answer = self._greeted(message)
            if was_restored(message, answer):
                with self.office.write() as session:
                    begin_epoch(session.connection(), after=message.epoch)
                answer = self._greeted(message)
        except ChainFork as fork:
            raise Forked(fork.sentence) from fork
        return answer

    def _greeted(self, message: Hello) -> HelloAnswer:
        if self.may_only_deposit:
            raise Revoked("withdrawn")
        office, user_id = self.office, self.actor.user_id
        with office.read() as session:
            connection = session.connection()
            return greet(connection, office.tenant_id, self.device_id, user_id, message)

    def rename(self, device_id: UUID) -> None:
        self.device_id = device_id
        self.actor = replace(self.actor, device_id=device_id)

    def succeed(self, message: Succession) -> Successor:
        return self._carried("succeed", lambda: self._succeed(message))

    def _succeed(self, message: Succession) -> Successor:
        with self.office.write(self.actor) as session:
            start = succeed(
                session.connection(),
                self.office.tenant_id,
                self.device_id,
                message.device_id,
                message.chain,
            )
        return Successor(message.device_id, start.last_n, start.chain_hash, {})

    def push(self, body: bytes) -> PushAnswer:
        return self._carried("push", lambda: self._push(body, take_push))

    def deposit(self, body: bytes) -> PushAnswer:
        return self._carried("deposit", lambda: self._push(body, take_deposit))

    def carry(self, body: bytes) -> PushAnswer:
        message, tenant_id = msgspec.json.decode(body, type=Carry), self.office.tenant_id
        take = partial(take_carried, tenant_id=tenant_id, carry=message)
        return self._carried("carry", lambda: self._taken(take))

    def _push(self, body: bytes, take: Callable[..., PushAnswer]) -> PushAnswer:
        message = msgspec.json.decode(body, type=Push)
        keys = (self.office.tenant_id, self.device_id, self.actor)
        return self._taken(lambda connection: take(connection, *keys, message))

    def _taken(self, take: Callable[..., PushAnswer]) -> PushAnswer:
        try:
            with self.office.write(self.actor) as session:
                return take(session.connection())
        except ChainGap as gap:
            raise Gap(gap.expected) from gap
        except ChainFork as fork:
            raise Forked(fork.sentence) from fork

    @contextmanager
    def pull(self, message: Pull) -> Iterator[Iterator[bytes]]:
        self.wire.up("pull")
        office = self.office
        with office.read() as session:
            connection = session.connection()
            scopes = scopes_of(connection, office.tenant_id, self.actor.user_id)
            whole = b"".join(
                giving.lines(connection, office.tenant_id, scopes, message, epoch_of(connection))
            )
        self.wire.down("pull")
        if self.wire.cut_pull_at is not None:
            whole = whole[: self.wire.cut_pull_at]
        yield (line for line in whole.split(b"\n") if line)

    def offer_blob(self, offer: BlobOffer) -> BlobState:
        return self._carried("offer", lambda: self._state(offer.sha256, offer.size))

    def send_blob(self, sha256: str, offset: int, chunk: bytes) -> BlobState:
        self.wire.up("send")
        held = self.office.blobs.get(sha256, b"")
        if offset == len(held):
            self.office.blobs[sha256] = held + chunk
        self.wire.down("send")
        return self._state(sha256, len(self.office.blobs[sha256]) if not chunk else -1)

    def _state(self, sha256: str, size: int) -> BlobState:
        held = len(self.office.blobs.get(sha256, b""))
        whole = held == size
        return BlobState(sha256, size, held, "here" if whole else None)

    def fetch_blob(self, sha256: str, start: int, most: int) -> BlobPart:
        try:
            whole = self.office.blobs[sha256]
            return BlobPart(whole[start : start + most if most else None], len(whole))
        except KeyError as error:
            raise NotFound("no such file") from error


@dataclass
class Laptop:
    """One enrolled laptop."""

    engine: Engine
    sessions: sessionmaker[Session]
    sync: SyncEngine
    gateway: DirectGateway
    files: EvidenceFiles
    user_id: UUID
    key: ec.EllipticCurvePrivateKey

    @property
    def device_id(self) -> UUID:
        return self.gateway.device_id

    def round(self) -> object:
        return self.sync.round()

    @property
    def wire(self) -> Wire:
        return self.gateway.wire

    @contextmanager
    def work(self) -> Iterator[Session]:
        with self.sessions.begin() as session:
            yield session


def self_signed(key: ec.EllipticCurvePrivateKey) -> str:
    """A certificate for a device key, good enough where only the key counts."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def enrol(
    office: Office, folder: Path, role: str, key: ec.EllipticCurvePrivateKey | None = None
) -> Laptop:
    """A laptop of the person with that role, with an empty database."""
    device_id, user_id = ids.new_id(), office.users[role]
    key = key or ec.generate_private_key(ec.SECP256R1())
    with office.write() as session:
        session.add(
            Device(
                tenant_id=office.tenant_id,
                id=device_id,
                user_id=user_id,
                name=role,
                certificate=self_signed(key),
                chain_hash=GENESIS,
                enrolled_at=clock.now(),
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    engine = open_store(folder / "intact.db", KEY, create=True)
    upgrade(engine, KEY, folder / "set-aside")
    with engine.begin() as connection:
        connection.execute(
            insert(LocalDevice).values(
                id=device_id,
                tenant_id=office.tenant_id,
                user_id=user_id,
                chain_hash=GENESIS,
            )
        )
    return reopen(office, folder, device_id, user_id, role, key)


def reopen(
    office: Office,
    folder: Path,
    device_id: UUID,
    user_id: UUID,
    role: str,
    key: ec.EllipticCurvePrivateKey,
) -> Laptop:
    """The laptop over the database in the folder."""
    engine = open_store(folder / "intact.db", KEY)
    gateway = DirectGateway(office, device_id, user_id, {role})
    files = EvidenceFiles(folder / "evidence", KEY)

    def sign(content: bytes) -> bytes:
        return key.sign(content, ec.ECDSA(hashes.SHA256()))

    transfer = FileTransfer(engine, gateway, files)
    aside = folder / "set-aside"
    around = Around(
        lambda _: None, lambda: set_aside(engine, KEY, aside), lambda _: None, KEPT_FROM
    )
    sync = SyncEngine(engine, gateway, sign, transfer, around)
    return Laptop(engine, journal.sessions(engine), sync, gateway, files, user_id, key)


def twin_of(laptop: Laptop, folder: Path) -> Laptop:
    """A copy of the laptop's database, as a restored backup or a cloned disk would be."""
    folder.mkdir(parents=True)
    with laptop.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        raw.execute("VACUUM INTO ?", (str(folder / "intact.db"),))
    gateway = laptop.gateway
    [role] = gateway.actor.roles
    return reopen(gateway.office, folder, laptop.device_id, laptop.user_id, role, laptop.key)
