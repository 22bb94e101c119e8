"""States that nobody sets because they follow from the day, such as an overdue invoice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, not_

from intact_core import clock


@dataclass(frozen=True)
class ByDay:
    """Rows of `record` whose status is `stored` show another one once `over` holds of them.

    `over` finds such rows in SQL, `is_over` judges one in Python; both are given the day in UTC.
    Neither may come to NULL.
    """

    record: Any
    stored: str
    shown: str
    over: Callable[[date], ColumnElement[bool]]
    is_over: Callable[[Any, date], bool]

    def where(self, status: str) -> ColumnElement[bool]:
        """The rows that show a status today."""
        over = self.over(clock.today())
        stored = self.record.status == self.stored
        if status == self.shown:
            return and_(stored, over)
        if status == self.stored:
            return and_(stored, not_(over))
        return self.record.status == status  # type: ignore[no-any-return]

    def of(self, row: Any) -> str:
        """What a row shows today."""
        if row.status == self.stored and self.is_over(row, clock.today()):
            return self.shown
        return str(row.status)
