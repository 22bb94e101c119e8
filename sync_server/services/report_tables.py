"""What a report consists of, whatever form it is given out in."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MONTHS = tuple(range(1, 13))


@dataclass(frozen=True)
class Table:
    """Named columns and rows; a cell is text, a number, a date or nothing."""

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Any]]

    def records(self) -> list[dict[str, Any]]:
        """The rows with the names of their columns."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


@dataclass(frozen=True)
class Report:
    """Figures, tables that sum up, and the rows behind them.

    `of` says what it is limited to, such as a year; `rows_total` how many rows there are where
    `rows` holds the first of them alone.
    """

    name: str
    as_of: datetime
    of: Mapping[str, Any]
    figures: Mapping[str, Any]
    tables: Sequence[Table]
    rows: Table
    rows_total: int


def summed(
    groups: Iterable[Any],
    key: Callable[[Any], Sequence[Any]],
    value: Callable[[Any], Sequence[Any]],
) -> list[tuple[Any, ...]]:
    """Groups brought together by a key: (*key, *sums), in the order of the keys."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for group in groups:
        values = value(group)
        sums = found.setdefault(tuple(key(group)), [0] * len(values))
        for place, one in enumerate(values):
            sums[place] += one or 0
    return [
        (*keys, *found[keys]) for keys in sorted(found, key=lambda one: [str(part) for part in one])
    ]
