"""What every simulated world starts from, made once: a server and four laptops that are level."""

import atexit
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import NoReturn, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.clients import Client, ClientContact, ClientSite
from intact_core.records.people import Role, User, UserRole
from intact_core.records.standards import Standard
from intact_desktop.store.engine import reading
from sync_server.database.engine import Database
from sync_server.ledger.feed import record_written
from tests.fixtures.databases import share_statements
from tests.fixtures.memory import in_memory
from tests.simulation.office import Office, make_office
from tests.simulation.world import enrol

T = TypeVar("T")
ROLES = ("lead_auditor", "auditor", "second", "third")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class VirtualTime:
    """The time of whoever is at work; it passes only when told."""

    def __init__(self) -> None:
        self.moment = START
        self._skew = timedelta()

    def read(self) -> datetime:
        self.moment += timedelta(microseconds=1)
        return self.moment + self._skew

    def passes(self, by: timedelta) -> None:
        self.moment += by

    @contextmanager
    def of(self, skew: timedelta) -> Iterator[None]:
        """Inside, the clock on that machine's wall."""
        before, self._skew = self._skew, skew
        try:
            yield
        finally:
            self._skew = before


def at_once(ask: Callable[[], T]) -> Callable[[], T]:
    """In virtual time nothing runs beside: it is done now, and told when it is awaited."""
    try:
        answer = ask()
    except Exception as fault:  # noqa: BLE001 - it goes on where the answer is awaited
        return partial(_raise, fault)
    return lambda: answer


def _raise(fault: Exception) -> NoReturn:
    raise fault


@contextmanager
def seeded(seed: int) -> Iterator[tuple[VirtualTime, random.Random]]:
    """Inside, ids and time come from the seed alone; the system's are put back."""
    time, dice = VirtualTime(), random.Random(seed)
    chance = random.Random(seed + 1)

    def make() -> UUID:
        milliseconds = int(clock.now().timestamp() * 1000) & (1 << 48) - 1
        low = 2 << 62 | chance.getrandbits(62)
        return UUID(int=milliseconds << 80 | 7 << 76 | chance.getrandbits(12) << 64 | low)

    clock.use(time.read)
    ids.use(make)
    try:
        yield time, dice
    finally:
        clock.use(None)
        ids.use(ids.uuid7)


@dataclass(frozen=True)
class Member:
    """A laptop as it left the stage."""

    role: str
    device_id: UUID
    user_id: UUID
    team_row: UUID
    key: ec.EllipticCurvePrivateKey


@dataclass
class Stage:
    """Files to copy for a new world; `office` knows the ids that are in them."""

    folder: Path
    office: Office
    members: list[Member] = field(default_factory=list)

    def set_up(self, folder: Path, laptops: int, address: str | None = None) -> Office:
        """Copy server and laptops into the folder; the server on `address` if one is given."""
        if address is None:
            shutil.copyfile(self.folder / "server.db", folder / "server.db")
            address = f"sqlite:///{folder / 'server.db'}"
        for number in range(laptops):
            home = folder / f"{number}.0"
            home.mkdir()
            shutil.copyfile(self.folder / str(number) / "intact.db", home / "intact.db")
        office = replace(
            self.office,
            database=Database(address, record_written),
            blobs={},
            items=self.items,
            certificates=dict(self.office.certificates),
        )
        share_statements(office.database.engine)
        return office

    @property
    def items(self) -> list[UUID]:
        return list(self.office.items)


_ROOM = 64 << 20
"""Bytes that are plenty for a world."""


def scratch(prefix: str) -> Path:
    """A new folder, in memory where the system has such a place."""
    return Path(tempfile.mkdtemp(prefix=f"intact-{prefix}-", dir=in_memory(_ROOM)))


@contextmanager
def scratch_folder(prefix: str) -> Iterator[Path]:
    """The same, gone afterwards."""
    folder = scratch(prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def build(folder: Path, app: str, owner: str) -> Stage:
    """Make the server at the address and four laptops that have pulled everything."""
    with seeded(20_260_302):
        office = make_office(app, owner, items=4)
        _two_more_auditors(office)
        _another_client(office)
        stage = Stage(folder, office)
        for number, role in enumerate(ROLES):
            stage.members.append(_member(office, folder / str(number), role))
        office.database.engine.dispose()
    return stage


def _member(office: Office, folder: Path, role: str) -> Member:
    key = ec.generate_private_key(ec.SECP256R1())
    laptop = enrol(office, folder, role, key)
    laptop.round()
    laptop.round()
    with reading(laptop.engine).connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    laptop.engine.dispose()
    with office.read() as session:
        mine = AuditTeam.audit_schedule_id == office.audit_id
        query = select(AuditTeam.id).where(AuditTeam.user_id == laptop.user_id, mine)
        team_row = session.scalars(query).one()
    return Member(role, laptop.device_id, laptop.user_id, team_row, key)


def _two_more_auditors(office: Office) -> None:
    with office.write() as session:
        role_id = session.scalars(select(Role.id).where(Role.code == "auditor")).one()
        for letter, name in (("C", "second"), ("D", "third")):
            office.users[name] = ids.new_id()
            person = User(
                id=office.users[name], email=f"{name}@x.example", username=name, first_name=name
            )
            session.add(person)
            session.flush()
            session.add(UserRole(user_id=person.id, role_id=role_id))
            session.add(
                AuditTeam(
                    audit_schedule_id=office.audit_id,
                    user_id=person.id,
                    role="auditor",
                    letter=letter,
                )
            )


def _another_client(office: Office) -> None:
    """With an audit of the first and the third person; contacts and sites may move there."""
    with office.write() as session:
        client_id = office.other_client_id
        session.add(Client(id=client_id, client_code="OTHER", legal_name="Other Ltd"))
        session.flush()
        audit = AuditSchedule(
            id=ids.new_id(),
            audit_number="AUD-2026-002",
            client_id=client_id,
            standard_id=session.scalars(select(Standard.id)).one(),
            audit_type="surveillance",
        )
        session.add(audit)
        session.flush()
        for letter, role in (("A", "lead_auditor"), ("B", "second")):
            row = {"user_id": office.users[role], "role": "auditor", "letter": letter}
            session.add(AuditTeam(audit_schedule_id=audit.id, **row))
        for number in range(3):
            contact = {"first_name": "Ann", "last_name": f"Number {number}"}
            _movable(session, office, ClientContact(**contact))
        _movable(session, office, ClientSite(site_name="Plant"))


def _movable(session: Session, office: Office, row: ClientContact | ClientSite) -> None:
    row.id, row.client_id = ids.new_id(), office.client_id
    session.add(row)
    office.movable.append((type(row), row.id))


@cache
def sqlite_stage() -> Stage:
    """This process's stage over SQLite; its files go when the process ends."""
    folder = scratch("stage")
    address = f"sqlite:///{folder / 'server.db'}"
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return build(folder, address, address)
