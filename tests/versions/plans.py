"""What the newer process does: imported there after it became newer, called by its name."""

import shutil
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from uuid import UUID

from alembic.script import ScriptDirectory
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import select, text

from intact_core.records import checklist
from intact_core.records.checklist import AuditChecklist
from intact_desktop.store.engine import open_store
from intact_desktop.store.upgrade import MIGRATIONS, configuration, upgrade
from intact_desktop.sync.deriving import derive_again
from intact_desktop.sync.line import Line
from intact_desktop.sync.refused import refused
from sync_server.database.engine import Database
from sync_server.database.migrate import migrate
from sync_server.ledger.feed import record_written
from sync_server.services.newer_laptops import take_up
from tests.simulation.office import Office, make_office
from tests.simulation.world import (
    KEY,
    DirectGateway,
    Laptop,
    enrol,
    laptop_over,
    reopen,
)

_HELD: dict[str, Any] = {}
_NEXT = """
import sqlalchemy as sa
from alembic import op

revision, down_revision = "newer", "{head}"


def upgrade() -> None:
    op.add_column("audit_checklists", sa.Column("weather", sa.Text()))
    op.create_table(
        "site_moods",
        sa.Column("tenant_id", sa.Uuid(), primary_key=True),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("deleted_at", sa.DateTime()),
        sa.Column("deleted_reason", sa.Text()),
        sa.Column("audit_schedule_id", sa.Uuid(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("base_rev", sa.Integer()),
    )
"""


def hold(server: Connection) -> None:
    """The way to the server in the other process."""
    _HELD["server"] = server


class FarServer:
    """The gateway to a server in another process: the message goes there as it is."""

    def __init__(self, pipe: Connection, device_id: UUID) -> None:
        self._pipe, self.device_id = pipe, device_id
        self.line = Line()

    def hello(self, message: Any) -> Any:
        return self._ask("hello", message)

    def push(self, body: bytes) -> Any:
        return self._ask("push", body)

    @contextmanager
    def pull(self, message: Any) -> Any:
        yield iter(self._ask("pulled", message))

    def _ask(self, name: str, *given: object) -> Any:
        self._pipe.send((name, given))
        worked, value = self._pipe.recv()
        if not worked:
            raise value
        return value


class Served(DirectGateway):
    """A server for another process."""

    def pulled(self, message: Any) -> list[bytes]:
        with self.pull(message) as lines:
            return list(lines)


def make_newer_server(folder: Path, private: bytes) -> tuple[Office, UUID]:
    """A server of the newer version with newer content, and a laptop that is enrolled there."""
    url = f"sqlite:///{folder / 'server.db'}"
    migrate(url)
    _newer_tables(url)
    office = make_office(url, url)
    with office.write() as session:
        session.get_one(AuditChecklist, (office.tenant_id, office.items[0])).weather = "rain"
        session.add(checklist.SiteMood(audit_schedule_id=office.audit_id, words="calm"))
    laptop = enrol(office, folder / "laptop", "lead_auditor", _key(private))
    laptop.engine.dispose()
    _HELD["office"] = office
    _HELD["served"] = Served(office, laptop.device_id, laptop.user_id, {"lead_auditor"})
    return _told(office), laptop.device_id


def hello(message: Any) -> Any:
    return _HELD["served"].hello(message)


def push(body: bytes) -> Any:
    return _HELD["served"].push(body)


def pulled(message: Any) -> list[bytes]:
    return _HELD["served"].pulled(message)


def server_row(place: int) -> tuple[str | None, str | None]:
    """(note, weather) of an item on the server."""
    office = _HELD["office"]
    with office.read() as session:
        row = session.get_one(AuditChecklist, (office.tenant_id, office.items[place]))
        return row.auditor_finding, row.weather


def update_laptop(folder: Path, private: bytes, device_id: UUID) -> dict[str, Any]:
    """The newer version is installed on the laptop; what its tables show before any round."""
    office = _HELD["office"]
    _newer_store(folder)
    user_id, role = office.users["lead_auditor"], "lead_auditor"
    laptop = reopen(office, folder / "laptop", device_id, user_id, role, _key(private))
    _HELD["laptop"] = laptop
    return shown(laptop)


def shown(laptop: Laptop | None = None) -> dict[str, Any]:
    """Weather and notes of the items and the moods, from the laptop's tables."""
    laptop = laptop or _HELD["laptop"]
    with laptop.sessions() as session:
        items = session.scalars(select(AuditChecklist).order_by(AuditChecklist.position)).all()
        moods = session.scalars(select(checklist.SiteMood)).all()
        return {
            "weather": [one.weather for one in items],
            "notes": [one.auditor_finding for one in items],
            "moods": [one.words for one in moods],
        }


def work_on_laptop(values: dict[str, str], place: int) -> list[tuple[str, str | None]]:
    """Write into an item and sync; the verdicts of all operations with their reasons."""
    laptop: Laptop = _HELD["laptop"]
    with laptop.work() as session:
        items = session.scalars(select(AuditChecklist).order_by(AuditChecklist.position)).all()
        for name, value in values.items():
            setattr(items[place], name, value)
    laptop.round()
    return _verdicts(laptop)


def add_mood(words: str) -> list[tuple[str, str | None]]:
    """Make a record of the new kind and sync."""
    laptop: Laptop = _HELD["laptop"]
    with laptop.work() as session:
        audit_id = _HELD["office"].audit_id
        session.add(checklist.SiteMood(audit_schedule_id=audit_id, words=words))
    laptop.round()
    return _verdicts(laptop)


def _verdicts(laptop: Laptop) -> list[tuple[str, str | None]]:
    with laptop.engine.connect() as connection:
        query = "SELECT verdict, json_extract(receipt, '$.reason') FROM outbox ORDER BY n"
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def install_newer_laptop(
    folder: Path, private: bytes, office: Office, device_id: UUID
) -> dict[str, Any]:
    """The laptop is updated before its server, which stays in the other process."""
    _newer_store(folder)
    _HELD["office"] = office
    far: Any = FarServer(_HELD["server"], device_id)
    user_id = office.users["lead_auditor"]
    _HELD["laptop"] = laptop_over(folder / "laptop", far, user_id, _key(private))
    return shown()


def refused_now() -> list[tuple[str, str, bool]]:
    """(reason, sentence, may be sent again) of what the laptop says was not accepted."""
    with _HELD["laptop"].sessions() as session:
        return [(one.reason, one.sentence, one.can_send_again) for one in refused(session)]


def update_server(folder: Path, private: bytes, device_id: UUID) -> list[int]:
    """The server is updated, started twice, and meets the laptop; what each start took up."""
    url = f"sqlite:///{folder / 'server.db'}"
    _newer_tables(url)
    office = _HELD["office"] = replace(
        _HELD["office"], database=Database(url, record_written), certificates={}
    )
    taken = [take_up(office.database) for _ in range(2)]
    _HELD["laptop"].engine.dispose()
    user_id, role = office.users["lead_auditor"], "lead_auditor"
    laptop = reopen(office, folder / "laptop", device_id, user_id, role, _key(private))
    _HELD["laptop"] = laptop
    laptop.round()
    return taken


def _told(office: Office) -> Office:
    database: Any = None
    return replace(office, database=database, certificates={})


def _key(private: bytes) -> ec.EllipticCurvePrivateKey:
    key = load_pem_private_key(private, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def _newer_tables(url: str) -> None:
    database = Database(url, record_written)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE audit_checklists ADD COLUMN weather TEXT"))
        checklist.SiteMood.__table__.create(connection)
    database.engine.dispose()


def _newer_store(folder: Path) -> None:
    migrations = folder / "migrations"
    shutil.copytree(MIGRATIONS, migrations)
    head = ScriptDirectory.from_config(configuration()).get_current_head()
    (migrations / "versions" / "9999_newer.py").write_text(_NEXT.format(head=head))
    engine = open_store(folder / "laptop" / "intact.db", KEY)
    upgrade(engine, KEY, folder / "set-aside", migrations)
    assert derive_again(engine)
    assert not derive_again(engine)
    engine.dispose()
