"""Client organisations with their sites and contacts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.records.clients import Client, ClientContact, ClientSite


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
