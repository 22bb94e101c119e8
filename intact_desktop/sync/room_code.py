"""The code on the lead's screen: short-lived, few tries, no letters that look alike."""

import hmac
import secrets
from datetime import datetime, timedelta
from threading import Lock

from intact_core import clock

LIFETIME = timedelta(minutes=15)
TRIES = 5
LENGTH = 8
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"


class RoomCode:
    """The code that holds now. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._renew()

    def now(self) -> tuple[str, datetime]:
        """The code as it is shown, and until when it holds."""
        with self._lock:
            self._renew_when_over()
            return f"{self._code[:4]}-{self._code[4:]}", self._until

    def fits(self, typed: str) -> bool:
        """Whether this is the code; after five wrong ones there is another."""
        with self._lock:
            self._renew_when_over()
            plain = "".join(one for one in typed.upper() if one.isalnum())
            if hmac.compare_digest(plain.encode(), self._code.encode()):
                return True
            self._left -= 1
            if not self._left:
                self._renew()
            return False

    def _renew_when_over(self) -> None:
        # A clock that was turned back must not keep a code alive.
        if not clock.now() <= self._until <= clock.now() + LIFETIME:
            self._renew()

    def _renew(self) -> None:
        self._code = "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
        self._until = clock.now() + LIFETIME
        self._left = TRIES
