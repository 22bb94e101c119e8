"""Server and laptops in one process: real databases, real engine, real ledger, no network."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Engine, insert
from sqlalchemy.orm import Session, sessionmaker

from intact_core import clock, ids
from intact_core.documents.x509_certificates import Subject, issue_device_certificate
from intact_core.errors import NotFound, Revoked, UnknownLaptop
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
from intact_desktop.store.upgrade import set_aside
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import BlobPart, Forked, Gap
from intact_desktop.sync.line import Line
from intact_desktop.sync.reading_ahead import Piece
from sync_server.auth.keys import pem
from sync_server.ledger import giving
from sync_server.ledger.carrying import take_carried
from sync_server.ledger.chains import ChainFork, ChainGap, device_row, succeed
from sync_server.ledger.rounds import (
    begin_epoch,
    greet,
    take_deposit,
    take_push,
    was_restored,
)
from sync_server.ledger.standing import stand_of
from sync_server.services.blobs import settle
from sync_server.services.recognition import Claim, recognise
from sync_server.tables.ledger import Device
from tests.fixtures.databases import new_store, share_statements
from tests.simulation.office import Office
from tests.simulation.wire import Wire

KEY = bytes(range(32))
KEPT_FROM = 10
"""Rows from which on these laptops keep what came of an answer that broke off."""


class DirectGateway:
    """Speaks to the office's ledger as the HTTP gateway would, through encoded messages."""

    def __init__(self, office: Office, device_id: UUID, user_id: UUID, roles: set[str]) -> None:
        self.office = office
        self.wire = Wire()
        self.line = Line()
        self.device_id = device_id
        self.actor = Actor(user_id, frozenset(roles), device_id=device_id)
        self.may_only_deposit = False

    def hello(self, message: Hello) -> HelloAnswer:
        return self._carried("hello", lambda: self._hello(message))

    def _carried(self, name: str, call: Callable[[], msgspec.Struct | None]) -> object:
        def encoded() -> object:
            answer = call()
            return msgspec.json.decode(msgspec.json.encode(answer), type=type(answer))

        return self.wire.carry(name, encoded)

    def _hello(self, message: Hello) -> HelloAnswer:
        try:
            answer, restored = self._greeted(message)
            if restored:
                with self.office.write() as session:
                    begin_epoch(session.connection(), after=message.epoch)
                answer, _ = self._greeted(message)
        except ChainFork as fork:
            raise Forked(fork.sentence) from fork
        return answer

    def _greeted(self, message: Hello) -> tuple[HelloAnswer, bool]:
        if self.may_only_deposit:
            raise Revoked("withdrawn")
        office = self.office
        with office.read() as session:
            if session.get(Device, (office.tenant_id, self.device_id)) is None:
                raise UnknownLaptop("not in this backup")
            connection, tenant_id = session.connection(), office.tenant_id
            answer = greet(connection, device_row(connection, tenant_id, self.device_id), message)
            return answer, was_restored(connection, tenant_id, message, answer)

    @property
    def certificate(self) -> x509.Certificate:
        return self.office.certificates[self.device_id]

    def recognise(self, chain: Sequence[tuple[int, str]]) -> None:
        self._carried("recognise", lambda: self._recognise(chain))

    def _recognise(self, chain: Sequence[tuple[int, str]]) -> None:
        claim = Claim(self.office.tenant_id, self.device_id, self.certificate, chain)
        with self.office.write() as session:
            recognise(session, self.office.keys, claim)

    def rename(self, device_id: UUID) -> None:
        self.device_id = device_id
        self.actor = replace(self.actor, device_id=device_id)

    def succeed(self, message: Succession) -> Successor:
        return self._carried("succeed", lambda: self._succeed(message))

    def _succeed(self, message: Succession) -> Successor:
        certificates = self.office.certificates
        certificates[message.device_id] = certificates[self.device_id]
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
            stand = stand_of(connection, office.tenant_id, self.actor.user_id)
            whole = b"".join(giving.lines(connection, office.tenant_id, stand, message))
        self.wire.down("pull")
        if self.wire.cut_pull_at is not None:
            whole = whole[: self.wire.cut_pull_at]
        yield (line for line in whole.split(b"\n") if line)

    def offer_blob(self, offer: BlobOffer) -> BlobState:
        return self._carried("offer", lambda: self._state(offer.sha256))

    def send_blob(self, sha256: str, offset: int, piece: Piece) -> BlobState:
        self.wire.up("send")
        held = self.office.blobs.get(sha256, b"")
        if offset == len(held):
            self.office.blobs[sha256] = held + piece.content
        self.wire.down("send")
        return self._state(sha256)

    def _state(self, sha256: str) -> BlobState:
        office, held = self.office, self.office.blobs.get(sha256, b"")
        size = len(held)
        if hashlib.sha256(held).hexdigest() != sha256:
            return BlobState(sha256, size, size)
        with office.write() as session:
            receipt = settle(session, office.keys, office.tenant_id, sha256, size)
        return BlobState(sha256, size, size, receipt)

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


def certified(
    office: Office,
    session: Session,
    device_id: UUID,
    user_id: UUID,
    key: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    """What the tenant's authority gives a laptop when it is enrolled."""
    authority = office.keys.authority(session, office.tenant_id)
    subject = Subject("Somebody", "Demo Certification", str(device_id), str(user_id))
    certificate = issue_device_certificate(authority, key.public_key(), subject)
    office.certificates[device_id] = certificate
    return certificate


def enrol(
    office: Office, folder: Path, role: str, key: ec.EllipticCurvePrivateKey | None = None
) -> Laptop:
    """A laptop of the person with that role, with an empty database."""
    device_id, user_id = ids.new_id(), office.users[role]
    key = key or ec.generate_private_key(ec.SECP256R1())
    with office.write() as session:
        certificate = certified(office, session, device_id, user_id, key)
        session.add(
            Device(
                tenant_id=office.tenant_id,
                id=device_id,
                user_id=user_id,
                name=role,
                certificate=pem(certificate),
                chain_hash=GENESIS,
                enrolled_at=clock.now(),
            )
        )
    folder.mkdir(parents=True, exist_ok=True)
    engine = new_store(folder / "intact.db", KEY)
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
    gateway = DirectGateway(office, device_id, user_id, {role})
    return laptop_over(folder, gateway, user_id, key)


def laptop_over(
    folder: Path, gateway: DirectGateway, user_id: UUID, key: ec.EllipticCurvePrivateKey
) -> Laptop:
    """The same, with any way to the server."""
    engine = open_store(folder / "intact.db", KEY)
    share_statements(engine)
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
