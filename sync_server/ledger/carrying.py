"""Operations that another laptop brought: taken as if their own device had sent them."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.engine import Connection

from intact_core.records.people import Role, User, UserRole
from intact_core.rules.kernel import Actor
from intact_core.sync.protocol import Carry, PushAnswer
from sync_server.ledger.chains import device_row
from sync_server.ledger.rounds import take_deposit, take_push


@dataclass(frozen=True)
class Sender:
    """The person of a device, and whether the device may still change anything."""

    actor: Actor
    is_withdrawn: bool


def take_carried(connection: Connection, tenant_id: UUID, carry: Carry) -> PushAnswer:
    """Take in a device's operations that a colleague's laptop brought (sync protocol, "Without a
    server"); joins the caller's transaction.

    The device's own signature authenticates them, and its person's roles and scopes decide; those
    of a withdrawn device are set aside. Raises NotAllowed for a device that is not enrolled here,
    else as `take_push`.
    """
    sender = sender_of(connection, tenant_id, carry.device_id)
    take = take_deposit if sender.is_withdrawn else take_push
    return take(connection, tenant_id, carry.device_id, sender.actor, carry)


def sender_of(connection: Connection, tenant_id: UUID, device_id: UUID) -> Sender:
    """Whose a device is, with the roles of today; raises NotAllowed where it is not enrolled."""
    device = device_row(connection, tenant_id, device_id)
    query = select(User.client_id, User.is_active, User.deleted_at).where(
        User.tenant_id == tenant_id, User.id == device.user_id
    )
    person = connection.execute(query).one()
    held = (
        select(Role.code)
        .join(UserRole, (UserRole.tenant_id == Role.tenant_id) & (UserRole.role_id == Role.id))
        .where(
            UserRole.tenant_id == tenant_id,
            UserRole.user_id == device.user_id,
            UserRole.deleted_at.is_(None),
            Role.deleted_at.is_(None),
        )
    )
    actor = Actor(device.user_id, frozenset(connection.scalars(held)), person.client_id, device_id)
    gone = not person.is_active or person.deleted_at is not None
    return Sender(actor, gone or device.revoked_at is not None)
