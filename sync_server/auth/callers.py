"""Who is calling: the account, its tenant, its roles; refused at once when any of them ended."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection, Row
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import NotAllowed, NotSignedIn, Revoked
from intact_core.records.people import Role, Tenant, User, UserRole
from intact_core.rules.kernel import Actor
from sync_server.auth.rights import kinds_for
from sync_server.auth.tokens import ended
from sync_server.database.engine import Database
from sync_server.tables.accounts import Account, AuthToken
from sync_server.tables.ledger import Device

PLATFORM = "platform"
OFFICE = ("admin", "cb_admin")
REQUIRE_TOTP = "require_totp"
"""Key of a tenant's settings: everybody signs in with a second factor."""

_TOKEN = (
    select(
        AuthToken.email,
        AuthToken.expires_at,
        AuthToken.device_id,
        Account.home_tenant_id,
        Account.user_id,
    )
    .join(Account, Account.email == AuthToken.email)
    .where(AuthToken.jti == bindparam("of_jti"), AuthToken.revoked_at.is_(None))
)
_CALLER = (
    select(
        Tenant.status,
        Tenant.settings,
        (User.is_active & User.deleted_at.is_(None)).label("is_active"),
        User.first_name,
        User.last_name,
        User.client_id,
        Device.tenant_id,
        Device.id,
        Device.user_id,
        Device.certificate,
        Device.last_n,
        Device.chain_hash,
        Device.revoked_at,
        Role.code,
    )
    .select_from(Tenant)
    .outerjoin(
        User,
        (User.tenant_id == Tenant.tenant_id) & (User.id == bindparam("of_user")),
    )
    .outerjoin(
        Device, (Device.tenant_id == Tenant.tenant_id) & (Device.id == bindparam("of_device"))
    )
    .outerjoin(
        UserRole,
        (UserRole.tenant_id == Tenant.tenant_id)
        & (UserRole.user_id == User.id)
        & UserRole.deleted_at.is_(None),
    )
    .outerjoin(
        Role,
        (Role.tenant_id == Tenant.tenant_id)
        & (Role.id == UserRole.role_id)
        & Role.deleted_at.is_(None),
    )
    .where(
        Tenant.tenant_id == bindparam("of_tenant"),
        Tenant.id == bindparam("of_tenant"),
        Tenant.deleted_at.is_(None),
    )
)
"""One row for each role, at least one while the tenant is there.

With a laptop, each row is the laptop's too, as far as a greeting and a lease need it.
"""


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
    device: Row[Any] | None = field(default=None, repr=False)
    """The row of the enrolled laptop, as `_CALLER` asks for it."""
    may_only_deposit: bool = False
    lacks_factor: bool = False
    """The tenant asks for a second factor, and this person has not set one up yet."""
    rights: frozenset[str] = frozenset()
    """"resource:action"; asked of the database for the APIs alone."""
    address: str = ""
    """The network address of the request, for the audit log."""

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
        return Actor(
            self.user_id,
            self.roles,
            self.client_id,
            self.device_id,
            permits=kinds_for(self.rights),
            address=self.address,
        )

    @property
    def laptop(self) -> Row[Any]:
        """The row of the caller's enrolled laptop; raises NotAllowed without one."""
        if self.device is None:
            raise NotAllowed("This is for enrolled laptops alone.")
        return self.device

    @property
    def device_id(self) -> UUID | None:
        return None if self.device is None else self.device.id

    @property
    def device_keys(self) -> tuple[UUID, UUID]:
        """(tenant, device) of a caller on an enrolled laptop; raises NotAllowed for others."""
        return self.tenant, self.laptop.id


def caller_of(database: Database, account: Account, device_id: UUID | None = None) -> Caller:
    """The caller behind an account; raises NotSignedIn where tenant or user ended.

    A device that was revoked, or whose person left, may still hand in what it has.
    """
    if account.home_tenant_id is None:
        return Caller(account.email, account.user_id, None, frozenset({PLATFORM}), "", "")
    with database.read(account.home_tenant_id) as session:
        return _caller(session.connection(), account, device_id)


def caller_on_device(database: Database, session: Session, jti: str) -> Caller:
    """The person and the laptop of a laptop's token; raises NotSignedIn, NotAllowed for others.

    From here on the session is limited to the person's tenant: each message of a sync asks this,
    and what else it reads takes no transaction of its own.
    """
    connection = session.connection()
    token = connection.execute(_TOKEN, {"of_jti": jti}).first()
    if token is None or token.expires_at <= clock.now() or token.home_tenant_id is None:
        raise ended()
    if token.device_id is None:
        raise NotAllowed("This is for enrolled laptops alone.")
    database.enter(session, token.home_tenant_id)
    return _caller(connection, token, token.device_id)


def _caller(connection: Connection, account: Any, device_id: UUID | None) -> Caller:
    tenant_id, user_id = account.home_tenant_id, account.user_id
    given = {"of_tenant": tenant_id, "of_user": user_id, "of_device": device_id}
    rows = connection.execute(_CALLER, given).all()
    if not rows or rows[0].status == "suspended":
        raise NotSignedIn("This organisation's access is suspended. Nothing was lost.")
    found = rows[0]
    if not found.is_active and (device_id is None or found.is_active is None):
        raise NotSignedIn("This account is not active. Ask an administrator of your tenant.")
    if device_id is not None and found.user_id != user_id:
        raise NotSignedIn(
            "This laptop is not enrolled any more. Nothing on it was lost. "
            "Ask an administrator of your tenant."
        )
    return Caller(
        email=account.email,
        user_id=user_id,
        tenant_id=tenant_id,
        roles=frozenset(row.code for row in rows if row.code is not None),
        first_name=found.first_name or "",
        last_name=found.last_name or "",
        client_id=found.client_id,
        device=None if device_id is None else found,
        may_only_deposit=found.revoked_at is not None or not found.is_active,
        lacks_factor=device_id is None
        and bool(found.settings.get(REQUIRE_TOTP))
        and account.totp_confirmed_at is None,
    )


def withdrawn() -> Revoked:
    """What a laptop is told whose access ended."""
    return Revoked(
        "The office withdrew this laptop's access. What was not sent yet is handed in to the "
        "office; nothing is lost."
    )
