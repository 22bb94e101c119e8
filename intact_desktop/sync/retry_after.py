"""How long a server wants to be left alone (Retry-After, RFC 9110 section 10.2.3)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from intact_core import clock

_MOST_DIGITS = 9


def seconds_of(headers: Mapping[str, str]) -> float:
    """Seconds; 0 where it does not say, or says nothing that can be read.

    A date is measured from the answer's own Date: the clock of this computer may be wrong.
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdecimal():
        return float(text[:_MOST_DIGITS])
    until = _moment(text)
    if until is None:
        return 0.0
    now = _moment(headers.get("date", "")) or clock.now()
    return max(0.0, (until - now).total_seconds())


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
