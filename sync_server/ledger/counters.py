"""Counter rows: taken as the last locks of a transaction, in sorted order."""

from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from intact_core.sync import digest
from sync_server.tables.base import table_of
from sync_server.tables.ledger import ScopeHead, SerialCounter

_SCOPES = table_of(ScopeHead)
_SERIALS = table_of(SerialCounter)
_TAKE_SERIALS = (
    update(_SERIALS)
    .where(_SERIALS.c.tenant_id == bindparam("tenant"), _SERIALS.c.type == bindparam("kind"))
    .values(last=_SERIALS.c.last + bindparam("count"))
    .returning(_SERIALS.c.last)
)
_MINE = (_SCOPES.c.tenant_id == bindparam("tenant"), _SCOPES.c.scope == bindparam("of_scope"))
_TAKE_SCOPE = select(_SCOPES.c.seq, _SCOPES.c.digest).where(*_MINE).with_for_update()
_RAISE_SCOPE = update(_SCOPES).where(*_MINE)


def _start_row(connection: Connection, table: Any, **values: Any) -> None:
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(make(table).values(**values).on_conflict_do_nothing())


def take_serials(connection: Connection, tenant_id: UUID, type_: str, count: int) -> int:
    """Take `count` serials of a kind of record; returns the last one given before."""
    mine = {"tenant": tenant_id, "kind": type_, "count": count}
    last: int | None = connection.scalar(_TAKE_SERIALS, mine)
    if last is None:
        _start_row(connection, _SERIALS, tenant_id=tenant_id, type=type_, last=0)
        last = connection.execute(_TAKE_SERIALS, mine).scalar_one()
    return last - count


def take_scope(
    connection: Connection, tenant_id: UUID, scope: str, *, empty: str = digest.EMPTY
) -> tuple[int, str]:
    """Lock a scope's counter row, made when missing; returns its seq and digest."""
    mine = {"tenant": tenant_id, "of_scope": scope}
    found = connection.execute(_TAKE_SCOPE, mine).first()
    if found is None:
        _start_row(connection, _SCOPES, tenant_id=tenant_id, scope=scope, seq=0, digest=empty)
        found = connection.execute(_TAKE_SCOPE, mine).one()
    return found[0], found[1]


def raise_scope(connection: Connection, tenant_id: UUID, scope: str, seq: int, value: str) -> None:
    """Set a locked counter row to the last seq given and the digest reached."""
    mine = {"tenant": tenant_id, "of_scope": scope}
    connection.execute(_RAISE_SCOPE, {**mine, "seq": seq, "digest": value})
