"""People with an account: the synced user, its roles, and how it signs in."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.errors import BadInput, NotAllowed, Place, RuleBroken
from intact_core.records.clients import Client
from intact_core.records.people import Role, User, UserRole
from sync_server.auth.callers import PLATFORM, Caller
from sync_server.auth.endings import end_access
from sync_server.auth.second_factor import SecondFactor
from sync_server.auth.sign_in import normal_email
from sync_server.services import records
from sync_server.services.access import ADMIN, take_turn
from sync_server.services.audit_log import note
from sync_server.services.memberships import give_roles, require_another_admin, roles_of
from sync_server.services.records import Kind
from sync_server.tables.accounts import Account


@dataclass(frozen=True)
class NewUser:
    """A person to be given an account; `client_id` for a client's representative."""

    email: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    job_title: str | None = None
    client_id: UUID | None = None


def create_user(session: Session, person: NewUser, password_hash: str) -> User:
    """Make a user with account and roles. The address is unique over all tenants.

    Raises RuleBroken (`address_taken`), BadInput for an address or a role that is none.
    """
    email = normal_email(person.email)
    _check_free(session, email)
    user = User(
        id=ids.new_id(),
        email=email,
        username=email,
        first_name=person.first_name,
        last_name=person.last_name,
        job_title=person.job_title,
        client_id=person.client_id,
    )
    session.add(user)
    session.flush()
    roles = [_role(session, code) for code in person.roles]
    for role in roles:
        session.add(UserRole(user_id=user.id, role_id=role.id))
    user.primary_role_id = roles[0].id if roles else None
    session.add(_account(email, user.tenant_id, user.id, password_hash))
    session.flush()
    return user


def create_operator(session: Session, email: str, password_hash: str) -> None:
    """An operator of the platform: above tenants, sees none of their data."""
    email = normal_email(email)
    _check_free(session, email)
    session.add(_account(email, None, ids.new_id(), password_hash))
    session.flush()


def _client_is_there(session: Session, row: User) -> None:
    # No foreign key: a laptop holds every user but only some clients.
    if row.client_id is None:
        return
    there = select(Client.id).where(
        Client.tenant_id == row.tenant_id, Client.id == row.client_id, Client.deleted_at.is_(None)
    )
    if session.scalar(there) is None:
        raise BadInput("client_id: there is no such record in clients. Check the id.")


USERS = Kind(
    User,
    "user",
    search=("email", "first_name", "last_name", "phone"),
    check=_client_is_there,
)


def add_user(session: Session, caller: Caller, values: dict[str, Any], password_hash: str) -> User:
    """Make a user with an account, and with the roles of `role_ids` that the caller may give.

    Raises RuleBroken (`address_taken`) also for the address of another tenant or of somebody who
    was removed, BadInput, NotAllowed.
    """
    given = {name: value for name, value in values.items() if name not in ("tenant_id", "role_ids")}
    email = normal_email(given["email"])
    _check_free(session, email)
    take_turn(session, caller)
    row = records.create(session, caller, USERS, {**given, "email": email, "username": email})
    session.add(_account(email, row.tenant_id, row.id, password_hash))
    session.flush()
    give_roles(session, caller, row, values.get("role_ids") or ())
    return row


def change_user(session: Session, caller: Caller, id_: UUID, values: dict[str, Any]) -> User:
    """Change a user; whoever is set to not active is signed out everywhere at once.

    Raises RuleBroken: `oneself`, `last_admin`.
    """
    if values.get("is_active") is False:
        row = _to_be_ended(session, caller, id_)
        end_access(session, row.email)
    return records.change(session, caller, USERS, id_, values)


def remove_user(session: Session, caller: Caller, id_: UUID) -> User:
    """Remove a user: signed out at once; the row and the address stay, for what they signed.

    Raises RuleBroken: `oneself`, `last_admin`.
    """
    row = _to_be_ended(session, caller, id_)
    end_access(session, row.email)
    row.is_active = False
    return records.remove(session, caller, USERS, id_, "removed through the API")


def reset_access(
    session: Session,
    caller: Caller,
    id_: UUID,
    password_hash: str | None,
    factor: SecondFactor | None,
) -> User:
    """Help somebody who lost the password or the second factor: signed out everywhere.

    What is None stays as it is, but not both. Raises BadInput, NotAllowed for all but
    administrators, RuleBroken (`oneself`). The log has it.
    """
    row = records.one(session, caller, USERS, id_, lock=True)
    if not caller.has(ADMIN, PLATFORM):
        raise NotAllowed("Only an administrator of the tenant resets somebody's access.")
    if row.id == caller.user_id:
        raise RuleBroken("oneself", "This is your own account: change it as yours, under /auth.")
    if password_hash is None and factor is None:
        raise BadInput("Send a new password, or remove_second_factor, or both.")
    account = session.get_one(Account, row.email, with_for_update=True)
    changed = {"password": password_hash is not None, "second_factor": factor is not None}
    if password_hash is not None:
        account.password_hash = password_hash
    if factor is not None:
        factor.remove(account)
    session.flush()
    end_access(session, row.email)
    note(session, caller, "RESET", USERS.name, row.id, changed)
    return row


def _to_be_ended(session: Session, caller: Caller, id_: UUID) -> User:
    row = records.one(session, caller, USERS, id_, lock=True)
    take_turn(session, caller)
    if row.id == caller.user_id:
        raise RuleBroken("oneself", "This is your own account. Ask another administrator.")
    if any(role.code == ADMIN for role in roles_of(session, row)):
        require_another_admin(session, row)
    return row


def _account(email: str, tenant_id: UUID | None, user_id: UUID, password_hash: str) -> Account:
    return Account(
        email=email, home_tenant_id=tenant_id, user_id=user_id, password_hash=password_hash
    )


def _check_free(session: Session, email: str) -> None:
    if "@" not in email.strip("@") or any(char.isspace() for char in email):
        raise BadInput(f"'{email}' is not an e-mail address.")
    known = session.get(Account, email)
    if known is not None:
        raise RuleBroken(
            "address_taken",
            "This address has an account already. Use another one.",
            place=Place("users", known.user_id, "email"),
        )


def _role(session: Session, code: str) -> Role:
    role = session.scalar(select(Role).where(Role.code == code))
    if role is None:
        raise BadInput(f"There is no role '{code}'.")
    return role
