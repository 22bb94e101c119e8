"""Who is calling: the account, its tenant, its roles; refused at once when any of them ended."""

from dataclasses import dataclass, replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import NotAllowed, NotSignedIn, Revoked
from intact_core.records.people import Role, Tenant, User, UserRole
from intact_core.rules.kernel import Actor
from sync_server.database.engine import Database
from sync_server.tables.accounts import Account
from sync_server.tables.ledger import Device

PLATFORM = "platform"
OFFICE = ("admin", "cb_admin")


@dataclass(frozen=True)
class Caller:
    """A signed-in person. Without a tenant: an operator of the platform."""

    email: str
    user_id: UUID
    tenant_id: UUID | None
    roles: frozenset[str]
    first_name: str
    last_name: str
    client_id: UUID | None = None
    device_id: UUID | None = None
    may_only_deposit: bool = False

    @property
    def name(self) -> str:
        """First and last name, or the address where none is known."""
        return f"{self.first_name} {self.last_name}".strip() or self.email

    @property
    def is_platform(self) -> bool:
        return self.tenant_id is None

    @property
    def tenant(self) -> UUID:
        """The tenant; raises NotAllowed for an operator of the platform."""
        if self.tenant_id is None:
            raise NotAllowed("An operator of the platform sees no tenant's data.")
        return self.tenant_id

    def has(self, *codes: str) -> bool:
        return not self.roles.isdisjoint(codes)

    def require(self, *codes: str) -> None:
        """Raises NotAllowed without one of the roles."""
        if not self.has(*codes):
            raise NotAllowed("Your role does not allow this. Ask an administrator of your tenant.")

    @property
    def actor(self) -> Actor:
        return Actor(self.user_id, self.roles, self.client_id, self.device_id)

    @property
    def device_keys(self) -> tuple[UUID, UUID]:
        """(tenant, device) of a caller on an enrolled laptop; raises NotAllowed for others."""
        if self.device_id is None:
            raise NotAllowed("This is for enrolled laptops alone.")
        return self.tenant, self.device_id


def caller_of(database: Database, account: Account, device_id: UUID | None = None) -> Caller:
    """The caller behind an account; raises NotSignedIn where tenant or user ended.

    A device that was revoked, or whose person left, may still hand in what it has.
    """
    if account.home_tenant_id is None:
        return Caller(account.email, account.user_id, None, frozenset({PLATFORM}), "", "")
    with database.read(account.home_tenant_id) as session:
        user = _user(session, account, account.home_tenant_id)
        if device_id is None and not user.is_active:
            raise NotSignedIn("This account is not active. Ask an administrator of your tenant.")
        caller = _of_tenant(session, account, user)
        return caller if device_id is None else _on_device(session, caller, user, device_id)


def _user(session: Session, account: Account, tenant_id: UUID) -> User:
    tenant = session.get(Tenant, (tenant_id, tenant_id))
    if tenant is None or tenant.deleted_at is not None or tenant.status == "suspended":
        raise NotSignedIn("This organisation's access is suspended. Nothing was lost.")
    user = session.get(User, (tenant_id, account.user_id))
    if user is None or user.deleted_at is not None:
        raise NotSignedIn("This account is not active. Ask an administrator of your tenant.")
    return user


def _of_tenant(session: Session, account: Account, user: User) -> Caller:
    held = (
        select(Role.code)
        .join(UserRole, (UserRole.role_id == Role.id) & (UserRole.tenant_id == Role.tenant_id))
        .where(UserRole.user_id == user.id, UserRole.deleted_at.is_(None))
        .where(Role.deleted_at.is_(None))
    )
    roles = frozenset(session.scalars(held))
    return Caller(
        email=account.email,
        user_id=user.id,
        tenant_id=user.tenant_id,
        roles=roles,
        first_name=user.first_name or "",
        last_name=user.last_name or "",
        client_id=user.client_id,
    )


def _on_device(session: Session, caller: Caller, user: User, device_id: UUID) -> Caller:
    device = session.get(Device, (caller.tenant, device_id))
    if device is None or device.user_id != caller.user_id:
        raise NotSignedIn(
            "This laptop is not enrolled any more. Nothing on it was lost. "
            "Ask an administrator of your tenant."
        )
    withdrawn = device.revoked_at is not None or not user.is_active
    return replace(caller, device_id=device_id, may_only_deposit=withdrawn)


def withdrawn() -> Revoked:
    """What a laptop is told whose access ended."""
    return Revoked(
        "The office withdrew this laptop's access. What was not sent yet is handed in to the "
        "office; nothing is lost."
    )
