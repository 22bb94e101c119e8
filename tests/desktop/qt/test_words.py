"""Dates as people read them."""

from datetime import date

import pytest

from intact_desktop.qt import words

FIRST = date(2026, 11, 21)


@pytest.mark.parametrize(
    ("first", "last", "said"),
    [
        (FIRST, None, "21 Nov 2026"),
        (FIRST, FIRST, "21 Nov 2026"),
        (FIRST, date(2026, 11, 23), "21–23 Nov 2026"),
        (FIRST, date(2026, 12, 2), "21 Nov 2026 – 2 Dec 2026"),
        (FIRST, date(2027, 11, 23), "21 Nov 2026 – 23 Nov 2027"),
        (None, None, ""),
    ],
)
def test_a_range_says_once_what_both_days_share(qapp, first, last, said: str) -> None:
    assert words.days(first, last) == said
