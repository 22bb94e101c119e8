"""Finding one record for an action."""

from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from intact_core.errors import NotFound
from intact_core.records.base import Record

R = TypeVar("R", bound=Record)


def row_of(session: Session, record: type[R], id_: UUID) -> R:
    """The living record of that id, to be changed; raises NotFound."""
    row: R | None = session.scalar(_living(record), {"of_id": id_})
    if row is None:
        raise NotFound(
            "This is not on this computer any more: somebody may have removed it. Nothing was "
            "changed."
        )
    return row


@cache
def _living(record: type[Record]) -> Select[Any]:
    return select(record).where(record.id == bindparam("of_id"), record.deleted_at.is_(None))
