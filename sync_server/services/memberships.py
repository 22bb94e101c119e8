"""The roles of people, and exceptions for one person."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import NotAllowed, NotFound, RuleBroken
from intact_core.records.access import Permission, UserPermission
from intact_core.records.people import Role, User, UserRole
from sync_server.auth.callers import PLATFORM, Caller
from sync_server.services.access import ADMIN, require_within, take_turn
from sync_server.services.permissions import by_ids
from sync_server.services.roles import by_role_ids, rights_of_role

CLIENTS_ROLE = "client_user"


def roles_of(session: Session, user: User) -> Sequence[Role]:
    """The roles that somebody has, by name."""
    query = (
        select(Role)
        .join(UserRole, UserRole.role_id == Role.id)
        .where(
            Role.tenant_id == user.tenant_id,
            Role.deleted_at.is_(None),
            UserRole.tenant_id == user.tenant_id,
            UserRole.user_id == user.id,
            UserRole.deleted_at.is_(None),
        )
        .order_by(Role.name)
    )
    return session.scalars(query).all()


def give_roles(session: Session, caller: Caller, user: User, role_ids: Sequence[UUID]) -> None:
    """Give somebody roles; those that they have stay. The user is locked.

    Raises BadInput for an unknown role, NotAllowed for more than the caller has, RuleBroken
    (`clients_role`) where staff and representatives of clients would be mixed up.
    """
    take_turn(session, caller)
    has = {role.id for role in roles_of(session, user)}
    for role in by_role_ids(session, caller, role_ids):
        if role.id in has:
            continue
        _may_give(session, caller, user, role)
        session.add(UserRole(user_id=user.id, role_id=role.id))
        user.primary_role_id = user.primary_role_id or role.id
    session.flush()


def _may_give(session: Session, caller: Caller, user: User, role: Role) -> None:
    # What a built-in role means goes beyond its permissions, and only its administrators know.
    if role.is_system_role and not caller.has(ADMIN, PLATFORM):
        raise NotAllowed("Only an administrator of the tenant gives built-in roles.")
    require_within(session, caller, rights_of_role(session, caller, role.id))
    if role.is_system_role and (role.code == CLIENTS_ROLE) != (user.client_id is not None):
        raise RuleBroken(
            "clients_role",
            "The role 'client_user' is for representatives of clients (users with a client_id), "
            "and the other built-in roles are for your own staff.",
        )


def take_role(session: Session, caller: Caller, user: User, role_id: UUID) -> None:
    """Take a role from somebody. Raises NotFound; RuleBroken (`last_admin`). The user is locked."""
    take_turn(session, caller)
    query = select(UserRole).where(
        UserRole.tenant_id == caller.tenant,
        UserRole.user_id == user.id,
        UserRole.role_id == role_id,
        UserRole.deleted_at.is_(None),
    )
    held = session.scalars(query).all()
    if not held:
        raise NotFound("This person does not have such a role.")
    if any(role.id == role_id and role.code == ADMIN for role in roles_of(session, user)):
        require_another_admin(session, user)
    for one in held:
        one.deleted_at, one.deleted_reason = clock.now(), "taken through the API"
    session.flush()
    if user.primary_role_id == role_id:
        user.primary_role_id = next((role.id for role in roles_of(session, user)), None)
        session.flush()


def require_another_admin(session: Session, user: User) -> None:
    """Raises RuleBroken (`last_admin`) where nobody else administers the tenant."""
    others = (
        select(func.count())
        .select_from(UserRole)
        .join(Role, Role.id == UserRole.role_id)
        .join(User, User.id == UserRole.user_id)
        .where(
            UserRole.tenant_id == user.tenant_id,
            Role.tenant_id == user.tenant_id,
            User.tenant_id == user.tenant_id,
            UserRole.deleted_at.is_(None),
            Role.code == ADMIN,
            User.id != user.id,
            User.is_active.is_(True),
            User.deleted_at.is_(None),
        )
    )
    if not session.scalar(others):
        raise RuleBroken(
            "last_admin",
            "This is the tenant's last administrator. Make somebody else administrator first.",
        )


def exceptions_of(session: Session, user: User) -> Sequence[tuple[Permission, str]]:
    """What somebody is given (`allow`) or denied (`deny`) whatever the roles say."""
    query = (
        select(Permission, UserPermission.effect)
        .join(UserPermission, UserPermission.permission_id == Permission.id)
        .where(
            Permission.tenant_id == user.tenant_id,
            UserPermission.tenant_id == user.tenant_id,
            UserPermission.user_id == user.id,
            UserPermission.deleted_at.is_(None),
        )
        .order_by(Permission.resource, Permission.action)
    )
    return [(permission, effect) for permission, effect in session.execute(query)]


def except_from(
    session: Session, caller: Caller, user: User, permission_ids: Sequence[UUID], effect: str
) -> None:
    """Allow or deny somebody permissions; an earlier exception changes. The user is locked.

    Raises BadInput for an unknown one, NotAllowed for more than the caller has; RuleBroken
    (`last_admin`) where an administrator would be denied the right to mend it.
    """
    admin = take_turn(session, caller)
    wanted = by_ids(session, caller, permission_ids)
    if effect == "allow":
        require_within(session, caller, (f"{one.resource}:{one.action}" for one in wanted))
    elif admin.id in {role.id for role in roles_of(session, user)}:
        require_another_admin(session, user)
    there = {one.permission_id: one for one in _exceptions(session, user)}
    for one in wanted:
        if one.id in there:
            there[one.id].effect = effect
        else:
            session.add(UserPermission(user_id=user.id, permission_id=one.id, effect=effect))
    session.flush()


def end_exception(session: Session, caller: Caller, user: User, permission_id: UUID) -> None:
    """Let the roles decide again. Raises NotFound, and NotAllowed where it would give more."""
    take_turn(session, caller)
    found = [one for one in _exceptions(session, user) if one.permission_id == permission_id]
    if not found:
        raise NotFound("There is no such exception for this person.")
    if found[0].effect == "deny":
        right = session.get_one(Permission, (user.tenant_id, permission_id))
        require_within(session, caller, [f"{right.resource}:{right.action}"])
    for one in found:
        one.deleted_at, one.deleted_reason = clock.now(), "ended through the API"
    session.flush()


def _exceptions(session: Session, user: User) -> Sequence[Any]:
    query = select(UserPermission).where(
        UserPermission.tenant_id == user.tenant_id,
        UserPermission.user_id == user.id,
        UserPermission.deleted_at.is_(None),
    )
    return session.scalars(query).all()
