"""Small helpers for statements on sets of rows."""

from collections.abc import Iterator, Sequence
from typing import TypeVar, cast

from sqlalchemy import Table

from intact_desktop.store.tables import Local

T = TypeVar("T")
_MOST_PARAMETERS = 900


def chunks(items: Sequence[T], size: int = _MOST_PARAMETERS) -> Iterator[Sequence[T]]:
    """Parts small enough for one IN list."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def table_of(row: type[Local]) -> Table:
    """The table of a mapped class."""
    return cast(Table, row.__table__)
