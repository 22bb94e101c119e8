"""A laptop that is newer than the backup a server was restored from: known by its certificate."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.documents.x509_certificates import (
    SIGNS_REPORTS,
    common_name,
    device_of,
    fingerprint,
    may_sign,
    person_of,
)
from intact_core.errors import NotSignedIn
from intact_core.records.people import Tenant, User
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import GENESIS
from sync_server.auth.keys import TenantKeys, pem
from sync_server.ledger.audit_log import Act, append_acts
from sync_server.ledger.chains import check_name, succeed
from sync_server.tables.ledger import Device

KNOWN_AGAIN = "KNOW_AGAIN"
REASON = "known by its certificate after a restore"


@dataclass(frozen=True)
class Claim:
    """A laptop that proved to have the certificate's key, and the name that it goes by.

    `chain` are (n, hash) of its operations, newest first.
    """

    tenant_id: UUID
    device_id: UUID
    certificate: x509.Certificate
    chain: Sequence[tuple[int, str]]


def recognise(session: Session, keys: TenantKeys, claim: Claim) -> None:
    """Make the device's row again (sync protocol, "Restore, clone, revoke, versions").

    Where the laptop was renamed since it was enrolled, its chain goes on from what the server
    holds under the first name. A key that was withdrawn under any name stays withdrawn. Asking
    twice changes nothing. Raises NotSignedIn where certificate or person do not allow it,
    NotAllowed for a name that is not this key's.
    """
    if session.get(Tenant, (claim.tenant_id, claim.tenant_id)) is None:
        raise _not_ours("no such tenant")
    authority = keys.public(session, claim.tenant_id, "authority")
    first_name = _certified_name(
        claim.certificate, x509.load_pem_x509_certificate(authority.encode())
    )
    known = session.get(Device, (claim.tenant_id, claim.device_id))
    if known is None:
        _take_up(session, claim, first_name)
    elif known.certificate != pem(claim.certificate):
        raise _not_ours("another laptop has this name")


def _certified_name(certificate: x509.Certificate, authority: x509.Certificate) -> UUID:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError) as fault:
        raise _not_ours("the certificate is not by this tenant's authority") from fault
    if not may_sign(certificate, SIGNS_REPORTS):
        raise _not_ours("the certificate is no laptop's")
    if not certificate.not_valid_before_utc <= clock.now() <= certificate.not_valid_after_utc:
        raise NotSignedIn(
            "The server was restored from a backup that is older than this laptop, and the "
            "laptop's certificate has run out, so it cannot prove whose it is. Nothing on it was "
            "lost. Ask an administrator of your tenant.",
            details="the certificate is not valid now",
        )
    return UUID(device_of(certificate))


def _take_up(session: Session, claim: Claim, first_name: UUID) -> None:
    if claim.device_id != first_name:
        check_name(claim.device_id, claim.certificate)
    first = session.get(Device, (claim.tenant_id, first_name))
    if first is None:
        user_id = _person(session, claim.tenant_id, person_of(claim.certificate))
        session.add(_row(claim, user_id))
        session.flush()
    elif first.certificate == pem(claim.certificate):
        user_id = _person(session, claim.tenant_id, str(first.user_id))
        connection, name = session.connection(), claim.device_id
        succeed(connection, claim.tenant_id, first_name, name, claim.chain)
    else:
        raise _not_ours("another certificate was issued to this laptop")
    _stays_withdrawn(session, claim)
    said = {
        "reason": REASON,
        "certified_as": str(first_name),
        "certificate": fingerprint(claim.certificate),
    }
    actor = Actor(user_id, device_id=claim.device_id)
    act = Act(KNOWN_AGAIN, "devices", claim.device_id, said)
    append_acts(session.connection(), claim.tenant_id, actor, clock.now(), [act])


def _row(claim: Claim, user_id: UUID) -> Device:
    return Device(
        tenant_id=claim.tenant_id,
        id=claim.device_id,
        user_id=user_id,
        name=f"Laptop of {common_name(claim.certificate)}",
        certificate=pem(claim.certificate),
        last_n=0,
        chain_hash=GENESIS,
        enrolled_at=clock.now(),
    )


def _person(session: Session, tenant_id: UUID, user_id: str) -> UUID:
    person = session.get(User, (tenant_id, UUID(user_id))) if user_id else None
    if person is None:
        raise NotSignedIn(
            "The server was restored from a backup that is older than your account, so it knows "
            "neither you nor this laptop. Nothing on it was lost; keep it as it is. Ask an "
            "administrator of your tenant: a newer backup brings both back.",
            details="the person is not on the server",
        )
    if not person.is_active or person.deleted_at is not None or person.client_id is not None:
        raise NotSignedIn("This account is not active. Ask an administrator of your tenant.")
    return person.id


def _stays_withdrawn(session: Session, claim: Claim) -> None:
    """Who copied a laptop has its key: a new name must not undo what the office decided."""
    same_key = (Device.tenant_id == claim.tenant_id) & (
        Device.certificate == pem(claim.certificate)
    )
    moments = session.scalars(select(Device.revoked_at).where(same_key))
    withdrawn = min((moment for moment in moments if moment is not None), default=None)
    mine = same_key & (Device.id == claim.device_id)
    session.execute(update(Device).where(mine).values(revoked_at=withdrawn))


def _not_ours(details: str) -> NotSignedIn:
    return NotSignedIn(
        "The server does not know this laptop, and its certificate does not prove that it was "
        "enrolled here. Nothing on it was lost. Ask an administrator of your tenant.",
        details=details,
    )
