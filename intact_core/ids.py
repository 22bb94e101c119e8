"""Identifiers: UUIDv7 (RFC 9562, section 5.7), made where the record is made."""

import hashlib
import os
import uuid
from collections.abc import Callable

from intact_core import clock

_RANDOM_BITS = 74
_RAND_B_BITS = 62


def uuid7() -> uuid.UUID:
    """A new UUIDv7: 48 bits of Unix milliseconds, 74 random bits (RFC 9562, 5.7)."""
    milliseconds = int(clock.now().timestamp() * 1000) & (1 << 48) - 1
    random = int.from_bytes(os.urandom(10), "big") & (1 << _RANDOM_BITS) - 1
    rand_a, rand_b = random >> _RAND_B_BITS, random & (1 << _RAND_B_BITS) - 1
    return uuid.UUID(int=milliseconds << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b)


_make: Callable[[], uuid.UUID] = uuid7


def new_id() -> uuid.UUID:
    """The id of a new record; tests may replace the maker with `use`."""
    return _make()


def bound_id(owner: str) -> uuid.UUID:
    """A new id whose last 62 bits follow from its first and its owner (a key's hash, say)."""
    return _bound(new_id(), owner)


def is_bound(id_: uuid.UUID, owner: str) -> bool:
    """Whether `bound_id` made it for that owner; nobody finds one of another owner's ids."""
    return id_ == _bound(id_, owner)


def _bound(id_: uuid.UUID, owner: str) -> uuid.UUID:
    head = id_.int >> _RAND_B_BITS
    tail = int.from_bytes(hashlib.sha256(f"{head:x} {owner}".encode()).digest(), "big")
    return uuid.UUID(int=head << _RAND_B_BITS | tail & (1 << _RAND_B_BITS) - 1)


def use(maker: Callable[[], uuid.UUID]) -> None:
    """Replace the maker of ids (tests and simulations); `use(uuid7)` restores it."""
    global _make
    _make = maker
