"""Who may do what: the permissions of a tenant from the start, and how changes of it are made."""

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.errors import NotAllowed
from intact_core.records.access import Permission, RolePermission
from intact_core.records.people import Role
from sync_server.auth.callers import PLATFORM, Caller
from sync_server.auth.grants import rights_of
from sync_server.auth.rights import ACTIONS, DEFAULTS
from sync_server.database.engine import Database
from sync_server.tables.accounts import TenantEntry

ADMIN = "admin"
"""The built-in role that always has every permission of its tenant."""
_NAMED = 5


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


def take_turn(session: Session, caller: Caller) -> Role:
    """Let the tenant's changes of access come one after the other; the administrators' role.

    What must hold afterwards (an administrator is left, no circle of roles, nothing given twice)
    is asked of several rows at once, so that locking the changed row alone would not do. Whoever
    changes a row locks it before, never after: so no two wait for each other.
    """
    query = select(Role).where(Role.tenant_id == caller.tenant, Role.code == ADMIN)
    return session.scalars(query.with_for_update(key_share=True)).one()


def require_within(session: Session, caller: Caller, wanted: Iterable[str]) -> None:
    """Nobody gives more than they have. Rights as "resource:action"; raises NotAllowed."""
    if caller.has(PLATFORM):
        return
    beyond = sorted(set(wanted) - rights_of(session, caller.tenant, caller.user_id))
    if beyond:
        more = ", …" if len(beyond) > _NAMED else ""
        raise NotAllowed(
            "You can give only permissions that you have yourself. You do not have: "
            f"{', '.join(beyond[:_NAMED])}{more}. Ask an administrator of your tenant."
        )
