"""Leases: the server's signed leave to work on a laptop without it, for some days."""

import base64
from datetime import timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from sqlalchemy import Row
from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.documents.signer import sign_bytes
from intact_core.documents.x509_certificates import key_hash
from sync_server.auth.keys import TenantKeys
from sync_server.tables.ledger import Device

LIFETIME = timedelta(hours=72)


def sign_lease(session: Session, keys: TenantKeys, device: Device | Row[Any]) -> dict[str, Any]:
    """A lease of 72 hours for a device's row (security.md, "Lock").

    `{"claims": {device_id, user_id, key, issued_at, expires_at}, "signature"}`: all text, times in
    UTC, the signature base64 (ECDSA P-256, SHA-256) over the canonical JSON of the claims. `key`
    is the SHA-256 of the device's public key (SubjectPublicKeyInfo), so that colleagues' laptops
    know without the server whose it is.
    """
    now = clock.now()
    claims = {
        "device_id": str(device.id),
        "user_id": str(device.user_id),
        "key": _certified_key(device.certificate),
        "issued_at": canonical.to_wire(now),
        "expires_at": canonical.to_wire(now + LIFETIME),
    }
    signature = sign_bytes(keys.lease(session, device.tenant_id), canonical.dumps(claims))
    return {"claims": claims, "signature": base64.b64encode(signature).decode()}


@lru_cache(maxsize=1 << 12)
def _certified_key(certificate: str) -> str:
    return key_hash(x509.load_pem_x509_certificate(certificate.encode()))
