"""Working rows straight from the wire: what the ORM would store, and compared with what is here."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from sqlalchemy import Connection, insert, null

from intact_core.errors import BadInput
from intact_core.records.catalogue import TypeSpec
from intact_desktop.store.engine import open_store
from intact_desktop.store.upgrade import upgrade
from intact_desktop.store.working import working
from tests.desktop.store.wire_bodies import Body, wire_bodies

KEY = bytes(range(32))
REVS = "SELECT base_rev FROM clients ORDER BY client_code"


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    folder: Path = tmp_path_factory.mktemp("store")
    engine = open_store(folder / "intact.db", KEY, create=True)
    upgrade(engine, KEY, folder)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def stored(connection: Connection, spec: TypeSpec) -> list[tuple[Any, ...]]:
    rows = connection.exec_driver_sql(f"SELECT * FROM {spec.table.name}")
    return [tuple(row) for row in rows]


def by_orm(spec: TypeSpec, body: Body) -> Body:
    """Nothing is NULL in a JSON column too; SQLAlchemy would take it for JSON's null."""
    values = {**spec.defaults, **spec.values(body)}
    return {name: null() if value is None else value for name, value in values.items()}


@given(wire_bodies())
def test_a_row_is_stored_as_the_orm_would(
    connection: Connection, kind_and_body: tuple[TypeSpec, Body]
) -> None:
    spec, body = kind_and_body
    with connection.begin() as attempt:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        connection.execute(insert(spec.table).values(by_orm(spec, body)))
        expected = stored(connection, spec)
        many, is_news = working(spec.name).news(connection, [body], [None])
        assert (many.rows, is_news) == ([], False)
        attempt.rollback()
    with connection.begin() as attempt:
        connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        working(spec.name).rows([body | {"of_a_newer_version": 1}]).run(connection)
        assert stored(connection, spec) == expected
        attempt.rollback()


def client(number: int, **values: object) -> Body:
    return {
        "tenant_id": str(UUID(int=1)),
        "id": str(UUID(int=number)),
        "created_at": "2026-01-01T00:00:00.000000Z",
        "client_code": f"C{number}",
        "legal_name": f"Client {number}",
        "status": "active",
        **values,
    }


def names(connection: Connection) -> list[tuple[str, str | None]]:
    query = "SELECT legal_name, trading_name FROM clients ORDER BY client_code"
    return [tuple(row) for row in connection.exec_driver_sql(query)]


def test_rows_are_made_or_changed_to_just_the_bodies(connection: Connection) -> None:
    kind = working("clients")
    with connection.begin() as attempt:
        kind.rows([client(1, trading_name="One"), client(2)]).run(connection)
        assert names(connection) == [("Client 1", "One"), ("Client 2", None)]
        kind.rows([client(1, legal_name="New"), client(3)]).run(connection)
        assert names(connection) == [("New", None), ("Client 2", None), ("Client 3", None)]
        attempt.rollback()


def test_what_is_here_just_so_is_no_news(connection: Connection) -> None:
    kind = working("clients")
    with connection.begin() as attempt:
        kind.rows([client(1), client(2, trading_name="Two"), client(3)]).run(connection)
        asked = [client(1), client(2), client(3, legal_name="New"), client(4)]
        many, is_news = kind.news(connection, asked, [None] * 4)
        assert (many.rows, is_news) == (kind.rows(asked[1:]).rows, True)
        attempt.rollback()


def test_a_version_alone_is_written_and_is_no_news(connection: Connection) -> None:
    kind = working("clients")
    with connection.begin() as attempt:
        kind.rows([client(1), client(2)], [3, None]).run(connection)
        many, is_news = kind.news(connection, [client(1), client(2)], [3, 4])
        assert (many.rows, is_news) == (kind.rows([client(2)], [4]).rows, False)
        many.run(connection)
        assert connection.exec_driver_sql(REVS).scalars().all() == [3, 4]
        kind.rows([client(1, legal_name="Own")]).run(connection)
        assert connection.exec_driver_sql(REVS).scalars().all() == [None, 4]
        attempt.rollback()


@pytest.mark.parametrize("wrong", [{"created_at": "yesterday"}, {"tenant_id": "x"}, {"status": 3}])
def test_a_value_of_a_wrong_form_is_named(wrong: Body) -> None:
    with pytest.raises(BadInput, match=f"value of {next(iter(wrong))} has the wrong form"):
        working("clients").rows([client(1), client(2, **wrong)])
