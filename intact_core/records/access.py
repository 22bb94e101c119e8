"""What roles and single people may do on the server: the office's alone."""

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import OfficeRecord, field, fixed, to
from intact_core.records.people import Role, User


class Permission(OfficeRecord):
    """The right to do something (`action`) with a kind of thing (`resource`)."""

    __tablename__ = "permissions"
    __table_args__ = (Index(None, "tenant_id", "resource", "action"),)

    resource: Mapped[str] = fixed()
    action: Mapped[str] = fixed()
    description: Mapped[str | None] = field()


class RolePermission(OfficeRecord):
    """A permission that a role gives; taken away by its tombstone."""

    __tablename__ = "role_permissions"
    __table_args__ = (
        to(Role, "role_id"),
        to("permissions", "permission_id"),
        Index(None, "tenant_id", "role_id"),
    )

    role_id: Mapped[UUID] = fixed()
    permission_id: Mapped[UUID] = fixed()


class RoleParent(OfficeRecord):
    """A role that has everything of another one, too; no circle."""

    __tablename__ = "role_parents"
    __table_args__ = (
        to(Role, "role_id"),
        to(Role, "parent_id"),
        UniqueConstraint("tenant_id", "role_id"),
    )

    role_id: Mapped[UUID] = fixed()
    parent_id: Mapped[UUID] = field()


class UserPermission(OfficeRecord):
    """An exception for one person: `allow` gives, `deny` takes, whatever the roles say."""

    __tablename__ = "user_permissions"
    __table_args__ = (
        to(User, "user_id"),
        to("permissions", "permission_id"),
        Index(None, "tenant_id", "user_id"),
    )

    user_id: Mapped[UUID] = fixed()
    permission_id: Mapped[UUID] = fixed()
    effect: Mapped[str] = field(choices=("allow", "deny"))
