"""Passwords: Argon2id, equal work for known and unknown accounts."""

import re
import threading

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from intact_core.errors import BadInput

SHORTEST = 12
LONGEST = 1024
FEWEST_DIFFERENT = 5
TELLING = 4
"""Shorter parts of a name or address are in many good passwords."""
_ROWS = (
    "0123456789",
    "1234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
)
AT_ONCE = 4
"""Argon2id takes memory: this many at a time, the others wait."""


def require_strong(password: str, *about: str | None) -> None:
    """Raises BadInput for a password that is guessed soon; `about` is what people know of one."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput(f"A password has at least {SHORTEST} and at most {LONGEST} characters.")
    plain = password.casefold()
    if len(set(plain)) < FEWEST_DIFFERENT or _is_a_row(plain):
        raise BadInput(
            "This password is too easy to guess: it repeats a few characters or runs along the "
            "keyboard or the alphabet. Take several words that do not belong together."
        )
    known = (part for text in about for part in re.split(r"[@\s]+", (text or "").casefold()))
    if any(len(part) >= TELLING and part in plain for part in known):
        raise BadInput("This password contains your name or address. Take another one.")


def _is_a_row(plain: str) -> bool:
    endless = (row * (len(plain) // len(row) + 2) for row in _ROWS)
    return any(plain in one or plain[::-1] in one for one in endless)


class Passwords:
    """Hashes and checks passwords. `cheap` is for tests: the weakest profile there is."""

    def __init__(self, *, cheap: bool = False) -> None:
        hasher = (
            Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1)
            if cheap
            else Argon2Hasher(time_cost=3, memory_cost=65536, parallelism=1)
        )
        self._hash = PasswordHash((hasher,))
        self._gate = threading.BoundedSemaphore(AT_ONCE)
        self._nobodys = self._hash.hash("the password of nobody")

    def hash(self, password: str) -> str:
        if not SHORTEST <= len(password) <= LONGEST:
            raise BadInput(f"A password has at least {SHORTEST} and at most {LONGEST} characters.")
        with self._gate:
            return self._hash.hash(password)

    def verify(self, password: str, known_hash: str | None) -> bool:
        """Whether it is the password; takes equally long where there is no account."""
        with self._gate:
            try:
                fits = self._hash.verify(password[:LONGEST], known_hash or self._nobodys)
            except UnknownHashError:
                return False
        return fits and known_hash is not None
