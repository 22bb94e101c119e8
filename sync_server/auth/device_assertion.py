"""How a laptop signs in: a JWT by its device key (RFC 7523) over a nonce that the server gave.

Claims: `iss` and `sub` the device's id, `tenant_id`, `aud` the server's lasting name (or public
address), `nonce`. The nonce stands in for `exp` and `jti`: a laptop's clock may be a year wrong.
"""

import base64
import binascii
import hashlib
import hmac
import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import delete
from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.errors import NotSignedIn, UnknownLaptop
from sync_server.auth.sealing import Sealing
from sync_server.tables.accounts import UsedNonce
from sync_server.tables.ledger import Device

NONCE_LIFETIME = timedelta(minutes=2)
_STAMP, _RANDOM, _SEAL = 8, 16, 16


@dataclass(frozen=True)
class Assertion:
    """What a laptop claims, not yet proved."""

    token: str
    device_id: UUID
    tenant_id: UUID
    nonce: str
    audience: str


class Nonces:
    """Nonces that need no room until they are used."""

    def __init__(self, sealing: Sealing) -> None:
        self._key = sealing.derive("nonces")

    def give(self) -> str:
        stamp = struct.pack(">Q", int(clock.now().timestamp() * 1000))
        body = stamp + os.urandom(_RANDOM)
        return base64.urlsafe_b64encode(body + self._seal(body)).decode()

    def use(self, session: Session, nonce: str) -> None:
        """Spend a nonce; raises NotSignedIn when it is not ours, too old, or spent."""
        ends = self._made_at(nonce) + NONCE_LIFETIME
        if ends < clock.now():
            raise refused("the nonce is too old")
        session.execute(delete(UsedNonce).where(UsedNonce.expires_at < clock.now()))
        name = hashlib.sha256(nonce.encode()).hexdigest()
        if session.get(UsedNonce, name) is not None:
            raise refused("the nonce was used before")
        session.add(UsedNonce(nonce_hash=name, expires_at=ends))
        session.flush()

    def _made_at(self, nonce: str) -> datetime:
        try:
            data = base64.b64decode(nonce, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError) as fault:
            raise refused("the nonce is no base64") from fault
        body, seal = data[:-_SEAL], data[-_SEAL:]
        if len(body) != _STAMP + _RANDOM or not hmac.compare_digest(seal, self._seal(body)):
            raise refused("the nonce is not ours")
        return datetime.fromtimestamp(struct.unpack(">Q", body[:_STAMP])[0] / 1000, UTC)

    def _seal(self, body: bytes) -> bytes:
        return hmac.digest(self._key, body, "sha256")[:_SEAL]


def read(token: str) -> Assertion:
    """What an assertion claims, to find the device with; `check` proves it."""
    try:
        payload = token.split(".")[1]
        claims = canonical.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        if claims["iss"] != claims["sub"]:
            raise refused("issuer and subject differ")
        return Assertion(
            token,
            UUID(claims["sub"]),
            UUID(claims["tenant_id"]),
            str(claims["nonce"]),
            str(claims["aud"]),
        )
    except (IndexError, KeyError, TypeError, ValueError, AttributeError) as fault:
        raise refused("the assertion cannot be read") from fault


def check(assertion: Assertion, device: Device | None, audiences: set[str]) -> Device:
    """The device, proved by its signature, revoked or not; raises NotSignedIn, UnknownLaptop."""
    if device is None:
        raise UnknownLaptop(
            "The server does not know this laptop. Nothing on it was lost. Sign in on it again, or "
            "ask an administrator of your tenant."
        )
    certificate = x509.load_pem_x509_certificate(device.certificate.encode())
    check_key(assertion, certificate, audiences)
    return device


def check_key(assertion: Assertion, certificate: x509.Certificate, audiences: set[str]) -> None:
    """Raises NotSignedIn unless the certified key made the assertion, and for this server."""
    if assertion.audience not in audiences:
        raise refused("for another server")
    public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    try:
        jwt.decode(assertion.token, ECKey.import_key(public.decode()), algorithms=["ES256"])
    except (JoseError, ValueError) as fault:
        raise refused("the signature does not fit") from fault


def refused(details: str) -> NotSignedIn:
    return NotSignedIn(
        "The server does not know this laptop, or its access was withdrawn. Nothing on it was "
        "lost. Sign in on it again, or ask an administrator of your tenant.",
        details=details,
    )
