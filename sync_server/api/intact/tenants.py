"""Certification bodies: made and ended by the platform, kept by their administrators."""

import zoneinfo
from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

from fastapi import APIRouter, Header, Query, Response
from pydantic import AfterValidator
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.errors import NotFound
from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import Many, One
from sync_server.api.intact.fields import Body, Filters, Flag, Line, Shown, Text, Web, example
from sync_server.api.intact.resources import ERRORS, Removed, Resource, shows
from sync_server.auth.callers import PLATFORM, REQUIRE_TOTP
from sync_server.auth.permissions import database_of, keys_of
from sync_server.services import records, tenants
from sync_server.services.tenants import TENANTS


def _is_zone(value: str) -> str:
    if value not in zoneinfo.available_timezones():
        raise ValueError("must be a name of the time zone database, such as Africa/Nairobi")
    return value


Status = Literal["active", "suspended", "trial"]
Zone = Annotated[Line, AfterValidator(_is_zone)]


class TenantChanges(Body):
    """`status` and `subscription_tier` are the platform's alone. With `require_totp` everybody of
    the tenant signs in with a second factor, from the next request on."""

    model_config = example(name="Updated Name", status="active")

    name: Line | None = None
    legal_name: Text | None = None
    tax_id: Text | None = None
    website: Web | None = None
    address: Text | None = None
    country: Text | None = None
    timezone: Zone | None = None
    subscription_tier: Line | None = None
    status: Status | None = None
    require_totp: Flag | None = None


class NewTenant(TenantChanges):
    model_config = example(
        name="Certification Body Name",
        legal_name="Legal Entity Name",
        tax_id="TAX123456",
        website="https://example.com",
        country="Kenya",
        timezone="Africa/Nairobi",
        subscription_tier="professional",
        status="active",
    )

    name: Line


class ShownTenant(Shown):
    name: str
    legal_name: str | None
    tax_id: str | None
    website: str | None
    address: str | None
    country: str | None
    timezone: str
    subscription_tier: str
    status: Status
    require_totp: bool


class TenantFilters(Filters):
    search: str | None = None
    status: Status | None = None
    country: str | None = None


TENANT = Resource(
    TENANTS,
    "tenants",
    "tenant",
    ShownTenant,
    TenantFilters,
    computed={"require_totp": lambda row: bool(row.settings.get(REQUIRE_TOTP))},
)
router = APIRouter(prefix="/api/v1/tenants", tags=["Tenants"], responses=ERRORS)
routers = (router,)
Reading = Annotated[Ask, needs("tenant", "read", platform=True)]


@router.get(
    "",
    summary="List tenants",
    response_model=None,
    responses={200: {"model": Many[ShownTenant], "description": "One page"}},
)
def listing(ask: Reading, filters: Annotated[TenantFilters, Query()]) -> Response:
    """All tenants for an operator of the platform, the own one for everybody else."""
    if ask.caller.has(PLATFORM):
        return TENANT.page(
            filters, lambda asked: tenants.page_of_all(database_of(ask.request), asked)
        )
    with ask.reading() as session:
        return TENANT.listing(session, ask.caller, filters)


@router.post(
    "",
    summary="Make a tenant",
    status_code=201,
    response_model=None,
    responses={201: {"model": One[ShownTenant], "description": "Made"}},
)
def create(
    ask: Annotated[Ask, needs("tenant", "create", platform=True)],
    given: NewTenant,
    idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Makes a certification body with its built-in roles, its permissions and its keys. For
    operators of the platform, who then make its first administrator (POST /users)."""
    tenants.require_operator(ask.caller)
    caller = ask.caller
    # The same key names the same tenant, in whose limits its answer is remembered.
    id_ = uuid5(caller.user_id, idempotency_key) if idempotency_key else ids.new_id()
    inside = ask.within(id_)
    tenants.require_free_name(database_of(ask.request), given.name, but=id_)
    values = {name: value for name, value in given.values().items() if value is not None}

    def do(session: Session) -> dict[str, Any]:
        made = tenants.make_tenant(session, inside.caller, keys_of(ask.request), values)
        return TENANT.told(session, made)

    return inside.once(given.model_dump_json(exclude_unset=True).encode(), do)


@router.get("/{id}", summary="One of the tenants", **shows(ShownTenant))
def read(id: UUID, ask: Reading) -> Response:
    """Another tenant than the own one is as if it were not there."""
    inside = _inside(ask, id)
    with inside.reading() as session:
        return TENANT.done(session, records.one(session, inside.caller, TENANTS, id))


@router.put("/{id}", summary="Change a tenant: the fields that are sent", **shows(ShownTenant))
def change(
    id: UUID,
    ask: Annotated[Ask, needs("tenant", "update", platform=True)],
    given: TenantChanges,
    if_match: Annotated[str | None, Header()] = None,
) -> Response:
    """An administrator changes the own tenant, but neither its status nor its tier."""
    inside = _inside(ask, id)
    if given.name is not None:
        tenants.require_free_name(database_of(ask.request), given.name, but=id)
    with inside.writing() as session:
        records.require_version(session, inside.caller, TENANTS, id, if_match)
        return TENANT.done(
            session, tenants.change_tenant(session, inside.caller, id, given.values())
        )


@router.delete("/{id}", summary="End a tenant; its rows are kept", **shows(Removed))
def remove(id: UUID, ask: Annotated[Ask, needs("tenant", "delete", platform=True)]) -> Response:
    """Nobody of the tenant signs in any more. For operators of the platform."""
    inside = _inside(ask, id)
    with inside.writing() as session:
        return TENANT.removed(tenants.remove_tenant(session, inside.caller, id))


def _inside(ask: Ask, id_: UUID) -> Ask:
    if ask.caller.has(PLATFORM):
        return ask.meant(id_)
    if id_ != ask.caller.tenant_id:
        raise NotFound("There is no such tenant.")
    return ask
