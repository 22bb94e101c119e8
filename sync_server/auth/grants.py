"""What a person may do: the permissions of the roles and of those they stand on, and exceptions."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, literal, select, union
from sqlalchemy.orm import Session

from intact_core.records.access import Permission, RoleParent, RolePermission, UserPermission
from intact_core.records.people import UserRole


def rights_of(session: Session, tenant_id: UUID, user_id: UUID) -> frozenset[str]:
    """Rights as "resource:action". Somebody's own `deny` wins over everything else."""
    connection, of = session.connection(), {"of_tenant": tenant_id, "of_user": user_id}
    # Two questions: asked as one, PostgreSQL looks through all that is given once for each name.
    names = {row.id: f"{row.resource}:{row.action}" for row in connection.execute(_named(), of)}
    given: dict[str, set[str]] = {"allow": set(), "deny": set()}
    for permission_id, effect in connection.execute(_given(), of):
        if permission_id in names:
            given[effect].add(names[permission_id])
    return frozenset(given["allow"] - given["deny"])


@cache
def _named() -> Any:
    return select(Permission.id, Permission.resource, Permission.action).where(
        Permission.tenant_id == bindparam("of_tenant"), Permission.deleted_at.is_(None)
    )


@cache
def _given() -> Any:
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
    return union(by_role, own)
