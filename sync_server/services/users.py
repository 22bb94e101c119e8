"""People with an account: the synced user, its roles, and how it signs in."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.people import Role, User, UserRole
from sync_server.auth.sign_in import normal_email
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
