"""Counter rows: taken as the last locks of a transaction, in sorted order."""

from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from intact_core.sync import digest
from sync_server.tables.base import table_of
from sync_server.tables.ledger import ScopeHead, SerialCounter

_SCOPES = table_of(ScopeHead)
_SERIALS = table_of(SerialCounter)


def _start_row(connection: Connection, table: Any, **values: Any) -> None:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(table).values(**values).on_conflict_do_nothing())


def take_serials(connection: Connection, tenant_id: UUID, type_: str, count: int) -> int:
    """Take `count` serials of a kind of record; returns the last one given before."""
    mine = (_SERIALS.c.tenant_id == tenant_id) & (_SERIALS.c.type == type_)
    raised = update(_SERIALS).where(mine).values(last=_SERIALS.c.last + count)
    taken = raised.returning(_SERIALS.c.last)
    last: int | None = connection.scalar(taken)
    if last is None:
        _start_row(connection, _SERIALS, tenant_id=tenant_id, type=type_, last=0)
        last = connection.execute(taken).scalar_one()
    return last - count


def take_scope(
    connection: Connection, tenant_id: UUID, scope: str, *, empty: str = digest.EMPTY
) -> tuple[int, str]:
    """Lock a scope's counter row, made when missing; returns its seq and digest."""
    query = (
        select(_SCOPES.c.seq, _SCOPES.c.digest)
        .where(_SCOPES.c.tenant_id == tenant_id, _SCOPES.c.scope == scope)
        .with_for_update()
    )
    found = connection.execute(query).first()
    if found is None:
        _start_row(connection, _SCOPES, tenant_id=tenant_id, scope=scope, seq=0, digest=empty)
        found = connection.execute(query).one()
    return found[0], found[1]


def raise_scope(connection: Connection, tenant_id: UUID, scope: str, seq: int, value: str) -> None:
    """Set a locked counter row to the last seq given and the digest reached."""
    mine = (_SCOPES.c.tenant_id == tenant_id) & (_SCOPES.c.scope == scope)
    connection.execute(update(_SCOPES).where(mine).values(seq=seq, digest=value))
