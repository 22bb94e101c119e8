"""Certification bodies: made with their built-in roles and their keys."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.records.people import Role, Tenant
from sync_server.auth.keys import TenantKeys
from sync_server.database.engine import Database
from sync_server.services.access import give_defaults
from sync_server.tables.accounts import TenantEntry

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
        settings={},
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
    """All tenants, for the operator. Each is read in its own limits."""
    with database.read(None) as session:
        ids = [row.home_tenant_id for row in session.query(TenantEntry)]
    found = []
    for tenant_id in ids:
        with database.read(tenant_id) as session:
            row = session.get_one(Tenant, (tenant_id, tenant_id))
            found.append(TenantSummary(row.id, row.name, row.country, row.status))
    return sorted(found, key=lambda one: one.name.lower())
