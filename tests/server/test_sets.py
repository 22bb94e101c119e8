"""Many rows at once, ahead of the database: what it refuses is told, and the connection goes on."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from sync_server.database.engine import Database
from sync_server.database.migrate import migrate
from sync_server.database.sets import ahead, insert_rows, update_rows
from sync_server.ledger.feed import record_written
from sync_server.tables.base import table_of
from sync_server.tables.ledger import ScopeHead, SerialCounter

TENANT = UUID(int=7)
HEADS, SERIALS = table_of(ScopeHead), table_of(SerialCounter)
MORE_THAN_PREPARES_A_STATEMENT = 8


@pytest.fixture
def connection(database_url) -> Iterator[Connection]:
    migrate(database_url.owner)
    database = Database(database_url.app, record_written)
    with database.write(TENANT) as session:
        yield session.connection()
    database.engine.dispose()


def heads(*scopes: str, seq: int = 1) -> list[dict[str, object]]:
    return [{"tenant_id": TENANT, "scope": one, "seq": seq, "digest": "0"} for one in scopes]


def count(connection: Connection) -> int:
    return connection.scalar(select(func.count()).select_from(HEADS)) or 0


def test_what_the_database_refuses_is_raised_and_undone_every_time(connection: Connection) -> None:
    insert_rows(connection, HEADS, heads("there"))
    for place in range(MORE_THAN_PREPARES_A_STATEMENT):
        with pytest.raises(IntegrityError):
            write_what_is_there(connection, place)
        assert count(connection) == 1
        with connection.begin_nested(), ahead(connection):
            update_rows(connection, HEADS, ("tenant_id", "scope"), heads("there", seq=place))
            insert_rows(connection, SERIALS, [{"type": f"good {place}", "last": 1}], tenant())
        assert connection.scalar(select(HEADS.c.seq)) == place
    kept = connection.scalar(select(func.count()).select_from(SERIALS))
    assert kept == MORE_THAN_PREPARES_A_STATEMENT


def write_what_is_there(connection: Connection, place: int) -> None:
    with connection.begin_nested(), ahead(connection):
        insert_rows(connection, SERIALS, [{"type": str(place), "last": 1}], tenant())
        insert_rows(connection, HEADS, heads("new", "there"))
        update_rows(connection, HEADS, ("tenant_id", "scope"), heads("there", seq=9))


def tenant() -> dict[str, object]:
    return {"tenant_id": TENANT}


def test_more_than_the_socket_takes_at_once(connection: Connection) -> None:
    rows = [{"scope": f"{place}", "digest": "é\"\\'%" * 200} for place in range(1_000)]
    with ahead(connection):
        for turn in range(3):
            part = [row | {"scope": f"{turn}:{row['scope']}"} for row in rows]
            insert_rows(connection, HEADS, part, tenant() | {"seq": 5})
    assert count(connection) == 3_000
    assert connection.scalars(select(HEADS.c.digest).distinct()).all() == ["é\"\\'%" * 200]


def test_what_all_rows_share_changes_too(connection: Connection) -> None:
    insert_rows(connection, HEADS, heads("a", "b", "c"))
    keys = [{"tenant_id": TENANT, "scope": one} for one in ("a", "b")]
    update_rows(connection, HEADS, ("tenant_id", "scope"), keys, {"seq": 4, "digest": "x"})
    found = connection.execute(select(HEADS.c.scope, HEADS.c.seq).order_by(HEADS.c.scope)).all()
    assert [tuple(row) for row in found] == [("a", 4), ("b", 4), ("c", 1)]


def test_long_texts_stay_with_their_rows(connection: Connection) -> None:
    texts = {"digest": [f'{{"é\\": [{n}]}}' for n in range(20)]}
    for turn in range(MORE_THAN_PREPARES_A_STATEMENT):
        rows = [{"scope": f"{turn}:{n}", "seq": n} for n in range(20)]
        insert_rows(connection, HEADS, rows, tenant(), texts)
    found = connection.execute(select(HEADS.c.scope, HEADS.c.seq, HEADS.c.digest)).all()
    assert len(found) == 20 * MORE_THAN_PREPARES_A_STATEMENT
    assert all(digest == f'{{"é\\": [{seq}]}}' for _, seq, digest in found)
    assert all(scope.endswith(f":{seq}") for scope, seq, _ in found)
