"""What a person may do: the permissions of the roles and of those they stand on, and exceptions."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, literal, select, union_all
from sqlalchemy.orm import Session

from intact_core.records.access import Permission, RoleParent, RolePermission, UserPermission
from intact_core.records.people import UserRole


def rights_of(session: Session, tenant_id: UUID, user_id: UUID) -> frozenset[str]:
    """Rights as "resource:action". Somebody's own `deny` wins over everything else."""
    found = session.connection().execute(_query(), {"of_tenant": tenant_id, "of_user": user_id})
    given: dict[str, set[str]] = {"allow": set(), "deny": set()}
    for resource, action, effect in found:
        given[effect].add(f"{resource}:{action}")
    return frozenset(given["allow"] - given["deny"])


@cache
def _query() -> Select[Any]:
    tenant: Any = bindparam("of_tenant")
    roles = (
        select(UserRole.role_id.label("role_id"))
        .where(
            UserRole.tenant_id == tenant,
            UserRole.user_id == bindparam("of_user"),
            UserRole.deleted_at.is_(None),
        )
        .cte("held", recursive=True)
    )
    # A union without duplicates ends also where somebody made a circle.
    roles = roles.union(
        select(RoleParent.parent_id).where(
            RoleParent.tenant_id == tenant,
            RoleParent.role_id == roles.c.role_id,
            RoleParent.deleted_at.is_(None),
        )
    )
    by_role = select(RolePermission.permission_id, literal("allow").label("effect")).where(
        RolePermission.tenant_id == tenant,
        RolePermission.role_id.in_(select(roles.c.role_id)),
        RolePermission.deleted_at.is_(None),
    )
    own = select(UserPermission.permission_id, UserPermission.effect).where(
        UserPermission.tenant_id == tenant,
        UserPermission.user_id == bindparam("of_user"),
        UserPermission.deleted_at.is_(None),
    )
    given = union_all(by_role, own).subquery()
    return (
        select(Permission.resource, Permission.action, given.c.effect)
        .join(given, Permission.id == given.c.permission_id)
        .where(Permission.tenant_id == tenant, Permission.deleted_at.is_(None))
    )
