"""Client organisations with their sites and contacts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import RuleBroken
from intact_core.records.audits import AuditSchedule
from intact_core.records.certificates import Certificate
from intact_core.records.clients import Client, ClientContact, ClientSite
from intact_core.records.contracts import Contract
from intact_core.records.finance import Invoice
from sync_server.auth.callers import Caller
from sync_server.services.records import Kind


@dataclass(frozen=True)
class SiteData:
    """A place where a client works."""

    name: str
    address: str
    city: str
    country: str
    is_headquarters: bool = False


@dataclass(frozen=True)
class ContactData:
    """A person at a client; `user_id` where the person may sign in."""

    first_name: str
    last_name: str
    job_title: str
    email: str
    is_primary: bool = False
    user_id: UUID | None = None


@dataclass(frozen=True)
class ClientData:
    """A new client organisation."""

    code: str
    legal_name: str
    industry_sector: str | None = None
    employee_count: int | None = None
    sites: Sequence[SiteData] = field(default_factory=tuple)


def create_client(session: Session, data: ClientData) -> Client:
    """Make a client with its sites; the code is unique in the tenant."""
    client = Client(
        id=ids.new_id(),
        client_code=data.code,
        legal_name=data.legal_name,
        industry_sector=data.industry_sector,
        employee_count=data.employee_count,
    )
    session.add(client)
    session.flush()
    for number, site in enumerate(data.sites, start=1):
        session.add(
            ClientSite(
                client_id=client.id,
                site_name=site.name,
                site_code=f"{data.code}-{number}",
                address_line1=site.address,
                city=site.city,
                country=site.country,
                is_headquarters=site.is_headquarters,
            )
        )
    session.flush()
    return client


def add_contact(session: Session, client_id: UUID, data: ContactData) -> ClientContact:
    """Add a person at the client."""
    contact = ClientContact(
        client_id=client_id,
        first_name=data.first_name,
        last_name=data.last_name,
        job_title=data.job_title,
        email=data.email,
        is_primary=data.is_primary,
        user_id=data.user_id,
    )
    session.add(contact)
    session.flush()
    return contact


def clients(session: Session) -> Sequence[Client]:
    """The tenant's clients by name."""
    query = select(Client).where(Client.deleted_at.is_(None)).order_by(Client.legal_name)
    return session.scalars(query).all()


def sites_of(session: Session, client_id: UUID) -> Sequence[ClientSite]:
    """The client's sites in use, head office first."""
    query = select(ClientSite).where(
        ClientSite.client_id == client_id,
        ClientSite.deleted_at.is_(None),
        ClientSite.is_active.is_(True),
    )
    return session.scalars(
        query.order_by(ClientSite.is_headquarters.desc(), ClientSite.site_name)
    ).all()


def address_of(site: ClientSite | None) -> str:
    """A site's address in one line; empty without a site."""
    if site is None:
        return ""
    return ", ".join(part for part in (site.address_line1, site.city, site.country) if part)


def _own(caller: Caller) -> ColumnElement[bool]:
    return true() if caller.client_id is None else Client.id == caller.client_id


def of_client(record: Any) -> Callable[[Caller], ColumnElement[bool]]:
    """Everything for staff; what belongs to its own organisation for a client's representative."""

    def visible(caller: Caller) -> ColumnElement[bool]:
        return true() if caller.client_id is None else record.client_id == caller.client_id

    return visible


def _one_primary(session: Session, row: ClientContact) -> None:
    _only(session, ClientContact, "is_primary", row)


def _one_headquarters(session: Session, row: ClientSite) -> None:
    _only(session, ClientSite, "is_headquarters", row)


def _only(session: Session, record: Any, flag: str, row: Any) -> None:
    if not getattr(row, flag):
        return
    others = select(record).where(
        record.client_id == row.client_id, record.id != row.id, getattr(record, flag).is_(True)
    )
    for other in session.scalars(others):
        setattr(other, flag, False)


def _unused_client(session: Session, row: Client) -> None:
    certificate = select(Certificate.id).where(
        Certificate.client_id == row.id,
        Certificate.status.in_(("active", "suspended")),
        Certificate.expiry_date >= clock.today(),
    )
    audit = select(AuditSchedule.id).where(
        AuditSchedule.client_id == row.id,
        AuditSchedule.status.in_(("scheduled", "in_progress")),
        AuditSchedule.deleted_at.is_(None),
    )
    if session.scalar(certificate.limit(1)) or session.scalar(audit.limit(1)):
        raise RuleBroken(
            "in_use", "This client has a certificate or an audit. Set it to not active instead."
        )
    contract = and_(Contract.status == "active", Contract.deleted_at.is_(None))
    owed = and_(Invoice.status == "issued", Invoice.deleted_at.is_(None))
    contracts = select(Contract.id).where(Contract.client_id == row.id, contract)
    invoices = select(Invoice.id).where(Invoice.client_id == row.id, owed)
    if session.scalar(contracts.limit(1)) or session.scalar(invoices.limit(1)):
        raise RuleBroken(
            "in_use",
            "This client has a signed contract or an invoice that is not paid. End or settle "
            "these first, or set the client to not active instead.",
        )


def _unused_site(session: Session, row: ClientSite) -> None:
    audits = select(AuditSchedule.id).where(
        AuditSchedule.site_id == row.id, AuditSchedule.deleted_at.is_(None)
    )
    if session.scalar(audits.limit(1)) is not None:
        raise RuleBroken(
            "in_use", "Audits took or take place at this site. Set it to not active instead."
        )


CLIENTS = Kind(
    Client,
    "client",
    search=("legal_name", "trading_name", "client_code"),
    number=("client_code", "CLT"),
    visible=_own,
    may_remove=_unused_client,
)
CONTACTS = Kind(
    ClientContact,
    "contact",
    search=("first_name", "last_name", "email"),
    visible=of_client(ClientContact),
    check=_one_primary,
)
SITES = Kind(
    ClientSite,
    "site",
    search=("site_name", "city"),
    visible=of_client(ClientSite),
    check=_one_headquarters,
    may_remove=_unused_site,
)
