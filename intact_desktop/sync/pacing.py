"""How much of the line photos may take: the size of each piece, and the wait after it."""

import time
from collections.abc import Callable

import msgspec

from intact_core.sync.protocol import CHUNK
from intact_desktop.settings import Profile

SECTION = "sync"
LIMITS = (0, 1_000_000, 256_000)
"""Bits per second that a person may choose for photos; 0 is no limit."""
_BITS = 8
_SMALLEST, LARGEST = 1 << 14, 1 << 23
_QUICK_SECONDS, _SLOW_SECONDS = 0.25, 2.0
_STEP_SECONDS = 0.25


class SyncSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the person chose for the sync."""

    photo_bits: int = 0
    """Bits per second for photos, up and down alike; 0 is no limit. Operations have none."""


def settings_of(profile: Profile) -> SyncSettings:
    """The person's choice; raises StorageFault."""
    return profile.load(SECTION, SyncSettings) or SyncSettings()


class Pace:
    """Keeps what passes below `bits` per second, asked anew for each piece (0: no limit).

    Pieces grow on a quick line, where each costs a message and a flush of the disk, and shrink on a
    slow one, where a whole piece is lost when it is cut.
    """

    def __init__(
        self,
        bits: Callable[[], int] = lambda: 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bits, self._clock, self._sleep = bits, clock, sleep
        self._begun = self._free_at = 0.0
        self._size = CHUNK

    @property
    def piece(self) -> int:
        """Most bytes to send or ask for at once; under a limit no more than a second carries."""
        limit = self._bits()
        return self._size if limit <= 0 else min(self._size, max(_SMALLEST, limit // _BITS))

    def wait(self, check: Callable[[], None]) -> None:
        """Return when the next piece may go; `check` is called often and may raise."""
        check()
        while (left := self._free_at - self._clock()) > 0:
            self._sleep(min(left, _STEP_SECONDS))
            check()
        self._begun = self._clock()

    def passed(self, count: int) -> None:
        """So many bytes went since `wait`."""
        limit, took = self._bits(), self._clock() - self._begun
        if took > _SLOW_SECONDS:
            self._size = max(_SMALLEST, self._size // 2)
        elif took < _QUICK_SECONDS and count >= self._size:
            self._size = min(LARGEST, self._size * 2)
        self._free_at = self._begun + count * _BITS / limit if limit > 0 else 0.0
