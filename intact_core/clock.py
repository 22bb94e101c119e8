"""The one source of time: always UTC and aware; tests may replace it."""

from collections.abc import Callable
from datetime import UTC, date, datetime


def _system() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _system


def now() -> datetime:
    """The present moment in UTC, aware."""
    return _read()


def today() -> date:
    """The present day in UTC: every 'computed by the day' rule uses this one."""
    return now().date()


def use(reader: Callable[[], datetime] | None) -> None:
    """Replace the clock (tests and simulations); `use(None)` restores the system's."""
    global _read
    _read = reader or _system
