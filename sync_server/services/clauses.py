"""The clauses of a standard, each at its place: 4.2 before 4.10, and Annex A last."""

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.records.standards import Standard, StandardClause
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.records import Kind

Order = tuple[tuple[int, int, str], ...]
_PART = re.compile(r"\d+|[^\W\d_]+")
_GAP = 1024
"""Between two neighbours, so that a clause that comes later moves no other."""

CLAUSES = Kind(
    StandardClause,
    "clause",
    search=("clause_number", "clause_title", "clause_text"),
    order=(StandardClause.standard_id, StandardClause.position, StandardClause.clause_number),
)


def order_of(number: str) -> Order:
    """Key that sorts clause numbers by their parts: digits as numbers, before letters."""
    parts = _PART.findall(number)
    return tuple((0, int(one), "") if one.isdecimal() else (1, 0, one.casefold()) for one in parts)


def add_clause(session: Session, caller: Caller, values: Mapping[str, Any]) -> StandardClause:
    """Make a clause at its place in the standard. Raises what `records.create` raises."""
    standard_id, number = values["standard_id"], values["clause_number"]
    # Two clauses at once would take the same place: the standard takes one after the other.
    session.scalar(
        select(Standard.id).where(Standard.id == standard_id).with_for_update(key_share=True)
    )
    position = _make_room(session, standard_id, order_of(number))
    return records.create(session, caller, CLAUSES, {**values, "position": position})


def _make_room(session: Session, standard_id: UUID, mine: Order) -> int:
    query = select(StandardClause).where(
        StandardClause.standard_id == standard_id, StandardClause.deleted_at.is_(None)
    )
    order = (StandardClause.position, StandardClause.clause_number)
    others = session.scalars(query.order_by(*order)).all()
    lower = [place for place, one in enumerate(others, 1) if order_of(one.clause_number) < mine]
    index = max(lower, default=0)
    before = others[index - 1].position if index else 0
    after = others[index].position if index < len(others) else before + 2 * _GAP
    if after - before > 1:
        return (before + after) // 2
    for place, one in enumerate(others, 1):
        one.position = (place + (place > index)) * _GAP
    return (index + 1) * _GAP
