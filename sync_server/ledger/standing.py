"""Where this server stands for a person: its epoch, and the head of each granted scope."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.engine import Connection

from intact_core.sync import digest
from intact_core.sync.protocol import Cursor
from sync_server.ledger.scopes import asked_for, granted_scopes
from sync_server.tables.base import table_of
from sync_server.tables.ledger import ScopeHead, ServerEpoch

_HEADS = table_of(ScopeHead)
_EPOCHS = table_of(ServerEpoch)
EPOCH = select(_EPOCHS.c.epoch).order_by(_EPOCHS.c.since.desc()).limit(1)


@dataclass(frozen=True)
class Stand:
    """The epoch, and the heads by scope, in the order of the scopes."""

    epoch: str
    heads: Mapping[str, Cursor]


def stand_of(connection: Connection, tenant_id: UUID, user_id: UUID) -> Stand:
    """Where this server stands for a user, its scopes sorted.

    In one question: a laptop with nothing to do asks for little else.
    """
    query = _stand(connection.dialect.name)
    rows = sorted(connection.execute(query, asked_for(tenant_id, user_id)), key=attrgetter("scope"))
    heads = {scope: Cursor(scope, seq or 0, sum_ or digest.EMPTY) for _, scope, seq, sum_ in rows}
    # The reference data is everybody's: there is a row.
    return Stand(rows[0].epoch or "", heads)


@cache
def _stand(dialect: str) -> Select[Any]:
    granted = granted_scopes(dialect)
    mine = _HEADS.c.tenant_id == bindparam("tenant"), _HEADS.c.scope == granted.c.scope
    # Not joined, for the reason that `scopes.py` gives.
    seq, digest_ = (
        select(column).where(*mine).scalar_subquery() for column in (_HEADS.c.seq, _HEADS.c.digest)
    )
    return select(EPOCH.scalar_subquery().label("epoch"), granted.c.scope, seq, digest_)
