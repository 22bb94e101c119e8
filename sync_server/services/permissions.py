"""The permissions that roles and people can be given."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, NotAllowed, RuleBroken
from intact_core.records.access import Permission, RolePermission, UserPermission
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.access import take_turn
from sync_server.services.records import Kind

_KEPT = ("tenant", "user", "role", "permission")
"""Without these nobody could mend a tenant's access any more."""


def _may_remove(session: Session, row: Permission) -> None:
    del session
    if row.resource in _KEPT:
        raise NotAllowed("The permissions on access itself stay: nobody could give them back.")


PERMISSIONS = Kind(
    Permission,
    "permission",
    order=(Permission.resource, Permission.action),
    may_remove=_may_remove,
)


def create_permission(session: Session, caller: Caller, values: dict[str, Any]) -> Permission:
    """Make a permission; the administrators' role has it at once, so that it can be given on.

    Raises RuleBroken (`duplicate`) for a pair of resource and action that is there.
    """
    admin = take_turn(session, caller)
    same = select(Permission.id).where(
        Permission.tenant_id == caller.tenant,
        Permission.resource == values["resource"],
        Permission.action == values["action"],
        Permission.deleted_at.is_(None),
    )
    if session.scalar(same) is not None:
        name = f"{values['resource']}:{values['action']}"
        raise RuleBroken("duplicate", f"There is a permission '{name}' already. Use that one.")
    row = records.create(session, caller, PERMISSIONS, values)
    session.add(RolePermission(role_id=admin.id, permission_id=row.id))
    session.flush()
    return row


def remove_permission(session: Session, caller: Caller, id_: UUID) -> Permission:
    """Remove a permission, and take it from every role and person. Raises NotAllowed."""
    records.one(session, caller, PERMISSIONS, id_, lock=True)
    take_turn(session, caller)
    row = records.remove(session, caller, PERMISSIONS, id_, "removed through the API")
    for kind in (RolePermission, UserPermission):
        given = select(kind).where(
            kind.tenant_id == caller.tenant, kind.permission_id == id_, kind.deleted_at.is_(None)
        )
        for one in session.scalars(given):
            one.deleted_at, one.deleted_reason = row.deleted_at, "the permission was removed"
    session.flush()
    return row


def by_ids(session: Session, caller: Caller, ids: Sequence[UUID]) -> Sequence[Permission]:
    """The permissions of these ids, each once; raises BadInput for one that is unknown."""
    query = select(Permission).where(
        Permission.tenant_id == caller.tenant,
        Permission.id.in_(ids),
        Permission.deleted_at.is_(None),
    )
    found = session.scalars(query).all()
    unknown = set(ids) - {one.id for one in found}
    if unknown:
        raise BadInput(f"There is no permission {min(unknown)}. Check the id.")
    return found
