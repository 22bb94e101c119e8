"""Whether something is still referred to, before it is removed."""

from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from intact_core.errors import RuleBroken
from intact_core.records.base import Record


def refuse_in_use(
    session: Session, row: Record, sentence: str, *columns: InstrumentedAttribute[Any]
) -> None:
    """Raises RuleBroken (`in_use`) where a living row refers to this one by a column."""
    for column in columns:
        if session.scalar(select(column).where(column == row.id, _living(column)).limit(1)):
            raise RuleBroken("in_use", sentence)


def _living(column: InstrumentedAttribute[Any]) -> ColumnElement[bool]:
    gone: InstrumentedAttribute[Any] = column.class_.deleted_at
    return gone.is_(None)
