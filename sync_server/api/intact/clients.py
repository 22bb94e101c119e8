"""Clients, their contacts and their sites."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Query, Response

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import Many
from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Amount,
    Body,
    Count,
    Currency,
    Filters,
    Flag,
    Line,
    Money,
    Number,
    Shown,
    Text,
    Web,
    example,
)
from sync_server.api.intact.resources import Resource, add_single, router_of
from sync_server.services.clients import CLIENTS, CONTACTS, SITES

Status = Literal["active", "inactive"]


class ClientChanges(Body):
    model_config = example(legal_name="Updated Company Name", status="active")

    legal_name: Line | None = None
    trading_name: Text | None = None
    registration_number: Text | None = None
    tax_id: Text | None = None
    website: Web | None = None
    industry_sector: Text | None = None
    employee_count: Count | None = None
    annual_revenue: Money | None = None
    currency: Currency | None = None
    status: Status | None = None


class NewClient(ClientChanges):
    """Without a code one is given."""

    model_config = example(
        client_code="CLT001",
        legal_name="ABC Manufacturing Ltd",
        trading_name="ABC Manufacturing",
        registration_number="REG123456",
        tax_id="TAX789012",
        website="https://abcmfg.com",
        industry_sector="Manufacturing",
        employee_count=500,
        annual_revenue=50000000,
        currency="KES",
        status="active",
    )

    client_code: Number | None = None
    legal_name: Line


class ShownClient(Shown):
    client_code: str
    legal_name: str
    trading_name: str | None
    registration_number: str | None
    tax_id: str | None
    website: str | None
    industry_sector: str | None
    employee_count: int | None
    annual_revenue: Amount | None
    currency: str | None
    status: Status


class ClientFilters(Filters):
    search: str | None = None
    status: Status | None = None
    industry_sector: str | None = None


class ContactChanges(Body):
    model_config = example(phone="+254700000001", is_primary=True)

    first_name: Line | None = None
    last_name: Line | None = None
    job_title: Text | None = None
    email: Text | None = None
    phone: Text | None = None
    mobile: Text | None = None
    is_primary: Flag | None = None
    is_billing: Flag | None = None
    is_technical: Flag | None = None


class NewContact(ContactChanges):
    model_config = example(
        client_id=EXAMPLE_ID,
        first_name="John",
        last_name="Smith",
        job_title="Quality Manager",
        email="john.smith@example.com",
        phone="+254700000000",
        mobile="+254711111111",
        is_primary=True,
        is_billing=True,
        is_technical=False,
    )

    client_id: UUID
    first_name: Line
    last_name: Line


class ShownContact(Shown):
    client_id: UUID
    first_name: str
    last_name: str
    job_title: str | None
    email: str | None
    phone: str | None
    mobile: str | None
    is_primary: bool
    is_billing: bool
    is_technical: bool


class OfClient(Filters):
    search: str | None = None
    client_id: UUID | None = None


class SiteChanges(Body):
    model_config = example(site_name="Nairobi Main Office", is_active=True)

    site_name: Line | None = None
    site_code: Number | None = None
    address_line1: Text | None = None
    city: Text | None = None
    country: Text | None = None
    is_headquarters: Flag | None = None
    is_active: Flag | None = None


class NewSite(SiteChanges):
    model_config = example(
        client_id=EXAMPLE_ID,
        site_name="Nairobi Office",
        site_code="NBO001",
        address_line1="123 Moi Avenue",
        city="Nairobi",
        country="Kenya",
        is_headquarters=True,
        is_active=True,
    )

    client_id: UUID
    site_name: Line


class ShownSite(Shown):
    client_id: UUID
    site_name: str
    site_code: str | None
    address_line1: str | None
    city: str | None
    country: str | None
    is_headquarters: bool
    is_active: bool


CLIENT = Resource(
    CLIENTS, "clients", "client", ShownClient, ClientFilters, NewClient, ClientChanges
)
CONTACT = Resource(
    CONTACTS,
    "client-contacts",
    "client_contact",
    ShownContact,
    OfClient,
    NewContact,
    ContactChanges,
)
SITE = Resource(SITES, "client-sites", "client_site", ShownSite, OfClient, NewSite, SiteChanges)

clients = router_of(CLIENT, "Clients")
contacts = router_of(CONTACT, "Client contacts")
sites = router_of(SITE, "Client sites")
routers = (clients, contacts, sites)
for router, resource in zip(routers, (CLIENT, CONTACT, SITE), strict=True):
    add_single(router, resource)


@clients.get("/{id}/contacts", response_model=None, responses={200: {"model": Many[ShownContact]}})
def contacts_of(
    id: UUID,
    ask: Annotated[Ask, needs("client_contact", "read")],
    filters: Annotated[Filters, Query()],
) -> Response:
    """The contacts of a client."""
    return CONTACT.below(ask, ("client_id", CLIENTS), id, filters)


@clients.get("/{id}/sites", response_model=None, responses={200: {"model": Many[ShownSite]}})
def sites_of(
    id: UUID,
    ask: Annotated[Ask, needs("client_site", "read")],
    filters: Annotated[Filters, Query()],
) -> Response:
    """The sites of a client."""
    return SITE.below(ask, ("client_id", CLIENTS), id, filters)
