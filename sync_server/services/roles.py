"""Roles, what they give, and the roles that they stand on."""

import re
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotAllowed, NotFound, RuleBroken
from intact_core.records.access import Permission, RoleParent, RolePermission
from intact_core.records.people import ROLE_CODES, Role, UserRole
from sync_server.auth.callers import PLATFORM, Caller
from sync_server.services import records
from sync_server.services.access import ADMIN, require_within, take_turn
from sync_server.services.permissions import by_ids
from sync_server.services.records import Kind

_RESERVED = frozenset({*ROLE_CODES, PLATFORM})


def _unused(session: Session, row: Role) -> None:
    held = select(UserRole.id).where(UserRole.role_id == row.id, UserRole.deleted_at.is_(None))
    stood_on = select(RoleParent.id).where(
        RoleParent.parent_id == row.id, RoleParent.deleted_at.is_(None)
    )
    if session.scalar(held.limit(1)) or session.scalar(stood_on.limit(1)):
        raise RuleBroken(
            "in_use",
            "Somebody has this role, or another role stands on it. Take it away there first.",
        )


ROLES = Kind(Role, "role", search=("name", "description"), order=(Role.name,), may_remove=_unused)


def parents(session: Session, tenant_id: UUID) -> dict[UUID, UUID]:
    """For each role that stands on another one, that other one."""
    query = select(RoleParent.role_id, RoleParent.parent_id).where(
        RoleParent.tenant_id == tenant_id, RoleParent.deleted_at.is_(None)
    )
    return {row.role_id: row.parent_id for row in session.execute(query)}


def create_role(session: Session, caller: Caller, values: dict[str, Any]) -> Role:
    """Make a role; `parent_id` names one whose permissions it has, too.

    Raises NotAllowed for a built-in one, RuleBroken (`duplicate`) for a name that is taken.
    """
    take_turn(session, caller)
    own = {name: value for name, value in values.items() if name in ("name", "description")}
    if values.get("is_system_role"):
        raise NotAllowed("Built-in roles come with the software; yours cannot be one of them.")
    row = records.create(
        session, caller, ROLES, {**own, "code": _free_code(session, caller, own["name"])}
    )
    if values.get("parent_id") is not None:
        _stand_on(session, caller, row, values["parent_id"])
    return row


def change_role(session: Session, caller: Caller, id_: UUID, values: dict[str, Any]) -> Role:
    """Change name, description or the role that it stands on. Raises NotAllowed: built in."""
    _own(session, caller, id_)
    take_turn(session, caller)
    plain = {name: value for name, value in values.items() if name != "parent_id"}
    row = records.change(session, caller, ROLES, id_, plain)
    if "parent_id" in values:
        _stand_on(session, caller, row, values["parent_id"])
    return row


def remove_role(session: Session, caller: Caller, id_: UUID) -> Role:
    """Remove a role that nobody has. Raises NotAllowed: built in; RuleBroken: `in_use`."""
    _own(session, caller, id_)
    take_turn(session, caller)
    row = records.remove(session, caller, ROLES, id_, "removed through the API")
    for kind in (RolePermission, RoleParent):
        query = select(kind).where(kind.role_id == id_, kind.deleted_at.is_(None))
        for one in session.scalars(query):
            one.deleted_at, one.deleted_reason = row.deleted_at, "the role was removed"
    session.flush()
    return row


def _own(session: Session, caller: Caller, id_: UUID) -> Role:
    row = records.one(session, caller, ROLES, id_, lock=True)
    if row.is_system_role:
        raise NotAllowed(
            "This role is built in: it keeps its name and is not removed. Make one of your own."
        )
    return row


def _free_code(session: Session, caller: Caller, name: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "role"
    query = select(Role.code).where(
        Role.tenant_id == caller.tenant, Role.code.startswith(plain, autoescape=True)
    )
    taken = _RESERVED.union(session.scalars(query))
    numbered = (f"{plain}_{number}" for number in count(2))
    return plain if plain not in taken else next(one for one in numbered if one not in taken)


def _stand_on(session: Session, caller: Caller, role: Role, parent_id: UUID | None) -> None:
    row = session.scalar(
        select(RoleParent).where(
            RoleParent.tenant_id == caller.tenant, RoleParent.role_id == role.id
        )
    )
    if parent_id is None:
        if row is not None and row.deleted_at is None:
            row.deleted_at, row.deleted_reason = clock.now(), "stands on no other role any more"
            session.flush()
        return
    parent = _known(session, caller, parent_id)
    known = parents(session, caller.tenant)
    if role.id in _lineage(known, parent.id):
        raise RuleBroken(
            "circle", "That role stands on this one already: roles must not form a circle."
        )
    require_within(session, caller, rights_of_role(session, caller, parent.id))
    if row is None:
        session.add(RoleParent(role_id=role.id, parent_id=parent.id))
    else:
        row.parent_id, row.deleted_at, row.deleted_reason = parent.id, None, None
    session.flush()


def _known(session: Session, caller: Caller, role_id: UUID) -> Role:
    try:
        return records.one(session, caller, ROLES, role_id)
    except NotFound:
        raise BadInput(f"There is no role {role_id}. Check the id.") from None


def by_role_ids(session: Session, caller: Caller, ids: Sequence[UUID]) -> list[Role]:
    """The roles of these ids, each once; raises BadInput for one that is unknown."""
    return [_known(session, caller, id_) for id_ in dict.fromkeys(ids)]


def _lineage(known: Mapping[UUID, UUID], role_id: UUID) -> list[UUID]:
    found = [role_id]
    while (above := known.get(found[-1])) is not None and above not in found:
        found.append(above)
    return found


def rights_of_role(session: Session, caller: Caller, role_id: UUID) -> set[str]:
    """What a role gives, as "resource:action", with what it has from those it stands on."""
    return {f"{one.resource}:{one.action}" for one, _ in permissions_of(session, caller, role_id)}


def permissions_of(
    session: Session, caller: Caller, role_id: UUID
) -> list[tuple[Permission, bool]]:
    """The permissions of a role, each with whether another role hands it down; by name."""
    lineage = _lineage(parents(session, caller.tenant), role_id)
    query = (
        select(Permission, RolePermission.role_id)
        .join(RolePermission, RolePermission.permission_id == Permission.id)
        .where(
            RolePermission.tenant_id == caller.tenant,
            RolePermission.role_id.in_(lineage),
            RolePermission.deleted_at.is_(None),
            Permission.tenant_id == caller.tenant,
            Permission.deleted_at.is_(None),
        )
        .order_by(Permission.resource, Permission.action)
    )
    found: dict[UUID, tuple[Permission, bool]] = {}
    for permission, of_role in session.execute(query):
        handed_down = of_role != role_id
        if permission.id not in found or not handed_down:
            found[permission.id] = (permission, handed_down)
    return list(found.values())


def give_permissions(
    session: Session, caller: Caller, role_id: UUID, permission_ids: Sequence[UUID]
) -> None:
    """Give a role permissions; those that it has stay. Raises BadInput for an unknown one."""
    role = records.one(session, caller, ROLES, role_id, lock=True)
    take_turn(session, caller)
    wanted = by_ids(session, caller, permission_ids)
    require_within(session, caller, (f"{one.resource}:{one.action}" for one in wanted))
    has = {one.permission_id for one in _given(session, role)}
    for one in wanted:
        if one.id not in has:
            session.add(RolePermission(role_id=role.id, permission_id=one.id))
    session.flush()


def take_permission(session: Session, caller: Caller, role_id: UUID, permission_id: UUID) -> None:
    """Take a permission from a role. Raises NotFound where it was not given by this role."""
    role = records.one(session, caller, ROLES, role_id, lock=True)
    take_turn(session, caller)
    if role.code == ADMIN:
        raise NotAllowed("The administrators' role keeps every permission of the tenant.")
    given = [one for one in _given(session, role) if one.permission_id == permission_id]
    if not given:
        raise NotFound("This role was not given such a permission.")
    for one in given:
        one.deleted_at, one.deleted_reason = clock.now(), "taken from the role"
    session.flush()


def _given(session: Session, role: Role) -> Sequence[RolePermission]:
    query = select(RolePermission).where(
        RolePermission.tenant_id == role.tenant_id,
        RolePermission.role_id == role.id,
        RolePermission.deleted_at.is_(None),
    )
    return session.scalars(query).all()
