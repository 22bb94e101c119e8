"""Enrolling a laptop: its key certified by the tenant's authority; taking that away again."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.documents.x509_certificates import Subject, issue_device_certificate
from intact_core.errors import BadInput, NotAllowed, NotFound
from intact_core.records.people import Tenant
from intact_core.sync.operations import GENESIS
from sync_server.auth.callers import OFFICE, Caller
from sync_server.auth.keys import TenantKeys, pem
from sync_server.services.leases import sign_lease
from sync_server.tables.ledger import Device

LONGEST_NAME = 100


@dataclass(frozen=True)
class Enrolment:
    """What a laptop gets: `certificates` its own, then the tenant's authority (PEM).

    `lease_public_key` is PEM, `claims_public_key` hexadecimal (Ed25519).
    """

    device_id: UUID
    tenant_id: UUID
    tenant_name: str
    user_id: UUID
    certificates: list[str]
    lease: dict[str, Any]
    lease_public_key: str
    claims_public_key: str


def enrol(
    session: Session, keys: TenantKeys, caller: Caller, signing_request: str, name: str
) -> Enrolment:
    """Certify a laptop's key (PKCS #10 request, PEM) for the caller.

    Raises BadInput for a request that does not prove a P-256 key, NotAllowed for a client.
    """
    if caller.client_id is not None:
        raise NotAllowed("Laptops are for the certification body's own people.")
    public_key = _proved_key(signing_request)
    tenant = session.get_one(Tenant, (caller.tenant, caller.tenant))
    device_id = ids.new_id()
    organisation = tenant.legal_name or tenant.name
    subject = Subject(caller.name, organisation, str(device_id), str(caller.user_id))
    authority = keys.authority(session, caller.tenant)
    certificate = issue_device_certificate(authority, public_key, subject)
    device = Device(
        tenant_id=caller.tenant,
        id=device_id,
        user_id=caller.user_id,
        name=name.strip()[:LONGEST_NAME] or "Laptop",
        certificate=pem(certificate),
        last_n=0,
        chain_hash=GENESIS,
        enrolled_at=clock.now(),
    )
    session.add(device)
    session.flush()
    return Enrolment(
        device_id=device_id,
        tenant_id=caller.tenant,
        tenant_name=tenant.name,
        user_id=caller.user_id,
        certificates=[pem(certificate), pem(authority.certificate)],
        lease=sign_lease(session, keys, device),
        lease_public_key=keys.public(session, caller.tenant, "lease"),
        claims_public_key=keys.public(session, caller.tenant, "claims"),
    )


def devices(session: Session, caller: Caller) -> Sequence[Device]:
    """The tenant's laptops for the office, for others their own; newest first."""
    query = select(Device).where(Device.tenant_id == caller.tenant)
    if not caller.has(*OFFICE):
        query = query.where(Device.user_id == caller.user_id)
    return session.scalars(query.order_by(Device.enrolled_at.desc())).all()


def revoke(session: Session, caller: Caller, device_id: UUID) -> Device:
    """Withdraw a laptop's access at once; raises NotFound, NotAllowed."""
    caller.require(*OFFICE)
    query = select(Device).where(Device.tenant_id == caller.tenant, Device.id == device_id)
    device = session.scalar(query.with_for_update())
    if device is None:
        raise NotFound("There is no such laptop.")
    device.revoked_at = device.revoked_at or clock.now()
    return device


def _proved_key(signing_request: str) -> ec.EllipticCurvePublicKey:
    try:
        request = x509.load_pem_x509_csr(signing_request.encode())
        proved = request.is_signature_valid
    except (ValueError, InvalidSignature) as fault:
        raise BadInput("The laptop's signing request cannot be read.") from fault
    key = request.public_key()
    if not proved:
        raise BadInput("The laptop's signing request is not signed by its own key.")
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadInput("A laptop's key is ECDSA P-256; this one is of another kind.")
    return key
