"""A certification body's server, as far as the vault sees it: a key that signs leases."""

import base64
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from intact_core import canonical, clock
from intact_core.canonical import to_wire
from intact_desktop.vault.lease import SignedLease


class LeaseServer:
    def __init__(self) -> None:
        self._key = ed25519.Ed25519PrivateKey.generate()
        public = self._key.public_key()
        self.public_pem = public.public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        ).decode()

    def issue(
        self, lasts: timedelta = timedelta(hours=72), *, device: str = "d1", user: str = "u1"
    ) -> SignedLease:
        return self.sign(clock.now(), clock.now() + lasts, device, user)

    def sign(self, issued: datetime, expires: datetime, device: str, user: str) -> SignedLease:
        claims = {
            "device_id": device,
            "user_id": user,
            "issued_at": to_wire(issued),
            "expires_at": to_wire(expires),
        }
        signature = self._key.sign(canonical.dumps(claims))
        return SignedLease(claims, base64.b64encode(signature).decode())


@pytest.fixture
def lease_server() -> LeaseServer:
    return LeaseServer()
