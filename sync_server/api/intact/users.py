"""People with an account, their roles and their exceptions."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Header, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy.orm import Session

from intact_core.records.people import User
from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import One, answer
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
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.api.intact.roles import Ids
from sync_server.auth.passwords import LONGEST, require_strong
from sync_server.auth.permissions import factor_of, passwords_of
from sync_server.services import memberships, records, users
from sync_server.services.users import USERS

Password = Annotated[str, Field(max_length=LONGEST, json_schema_extra={"format": "password"})]
Email = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=254)]
Reading = Annotated[Ask, needs("user", "read", platform=True)]
Changing = Annotated[Ask, needs("user", "update", platform=True)]


class UserChanges(Body):
    model_config = example(first_name="Updated Name", job_title="Senior Auditor", is_active=True)

    first_name: Line | None = None
    last_name: Line | None = None
    job_title: Text | None = None
    phone: Text | None = None
    is_active: Flag | None = None


class NewUser(UserChanges):
    """`tenant_id` is your own, or the one that an operator of the platform means; `client_id` the
    organisation that somebody represents, empty for your own staff."""

    model_config = example(
        tenant_id=EXAMPLE_ID,
        email="user@example.com",
        password="secure_password",  # noqa: S106  an example
        first_name="John",
        last_name="Doe",
        job_title="Lead Auditor",
        phone="+254700000000",
        is_active=True,
    )

    tenant_id: UUID | None = None
    email: Email
    password: Password
    client_id: UUID | None = None
    role_ids: list[UUID] | None = Field(None, max_length=50)


class Reset(Body):
    """At least one of the two."""

    model_config = example(password="another_secure_password")  # noqa: S106  an example

    password: Password | None = None
    remove_second_factor: Flag = False


class ShownUser(Shown):
    tenant_id: UUID
    email: str
    first_name: str | None
    last_name: str | None
    job_title: str | None
    phone: str | None
    is_active: bool
    client_id: UUID | None


class UserFilters(Filters):
    search: str | None = None
    tenant_id: UUID | None = None
    is_active: bool | None = None
    job_title: str | None = None


class RoleIds(Body):
    model_config = example(role_ids=[EXAMPLE_ID])

    role_ids: Ids


class HeldRole(BaseModel):
    id: UUID
    code: str
    name: str
    description: str | None
    is_system_role: bool


class Exceptions(Body):
    """`allow` gives, `deny` takes away, whatever the roles say."""

    model_config = example(permission_ids=[EXAMPLE_ID], effect="deny")

    permission_ids: Ids
    effect: Literal["allow", "deny"]


class ShownException(BaseModel):
    permission_id: UUID
    resource: str
    action: str
    effect: Literal["allow", "deny"]


USER = Resource(
    USERS,
    "users",
    "user",
    ShownUser,
    UserFilters,
    changes=UserChanges,
    platform=True,
    change=users.change_user,
    remove=users.remove_user,
)
router = router_of(USER, "Users")
routers = (router,)


@router.post(
    "",
    summary="Make a user",
    status_code=201,
    response_model=None,
    responses={201: {"model": One[ShownUser], "description": "Made"}},
)
def create(
    ask: Annotated[Ask, needs("user", "create", platform=True)],
    given: NewUser,
    idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Makes a person with an account. The address is unique over all tenants, without regard to
    case; the password has at least 12 characters and is kept as a hash alone."""
    del idempotency_key
    meant = ask.meant(given.tenant_id)
    require_strong(given.password, given.email, given.first_name, given.last_name)
    # Before the transaction: hashing takes long and must hold no lock.
    hashed = passwords_of(ask.request).hash(given.password)
    values = given.values()
    del values["password"]

    def do(session: Session) -> dict[str, Any]:
        return USER.told(session, users.add_user(session, meant.caller, values, hashed))

    # The password stays out of what an Idempotency-Key is remembered with.
    return meant.once(given.model_dump_json(exclude={"password"}).encode(), do)


@router.post("/{id}/reset", summary="Help somebody who cannot sign in", **shows(ShownUser))
def reset(id: UUID, ask: Changing, given: Reset) -> Response:
    """Sets a new password, or takes a lost second factor away, or both; the person is signed out
    everywhere. For administrators; the audit log has it as RESET."""
    hashed = None
    if given.password is not None:
        require_strong(given.password)
        hashed = passwords_of(ask.request).hash(given.password)
    factor = factor_of(ask.request) if given.remove_second_factor else None
    with ask.writing() as session:
        return USER.done(session, users.reset_access(session, ask.caller, id, hashed, factor))


@router.get("/{id}/roles", summary="The roles of a user", **shows(list[HeldRole]))
def roles_of(id: UUID, ask: Reading) -> Response:
    """By name."""
    with ask.reading() as session:
        return _roles(session, records.one(session, ask.caller, USERS, id))


@router.post("/{id}/roles", summary="Give a user roles", **shows(list[HeldRole]))
def give_roles(id: UUID, ask: Changing, given: RoleIds) -> Response:
    """Those that the person has already stay. You give only roles whose permissions you have, and
    only an administrator gives built-in ones."""
    with ask.writing() as session:
        user = records.one(session, ask.caller, USERS, id, lock=True)
        memberships.give_roles(session, ask.caller, user, given.role_ids)
        return _roles(session, user)


@router.delete("/{id}/roles/{role_id}", summary="Take a role", **shows(list[HeldRole]))
def take_role(id: UUID, role_id: UUID, ask: Changing) -> Response:
    """Takes a role from a user; never the role of the tenant's last administrator."""
    with ask.writing() as session:
        user = records.one(session, ask.caller, USERS, id, lock=True)
        memberships.take_role(session, ask.caller, user, role_id)
        return _roles(session, user)


@router.get("/{id}/permissions", summary="A user's exceptions", **shows(list[ShownException]))
def exceptions_of(id: UUID, ask: Reading) -> Response:
    """What this person is given or denied whatever the roles say."""
    with ask.reading() as session:
        return _exceptions(session, records.one(session, ask.caller, USERS, id))


@router.post("/{id}/permissions", summary="Make exceptions", **shows(list[ShownException]))
def make_exceptions(id: UUID, ask: Changing, given: Exceptions) -> Response:
    """Allows or denies one person permissions; an earlier exception is replaced."""
    with ask.writing() as session:
        user = records.one(session, ask.caller, USERS, id, lock=True)
        memberships.except_from(session, ask.caller, user, given.permission_ids, given.effect)
        return _exceptions(session, user)


@router.delete(
    "/{id}/permissions/{permission_id}",
    summary="End an exception",
    **shows(list[ShownException]),
)
def end_exception(id: UUID, permission_id: UUID, ask: Changing) -> Response:
    """The roles decide again."""
    with ask.writing() as session:
        user = records.one(session, ask.caller, USERS, id, lock=True)
        memberships.end_exception(session, ask.caller, user, permission_id)
        return _exceptions(session, user)


add_single(router, USER)


def _roles(session: Session, user: User) -> Response:
    found = memberships.roles_of(session, user)
    names = HeldRole.model_fields
    data = [{name: getattr(role, name) for name in names} for role in found]
    return answer({"success": True, "data": data})


def _exceptions(session: Session, user: User) -> Response:
    data = [
        {
            "permission_id": one.id,
            "resource": one.resource,
            "action": one.action,
            "effect": effect,
        }
        for one, effect in memberships.exceptions_of(session, user)
    ]
    return answer({"success": True, "data": data})
