"""The permissions of a tenant from the start."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.records.access import Permission, RolePermission
from intact_core.records.people import Role
from sync_server.auth.rights import ACTIONS, DEFAULTS
from sync_server.database.engine import Database
from sync_server.tables.accounts import TenantEntry


def give_defaults(session: Session) -> None:
    """Make the built-in permissions and give them to the built-in roles."""
    made: dict[str, UUID] = {}
    for resource, actions in ACTIONS.items():
        for action in actions:
            made[f"{resource}:{action}"] = ids.new_id()
            row = Permission(id=made[f"{resource}:{action}"], resource=resource, action=action)
            session.add(row)
    session.flush()
    for role in session.scalars(select(Role).where(Role.code.in_(DEFAULTS))):
        for right in sorted(DEFAULTS[role.code]):
            session.add(RolePermission(role_id=role.id, permission_id=made[right]))
    session.flush()


def give_missing_defaults(database: Database) -> None:
    """The same for tenants that were made before there were permissions."""
    with database.read(None) as session:
        tenants = list(session.scalars(select(TenantEntry.home_tenant_id)))
    for tenant_id in tenants:
        with database.write(tenant_id) as session:
            if session.scalar(select(Permission.id).limit(1)) is None:
                give_defaults(session)
