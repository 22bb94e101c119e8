"""How much of the line photos may take: the wait after each piece."""

import time
from collections.abc import Callable

import msgspec

from intact_core.sync.protocol import CHUNK
from intact_desktop.settings import Profile

SECTION = "sync"
LIMITS = (0, 1_000_000, 256_000)
"""Bits per second that a person may choose for photos; 0 is no limit."""
_BITS = 8
_SMALLEST = 16_384
_STEP_SECONDS = 0.25


class SyncSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the person chose for the sync."""

    photo_bits: int = 0
    """Bits per second for photos, up and down alike; 0 is no limit. Operations have none."""


def settings_of(profile: Profile) -> SyncSettings:
    """The person's choice; raises StorageFault."""
    return profile.load(SECTION, SyncSettings) or SyncSettings()


class Pace:
    """Keeps what passes below `bits` per second, asked anew for each piece (0: no limit)."""

    def __init__(
        self,
        bits: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bits, self._clock, self._sleep = bits, clock, sleep
        self._begun = self._free_at = 0.0

    @property
    def piece(self) -> int:
        """Most bytes to send or ask for at once: what a second carries, CHUNK without limit."""
        limit = self._bits()
        return CHUNK if limit <= 0 else min(CHUNK, max(_SMALLEST, limit // _BITS))

    def wait(self, check: Callable[[], None]) -> None:
        """Return when the next piece may go; `check` is called often and may raise."""
        check()
        while (left := self._free_at - self._clock()) > 0:
            self._sleep(min(left, _STEP_SECONDS))
            check()
        self._begun = self._clock()

    def passed(self, count: int) -> None:
        """So many bytes went since `wait`."""
        limit = self._bits()
        self._free_at = self._begun + count * _BITS / limit if limit > 0 else 0.0
