"""An enrolled laptop with one audit under way, made without a server."""

import base64
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import insert
from sqlalchemy.orm import Session

from intact_core import canonical, clock, ids
from intact_core.canonical import to_wire
from intact_core.documents.x509_certificates import (
    Authority,
    Subject,
    issue_device_certificate,
    key_hash,
    make_authority,
)
from intact_core.records.audits import (
    AuditAttendance,
    AuditDocumentation,
    AuditPlanEntry,
    AuditSchedule,
    AuditTeam,
)
from intact_core.records.base import Record
from intact_core.records.checklist import AuditChecklist
from intact_core.records.clients import Client, ClientContact, ClientSite
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.people import Role, Tenant, User, UserRole
from intact_core.records.standards import Standard, StandardClause
from intact_core.sync.operations import GENESIS
from intact_desktop.qt.workbench import Opened
from intact_desktop.settings import Account, Profile
from intact_desktop.store.tables import Device
from intact_desktop.vault import device_key, keys, vault
from intact_desktop.vault.keyring_secret import SecretStore
from intact_desktop.vault.lease import LeaseBook, SignedLease
from tests.fixtures.databases import new_store

PASSPHRASE = "lantern orchard seventeen"
CLAUSES = (
    ("4.1", "The organisation and its context"),
    ("4.2", "Interested parties"),
    ("5.2", "Policy"),
    ("6.1", "Risks and opportunities"),
    ("7.1.5", "Monitoring and measuring resources"),
    ("7.5.3", "Control of documents"),
    ("8.4", "Purchased processes and products"),
    ("8.7", "Outputs that do not conform"),
    ("9.2", "Internal audit"),
    ("9.3", "Management review"),
    ("10.2", "Corrective action"),
)
QUESTION = (
    "How does the organisation show that this is done as planned, and which records of the last "
    "twelve months prove it?"
)


@dataclass
class Filled:
    """What was put into the laptop."""

    opened: Opened
    authority: Authority
    lease_key: ed25519.Ed25519PrivateKey
    audit_id: UUID = field(default_factory=ids.new_id)
    client_id: UUID = field(default_factory=ids.new_id)
    users: dict[str, UUID] = field(default_factory=dict)
    items: list[UUID] = field(default_factory=list)

    @property
    def tenant_id(self) -> UUID:
        return self.opened.tenant_id

    def put(self, *rows: Record) -> None:
        """Store records as a pull would: without operations."""
        with Session(self.opened.engine, expire_on_commit=False) as session, session.begin():
            for row in rows:
                row.tenant_id = self.tenant_id
                session.add(row)
                session.flush()


def enrolled(root: Path, secrets: SecretStore | None, name: str = "anna") -> Filled:
    """A profile with vault, database, device certificate and lease."""
    profile = Profile.at(root, name)
    unlocked = vault.create(profile, PASSPHRASE, secrets, keys.CHEAPEST).unlocked
    tenant_id, user_id, device_id = ids.new_id(), ids.new_id(), ids.new_id()
    engine = new_store(profile.database, unlocked.database_key)
    with engine.begin() as connection:
        connection.execute(
            insert(Device).values(
                id=device_id, tenant_id=tenant_id, user_id=user_id, chain_hash=GENESIS
            )
        )
    authority = make_authority("Demo Certification")
    certificate = issue_device_certificate(
        authority,
        unlocked.device_key.public_key(),
        Subject("Anna Lindqvist", "Demo Certification", str(device_id)),
    )
    chain = [
        one.public_bytes(Encoding.PEM).decode() for one in (certificate, authority.certificate)
    ]
    device_key.store_chain(profile, unlocked.device_key, chain)
    account = Account(
        server="https://server.example",
        email="anna@demo.example",
        user_id=str(user_id),
        device_id=str(device_id),
        tenant_id=str(tenant_id),
        audience="server-one",
    )
    profile.save("account", account)
    lease_key = ed25519.Ed25519PrivateKey.generate()
    book = LeaseBook(profile, unlocked.database_key)
    pem = lease_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    lease = book.accept(
        signed_lease(lease_key, str(device_id), str(user_id), key_hash(certificate)),
        pem.decode(),
        clock.now(),
    )
    opened = Opened(
        profile,
        account,
        engine,
        unlocked,
        device_id,
        tenant_id,
        user_id,
        lease.expires_at,
        secrets,
    )
    return Filled(opened, authority, lease_key)


def signed_lease(
    key: ed25519.Ed25519PrivateKey, device: str, user: str, device_key_hash: str = ""
) -> SignedLease:
    """A lease of 72 hours as the server would sign it."""
    now = clock.now()
    claims = {
        "device_id": device,
        "user_id": user,
        "key": device_key_hash,
        "issued_at": to_wire(now),
        "expires_at": to_wire(now + dt.timedelta(hours=72)),
    }
    signature = key.sign(canonical.dumps(claims))
    return SignedLease(claims, base64.b64encode(signature).decode())


def fill(laptop: Filled, items_per_clause: int = 3) -> Filled:
    """People, a client, a standard and an audit with team, plan and questions."""
    laptop.put(Tenant(id=laptop.tenant_id, name="Demo Certification", country="Denmark"))
    _people(laptop)
    standard = Standard(
        id=ids.new_id(),
        standard_code="ISO 9001",
        standard_name="Quality management systems",
        version="2015",
    )
    laptop.put(
        Client(
            id=laptop.client_id,
            client_code="ACME",
            legal_name="Acme Gearworks Ltd",
            employee_count=140,
        ),
        standard,
    )
    chapters = (("7", "Support"), ("8", "Operation"), ("9", "Performance evaluation"))
    laptop.put(
        *(
            StandardClause(standard_id=standard.id, clause_number=number, clause_title=title)
            for number, title in chapters
        )
    )
    _client(laptop)
    _audit(laptop, standard.id)
    _checklist(laptop, items_per_clause)
    return laptop


def _people(laptop: Filled) -> None:
    people = (
        ("lead_auditor", "Anna", "Lindqvist", laptop.opened.user_id),
        ("auditor", "Tom", "Okafor", ids.new_id()),
        ("cb_admin", "Rie", "Nakamura", ids.new_id()),
    )
    for code, first, last, user_id in people:
        role = Role(id=ids.new_id(), code=code, name=code, is_system_role=True)
        user = User(
            id=user_id,
            email=f"{first.lower()}@demo.example",
            username=first.lower(),
            first_name=first,
            last_name=last,
        )
        laptop.put(role, user, UserRole(user_id=user_id, role_id=role.id))
        laptop.users[code] = user_id


def _client(laptop: Filled) -> None:
    laptop.put(
        ClientContact(
            client_id=laptop.client_id,
            first_name="Jo",
            last_name="Murray",
            job_title="Quality manager",
            is_primary=True,
        ),
        ClientSite(
            client_id=laptop.client_id,
            site_name="Head office and hall A",
            address_line1="Mill Road 4",
            city="Aarhus",
            country="Denmark",
            is_headquarters=True,
        ),
    )


def _audit(laptop: Filled, standard_id: UUID) -> None:
    today = clock.today()
    audit = AuditSchedule(
        id=laptop.audit_id,
        audit_number="AUD-2026-0042",
        client_id=laptop.client_id,
        standard_id=standard_id,
        audit_type="surveillance",
        status="in_progress",
        scope="Design, machining and assembly of gear units.",
        objectives="Establish whether the management system conforms and is effective.",
        scheduled_start_date=today,
        scheduled_end_date=today + dt.timedelta(days=2),
        actual_start_date=today,
    )
    laptop.put(audit)
    for letter, code, lead in (("A", "lead_auditor", True), ("B", "auditor", False)):
        laptop.put(
            AuditTeam(
                audit_schedule_id=audit.id,
                user_id=laptop.users[code],
                role=code,
                is_lead=lead,
                letter=letter,
            )
        )
    start = dt.datetime.combine(today, dt.time(8, 30), dt.UTC)
    laptop.put(
        AuditPlanEntry(
            audit_schedule_id=audit.id,
            starts_at=start,
            ends_at=start + dt.timedelta(hours=1),
            subject="Opening meeting and tour",
            place="Head office",
            auditor_id=laptop.opened.user_id,
        ),
        AuditPlanEntry(
            audit_schedule_id=audit.id,
            starts_at=start + dt.timedelta(hours=1),
            ends_at=start + dt.timedelta(hours=4),
            subject="Assembly and test",
            clauses="7.1.5, 8.7",
            place="Hall A",
            auditor_id=laptop.users["auditor"],
        ),
        AuditAttendance(
            audit_schedule_id=audit.id, name="Jo Murray", role="Quality manager", opening=True
        ),
        AuditDocumentation(audit_schedule_id=audit.id),
        AuditRecommendation(audit_schedule_id=audit.id),
    )


def _checklist(laptop: Filled, items_per_clause: int) -> None:
    rows = []
    for number, title in CLAUSES:
        for place in range(items_per_clause):
            row = AuditChecklist(
                id=ids.new_id(),
                audit_schedule_id=laptop.audit_id,
                clause_reference=number,
                clause_title=title,
                requirement=f"{QUESTION} ({number}, {place + 1})",
                help_text="Ask for one example from each shift.",
                position=len(rows),
            )
            rows.append(row)
            laptop.items.append(row.id)
    laptop.put(*rows)
