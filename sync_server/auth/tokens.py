"""Access tokens: JWT, one algorithm, known keys, looked up on each call."""

import hashlib
import secrets
from datetime import timedelta
from functools import lru_cache
from uuid import UUID

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from sqlalchemy import delete
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import NotSignedIn
from sync_server.auth.keys import public_pem
from sync_server.auth.sealing import Sealing
from sync_server.tables.accounts import AuthToken

ALGORITHM = "ES256"
FOR_PEOPLE = timedelta(hours=24)
FOR_DEVICES = timedelta(minutes=15)


class Tokens:
    """Gives out and reads access tokens, signed by a key that follows from the server's secret."""

    def __init__(self, sealing: Sealing) -> None:
        private = sealing.signing_key("access tokens")
        encoded = private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.kid = hashlib.sha256(encoded).hexdigest()[:16]
        self._private = ECKey.import_key(private)
        self._public = {self.kid: ECKey.import_key(public_pem(private))}
        # A token comes with every call while it lives; its signature stays what it is.
        self._verified = lru_cache(maxsize=1 << 12)(self._verify)

    @property
    def audience(self) -> str:
        """This server's lasting name, which laptops pin when they enrol."""
        return f"urn:intact:server:{self.kid}"

    def give(
        self,
        session: Session,
        email: str,
        tenant_id: UUID | None,
        lifetime: timedelta,
        device_id: UUID | None = None,
    ) -> str:
        now, jti = clock.now(), secrets.token_urlsafe(18)
        session.execute(delete(AuthToken).where(AuthToken.expires_at < now))
        session.add(
            AuthToken(
                jti=jti,
                email=email,
                home_tenant_id=tenant_id,
                device_id=device_id,
                expires_at=now + lifetime,
            )
        )
        claims = {"iss": self.audience, "sub": email, "jti": jti}
        claims["exp"] = int((now + lifetime).timestamp())  # type: ignore[assignment]
        return jwt.encode(
            {"alg": ALGORITHM, "kid": self.kid}, claims, self._private, algorithms=[ALGORITHM]
        )

    def jti_of(self, token: str) -> str:
        """The id inside a token that this server signed; raises NotSignedIn."""
        return self._verified(token)

    def _verify(self, token: str) -> str:
        try:
            read = jwt.decode(token, self._key_of, algorithms=[ALGORITHM])
            return str(read.claims["jti"])
        except (JoseError, KeyError, ValueError, TypeError) as fault:
            raise ended() from fault

    def _key_of(self, part: object) -> ECKey:
        headers = part.headers()  # type: ignore[attr-defined]
        return self._public[headers["kid"]]


def living(session: Session, jti: str) -> AuthToken:
    """The token's row while it is neither expired nor revoked; raises NotSignedIn."""
    row = session.get(AuthToken, jti)
    if row is None or row.revoked_at is not None or row.expires_at <= clock.now():
        raise ended()
    return row


def revoke(session: Session, jti: str) -> None:
    row = session.get(AuthToken, jti)
    if row is not None:
        row.revoked_at = clock.now()


def ended() -> NotSignedIn:
    return NotSignedIn("You are not signed in, or your session has ended. Sign in again.")
