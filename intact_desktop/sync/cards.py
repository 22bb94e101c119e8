"""Who another laptop is, told without the server: its certificate and its lease."""

from dataclasses import dataclass
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from intact_core import clock
from intact_core.documents.x509_certificates import key_hash
from intact_core.errors import BadInput, NotAllowed
from intact_desktop.sync.gateway import Sign
from intact_desktop.vault.lease import CLOCK_TOLERANCE, Lease, SignedLease, verified


class Card(msgspec.Struct, frozen=True):
    """What a laptop shows: its certificate (PEM), and the server's lease for device and person."""

    certificate: str
    lease: SignedLease


@dataclass(frozen=True)
class Trust:
    """What this laptop was given at enrolment: its tenant, the tenant's authority and lease key."""

    tenant_id: UUID
    authority: str
    lease_key: str


@dataclass(frozen=True)
class Own:
    """This laptop among others: its card, whom it trusts, and its key (ECDSA P-256, SHA-256)."""

    card: Card
    trust: Trust
    sign: Sign


@dataclass(frozen=True)
class Bearer:
    """A laptop that proved to be of this tenant."""

    device_id: UUID
    user_id: UUID
    name: str
    key: ec.EllipticCurvePublicKey
    lease: Lease

    def check_signature(self, content: bytes, signature: bytes) -> None:
        """Raises BadInput unless this laptop's key signed the content."""
        try:
            self.key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as fault:
            raise BadInput(
                f"What came as the work of {self.name} is not signed by their laptop, or was "
                "changed on its way. Nothing of it was taken."
            ) from fault

    def check_present(self) -> None:
        """Raises NotAllowed when the lease is over: the laptop may have been withdrawn since."""
        if clock.now() > self.lease.expires_at + CLOCK_TOLERANCE:
            raise NotAllowed(
                f"The permission of {self.name}'s laptop to work offline ended on "
                f"{self.lease.expires_at:%Y-%m-%d %H:%M} UTC. It has to reach the server once."
            )


def bearer_of(card: Card, trust: Trust) -> Bearer:
    """The laptop of a card; raises NotAllowed when it is not one of this tenant."""
    try:
        certificate = x509.load_pem_x509_certificate(card.certificate.encode())
        authority = x509.load_pem_x509_certificate(trust.authority.encode())
        certificate.verify_directly_issued_by(authority)
        lease = verified(card.lease, trust.lease_key)
        device_id, user_id = UUID(lease.device_id), UUID(lease.user_id)
    except (ValueError, TypeError, InvalidSignature, BadInput) as fault:
        raise _stranger(str(fault)) from fault
    key = certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or lease.key != key_hash(certificate):
        raise _stranger("the lease is for another key")
    return Bearer(device_id, user_id, _name_in(certificate), key, lease)


def _name_in(certificate: x509.Certificate) -> str:
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else "?"


def _stranger(details: str) -> NotAllowed:
    return NotAllowed(
        "The other laptop does not belong to your certification body, or its enrolment cannot be "
        "proved. Nothing was exchanged.",
        details=details,
    )
