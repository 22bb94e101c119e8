"""Leases: the server's signed leave to work on a laptop without it, for some days."""

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.documents.signer import sign_bytes
from sync_server.auth.keys import TenantKeys

LIFETIME = timedelta(hours=72)


def sign_lease(
    session: Session, keys: TenantKeys, tenant_id: UUID, device_id: UUID, user_id: UUID
) -> dict[str, Any]:
    """A lease of 72 hours (security.md, "Lock").

    `{"claims": {device_id, user_id, issued_at, expires_at}, "signature"}`: all text, times in
    UTC, the signature base64 (ECDSA P-256, SHA-256) over the canonical JSON of the claims.
    """
    now = clock.now()
    claims = {
        "device_id": str(device_id),
        "user_id": str(user_id),
        "issued_at": canonical.to_wire(now),
        "expires_at": canonical.to_wire(now + LIFETIME),
    }
    signature = sign_bytes(keys.lease(session, tenant_id), canonical.dumps(claims))
    return {"claims": claims, "signature": base64.b64encode(signature).decode()}
