"""Slows down whoever asks public questions too fast: a bucket of tokens per address."""

import threading
import time
from collections import OrderedDict

from intact_core.errors import IntactError

BURST = 30
PER_SECOND = 0.5
MOST_ADDRESSES = 10_000


class TooManyRequests(IntactError):
    """Too many questions from one address."""

    title = "Too many requests"


class PublicLimit:
    """At most BURST questions at once and PER_SECOND after that, from one address."""

    def __init__(self, burst: int = BURST, per_second: float = PER_SECOND) -> None:
        self._burst, self._per_second = burst, per_second
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, address: str) -> None:
        """Count one question; raises TooManyRequests."""
        now = time.monotonic()
        with self._lock:
            left, since = self._buckets.pop(address, (float(self._burst), now))
            left = min(self._burst, left + (now - since) * self._per_second)
            allowed = left >= 1
            self._buckets[address] = (left - 1 if allowed else left, now)
            if len(self._buckets) > MOST_ADDRESSES:
                self._buckets.popitem(last=False)
        if not allowed:
            raise TooManyRequests("Too many questions in a short time. Wait a minute, then ask.")
