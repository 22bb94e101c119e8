"""Roles and what they give."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import answer
from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Body,
    Filters,
    Flag,
    Line,
    Shown,
    Text,
    example,
)
from sync_server.api.intact.resources import Resource, Row, add_single, router_of, shows
from sync_server.auth.callers import Caller
from sync_server.services import records, roles
from sync_server.services.roles import ROLES

MOST = 500
Ids = Annotated[list[UUID], Field(min_length=1, max_length=MOST)]


class RoleChanges(Body):
    """`parent_id` is a role whose permissions this one has, too; null for none."""

    model_config = example(name="Senior Quality Manager", description="Updated description")

    name: Line | None = None
    description: Text | None = None
    parent_id: UUID | None = None


class NewRole(RoleChanges):
    """`tenant_id` is your own, or the one that an operator of the platform means."""

    model_config = example(
        tenant_id=EXAMPLE_ID,
        name="Quality Manager",
        description="Manages quality processes",
        is_system_role=False,
    )

    tenant_id: UUID | None = None
    name: Line
    is_system_role: Flag | None = None


class ShownRole(Shown):
    """`code` is what `roles` of a login names."""

    tenant_id: UUID
    code: str
    name: str
    description: str | None
    is_system_role: bool
    parent_id: UUID | None


class RoleFilters(Filters):
    tenant_id: UUID | None = None
    search: str | None = None


class PermissionIds(Body):
    model_config = example(permission_ids=[EXAMPLE_ID])

    permission_ids: Ids


class GivenPermission(BaseModel):
    """`is_inherited`: it comes from the role that this one stands on."""

    id: UUID
    resource: str
    action: str
    description: str | None
    is_inherited: bool


@dataclass(frozen=True)
class _Roles(Resource):
    """Roles are shown with the role that they stand on, which is a row of its own."""

    def listing(self, session: Session, caller: Caller, filters: Filters) -> Response:
        return self._with_parents(session, caller.tenant).listing(session, caller, filters)

    def told(self, session: Session, row: Row, message: str | None = None) -> dict[str, Any]:
        return self._with_parents(session, row.tenant_id).told(session, row, message)

    def _with_parents(self, session: Session, tenant_id: UUID) -> Resource:
        known = roles.parents(session, tenant_id)
        parent: Any = {"parent_id": lambda row: known.get(row.id)}
        return Resource(self.kind, self.path, self.right, self.shown, computed=parent)


ROLE = _Roles(
    ROLES,
    "roles",
    "role",
    ShownRole,
    RoleFilters,
    NewRole,
    RoleChanges,
    platform=True,
    create=roles.create_role,
    change=roles.change_role,
    remove=roles.remove_role,
)
router = router_of(ROLE, "Roles")
routers = (router,)


@router.get("/{id}/permissions", summary="What a role gives", **shows(list[GivenPermission]))
def permissions_of(id: UUID, ask: Annotated[Ask, needs("role", "read", platform=True)]) -> Response:
    """The permissions of a role, with those of the role that it stands on, by name."""
    with ask.reading() as session:
        return _permissions(session, ask.caller, id)


@router.post("/{id}/permissions", summary="Give a role more", **shows(list[GivenPermission]))
def give(
    id: UUID, ask: Annotated[Ask, needs("role", "update", platform=True)], given: PermissionIds
) -> Response:
    """Adds permissions; those that the role has already stay. You give only what you have."""
    with ask.writing() as session:
        roles.give_permissions(session, ask.caller, id, given.permission_ids)
        return _permissions(session, ask.caller, id)


@router.delete(
    "/{id}/permissions/{permission_id}",
    summary="Take a permission from a role",
    **shows(list[GivenPermission]),
)
def take(
    id: UUID, permission_id: UUID, ask: Annotated[Ask, needs("role", "update", platform=True)]
) -> Response:
    """Not from the administrators' role, which has every permission of its tenant."""
    with ask.writing() as session:
        roles.take_permission(session, ask.caller, id, permission_id)
        return _permissions(session, ask.caller, id)


def _permissions(session: Session, caller: Caller, role_id: UUID) -> Response:
    records.one(session, caller, ROLES, role_id)
    found = [
        {
            "id": one.id,
            "resource": one.resource,
            "action": one.action,
            "description": one.description,
            "is_inherited": is_inherited,
        }
        for one, is_inherited in roles.permissions_of(session, caller, role_id)
    ]
    return answer({"success": True, "data": found})


add_single(router, ROLE)
