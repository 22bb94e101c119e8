"""The office of a simulated world: the server's database with one audit, its team and items."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from uuid import UUID

from cryptography import x509
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.records.audits import (
    AuditDocumentation,
    AuditSchedule,
    AuditTeam,
)
from intact_core.records.base import Record
from intact_core.records.checklist import AuditChecklist
from intact_core.records.clients import Client
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.people import Role, Tenant, User, UserRole
from intact_core.records.standards import Standard
from intact_core.rules.kernel import Actor
from sync_server.auth.keys import TenantKeys
from sync_server.auth.sealing import Sealing
from sync_server.database.engine import Database
from sync_server.ledger.feed import record_written
from sync_server.ledger.rounds import (
    begin_epoch,
    epoch_of,
)
from sync_server.tables.accounts import TenantEntry
from tests.fixtures.databases import shape_server, share_statements


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
    keys: TenantKeys = field(default_factory=lambda: TenantKeys(Sealing(bytes(32))))
    certificates: dict[UUID, x509.Certificate] = field(default_factory=dict)
    """What each laptop was given, by the names that it had."""

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
    shape_server(owner_url)
    office = Office(Database(app_url, record_written))
    share_statements(office.database.engine)
    with office.write() as session:
        if not epoch_of(session.connection()):
            begin_epoch(session.connection())
        session.add(Tenant(id=office.tenant_id, name="Demo Certification"))
        session.flush()
        session.add(TenantEntry(home_tenant_id=office.tenant_id, since=clock.now()))
        office.keys.make(session, office.tenant_id, "Demo Certification")
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
