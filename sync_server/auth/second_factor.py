"""The second factor: codes of an authenticator (RFC 6238), and codes for its loss."""

import base64
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from intact_core import clock
from intact_core.errors import BadInput, NotAllowed, RuleBroken
from sync_server.auth.sealing import Sealing
from sync_server.tables.accounts import Account

ISSUER = "Intact"
DIGITS, STEP_SECONDS = 6, 30
SECRET_BYTES = 20
DRIFT = 1
"""Steps that a phone's clock may be off, each way."""
RECOVERY_CODES = 10
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that look alike."""
_LENGTH = 12


class FactorNeeded(NotAllowed):
    """The tenant asks for a second factor, and this person has none yet."""

    title = "Set up your second factor"


@dataclass(frozen=True)
class Start:
    """A new secret for the authenticator: as text (base32), and as the address that a QR shows."""

    secret: str
    address: str


class SecondFactor:
    """Sets up, checks and removes an account's second factor. The account's row is locked."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def begin(self, account: Account) -> Start:
        """A new secret, to be confirmed by a code; raises RuleBroken where one is in use."""
        if account.totp_confirmed_at is not None:
            raise RuleBroken(
                "totp_in_use", "A second factor is set up already. Remove it first, then set it up."
            )
        secret = os.urandom(SECRET_BYTES)
        account.totp_secret = self._sealing.wrap(secret, _label(account))
        return _start(account, secret)

    def begun(self, account: Account) -> Start | None:
        """The secret that waits for its confirmation."""
        if account.totp_secret is None or account.totp_confirmed_at is not None:
            return None
        return _start(account, self._secret(account))

    def confirm(self, account: Account, code: str) -> list[str]:
        """Put the second factor into use; its recovery codes, to be shown once.

        Raises RuleBroken where none was begun, BadInput for a wrong code.
        """
        if account.totp_secret is None or account.totp_confirmed_at is not None:
            raise RuleBroken("totp_not_begun", "No second factor waits for a code. Begin again.")
        if not self._is_current(account, code):
            raise BadInput("The code is wrong. Check the clock of your phone and try the next one.")
        codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
        account.totp_confirmed_at = clock.now()
        account.recovery_codes = [self._hash(account, one) for one in codes]
        return codes

    def use(self, account: Account, code: str) -> bool:
        """Whether a code is right, of the authenticator or for recovery; each counts once."""
        plain = "".join(char for char in code.lower() if char.isalnum())
        return self._is_current(account, plain) or self._is_recovery(account, plain)

    def remove(self, account: Account) -> None:
        """Sign in with the password alone again."""
        account.totp_secret = account.totp_confirmed_at = account.totp_last_step = None
        account.recovery_codes = None

    def _is_current(self, account: Account, code: str) -> bool:
        step = int(clock.now().timestamp()) // STEP_SECONDS
        totp = TOTP(self._secret(account), DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303  as authenticators do
        last = account.totp_last_step if account.totp_last_step is not None else -1
        for one in range(step - DRIFT, step + DRIFT + 1):
            right = totp.generate(one * STEP_SECONDS)
            if hmac.compare_digest(right, code.encode()) and one > last:
                account.totp_last_step = one
                return True
        return False

    def _is_recovery(self, account: Account, code: str) -> bool:
        left = account.recovery_codes or []
        wanted = self._hash(account, code)
        if wanted not in left:
            return False
        account.recovery_codes = [one for one in left if one != wanted]
        return True

    def _secret(self, account: Account) -> bytes:
        return self._sealing.unwrap(account.totp_secret or "", _label(account))

    def _hash(self, account: Account, code: str) -> str:
        key = self._sealing.derive("recovery codes")
        plain = f"{account.user_id} {code.replace('-', '')}".encode()
        return hmac.new(key, plain, hashlib.sha256).hexdigest()


def _label(account: Account) -> str:
    return f"totp {account.user_id}"


def _start(account: Account, secret: bytes) -> Start:
    text = base64.b32encode(secret).decode()
    name = quote(f"{ISSUER}:{account.email}")
    return Start(text, f"otpauth://totp/{name}?secret={text}&issuer={ISSUER}")


def _recovery_code() -> str:
    plain = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
    return "-".join(plain[start : start + 4] for start in range(0, _LENGTH, 4))
