"""Retry-After as servers, proxies and their mistakes write it."""

from datetime import UTC, datetime

import pytest

from intact_core import clock
from intact_desktop.sync.retry_after import seconds_of

NOON = "Sat, 21 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0),
        ("Saturday, 21-Nov-26 12:00:10 GMT", 10),
        ("Sat, 21 Nov 2026 12:00:05 -0000", 5),
        ("9" * 400, 999_999_999),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("1.5", 0),
        ("²", 0),
        ("Sat, 99 Nov 2026 12:00:00 GMT", 0),
    ],
)
def test_seconds_and_dates(text: str, seconds: float) -> None:
    assert seconds_of({"retry-after": text, "date": NOON}) == seconds


def test_without_a_date_the_clock_here_must_do() -> None:
    clock.use(lambda: datetime(2026, 11, 21, 12, tzinfo=UTC))
    try:
        assert seconds_of({"retry-after": "Sat, 21 Nov 2026 12:00:09 GMT"}) == 9
    finally:
        clock.use(None)
    assert seconds_of({}) == 0
