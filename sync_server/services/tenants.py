"""Certification bodies: made with their built-in roles and their keys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import NotAllowed, NotFound, RuleBroken
from intact_core.records.people import Role, Tenant
from sync_server.auth.callers import PLATFORM, REQUIRE_TOTP, Caller
from sync_server.auth.endings import end_access
from sync_server.auth.keys import TenantKeys
from sync_server.database.engine import Database
from sync_server.services import records
from sync_server.services.access import give_defaults
from sync_server.services.records import Asked, Kind, Page
from sync_server.tables.accounts import Account, TenantEntry

ROLE_NAMES = {
    "admin": "Administrator",
    "cb_admin": "CB Admin",
    "lead_auditor": "Lead Auditor",
    "auditor": "Auditor",
    "reviewer": "Reviewer",
    "client_user": "Client",
}
"""Built-in roles: code and name."""


@dataclass(frozen=True)
class TenantData:
    """What is known of a new certification body."""

    name: str
    legal_name: str | None = None
    address: str | None = None
    country: str | None = None
    website: str | None = None
    tax_id: str | None = None
    timezone: str = "UTC"
    subscription_tier: str = "professional"
    status: str = "active"
    require_totp: bool = False


def create_tenant(session: Session, keys: TenantKeys, tenant_id: UUID, data: TenantData) -> Tenant:
    """Make a tenant with roles and keys. The session is limited to the new `tenant_id`."""
    tenant = Tenant(
        id=tenant_id,
        tenant_id=tenant_id,
        name=data.name,
        legal_name=data.legal_name,
        address=data.address,
        country=data.country,
        website=data.website,
        tax_id=data.tax_id,
        timezone=data.timezone,
        subscription_tier=data.subscription_tier,
        status=data.status,
        settings={REQUIRE_TOTP: True} if data.require_totp else {},
    )
    session.add(tenant)
    for code, name in ROLE_NAMES.items():
        session.add(Role(code=code, name=name, is_system_role=True))
    session.add(TenantEntry(home_tenant_id=tenant_id, since=clock.now()))
    session.flush()
    give_defaults(session)
    keys.make(session, tenant_id, data.legal_name or data.name)
    session.flush()
    return tenant


@dataclass(frozen=True)
class TenantSummary:
    """What the operator of the platform sees of a tenant: nothing of its work."""

    id: UUID
    name: str
    country: str | None
    status: str


def list_tenants(database: Database) -> list[TenantSummary]:
    """All tenants, for the operator."""
    found = [TenantSummary(row.id, row.name, row.country, row.status) for row in _all(database)]
    return sorted(found, key=lambda one: one.name.lower())


def _all(database: Database) -> list[Any]:
    """The living tenants with `updated_at`, newest first. Each is read in its own limits."""
    with database.read(None) as session:
        query = select(TenantEntry.home_tenant_id).order_by(TenantEntry.since.desc())
        ids = list(session.scalars(query))
    found: list[Any] = []
    for tenant_id in ids:
        with database.read(tenant_id) as session:
            found += records.listed(session, _operator(tenant_id), TENANTS, Asked()).rows
    return found


def _operator(tenant_id: UUID) -> Caller:
    return Caller("", tenant_id, tenant_id, frozenset({PLATFORM}), "", "")


TENANTS = Kind(Tenant, "tenant", search=("name", "legal_name", "country"))
_OPERATORS = ("status", "subscription_tier")
"""What the platform alone decides on."""


def page_of_all(database: Database, asked: Asked) -> Page:
    """One page of all tenants, for the operator: searched and filtered as `records.listed`."""
    found = [row for row in _all(database) if _fits(row, asked)]
    start = (asked.page - 1) * asked.limit
    return Page(found[start : start + asked.limit], len(found))


def _fits(row: Any, asked: Asked) -> bool:
    wanted = (asked.search or "").casefold()
    texts = (getattr(row, name) or "" for name in TENANTS.search)
    return any(wanted in text.casefold() for text in texts) and all(
        getattr(row, name) == value for name, value in asked.filters.items()
    )


def require_free_name(database: Database, name: str, *, but: UUID | None = None) -> None:
    """Raises RuleBroken (`duplicate`) where another tenant has this name."""
    if any(row.name.casefold() == name.casefold() and row.id != but for row in _all(database)):
        raise RuleBroken("duplicate", f"There is a tenant '{name}' already. Use another name.")


def require_tenant(database: Database, tenant_id: UUID) -> None:
    """Raises NotFound where no living tenant has this id."""
    with database.read(tenant_id) as session:
        row = session.get(Tenant, (tenant_id, tenant_id))
    if row is None or row.deleted_at is not None:
        raise NotFound("There is no such tenant.")


def change_tenant(session: Session, caller: Caller, id_: UUID, values: Mapping[str, Any]) -> Tenant:
    """Change a tenant. Raises NotAllowed where its administrator decides for the platform."""
    row = records.one(session, caller, TENANTS, id_, lock=True)
    given = dict(values)
    beyond = [name for name in _OPERATORS if name in given and given[name] != getattr(row, name)]
    if beyond and not caller.has(PLATFORM):
        raise NotAllowed(f"Only an operator of the platform changes {' and '.join(beyond)}.")
    if REQUIRE_TOTP in given:
        given["settings"] = row.settings | {REQUIRE_TOTP: given.pop(REQUIRE_TOTP)}
    return records.change(session, caller, TENANTS, id_, given)


def remove_tenant(session: Session, caller: Caller, id_: UUID) -> Tenant:
    """End a tenant: nobody of it signs in any more; what it holds stays. For operators alone."""
    require_operator(caller)
    row = records.remove(session, caller, TENANTS, id_, "removed through the API")
    for email in _emails(session, id_):
        end_access(session, email)
    return row


def _emails(session: Session, tenant_id: UUID) -> Sequence[str]:
    return session.scalars(select(Account.email).where(Account.home_tenant_id == tenant_id)).all()


def require_operator(caller: Caller) -> None:
    """Raises NotAllowed for everybody else."""
    if not caller.has(PLATFORM):
        raise NotAllowed("Only an operator of the platform makes and ends tenants.")


def make_tenant(
    session: Session, caller: Caller, keys: TenantKeys, values: Mapping[str, Any]
) -> Tenant:
    """Make a tenant within the caller's limits, which are the new one's. For operators alone."""
    require_operator(caller)
    return create_tenant(session, keys, caller.tenant, TenantData(**values))
