"""Finding one record for an action."""

from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import NotFound
from intact_core.records.base import Record

R = TypeVar("R", bound=Record)


def row_of(session: Session, record: type[R], id_: UUID) -> R:
    """The living record of that id, to be changed; raises NotFound."""
    row = session.scalar(select(record).where(record.id == id_, record.deleted_at.is_(None)))
    if row is None:
        raise NotFound(
            "This is not on this computer any more: somebody may have removed it. Nothing was "
            "changed."
        )
    return row
