"""Many rows at once: written whole, and compared with what is there."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, select

from intact_core.records.clients import Client
from intact_core.records.sets import as_stored, upsert
from intact_desktop.store.engine import open_store
from intact_desktop.store.tables import table_of
from intact_desktop.store.upgrade import upgrade

KEY = bytes(range(32))
CLIENTS = table_of(Client)
TENANT = UUID(int=1)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = open_store(tmp_path / "intact.db", KEY, create=True)
    upgrade(engine, KEY, tmp_path)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def client(number: int, **values: object) -> dict[str, Any]:
    return {
        "tenant_id": TENANT,
        "id": UUID(int=number),
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
        "client_code": f"C{number}",
        "legal_name": f"Client {number}",
        "status": "active",
        **values,
    }


def written(connection: Connection, *rows: dict[str, Any]) -> list[tuple[str, str | None]]:
    upsert(connection.dialect, CLIENTS, ("tenant_id", "id"), rows).run(connection)
    query = select(CLIENTS.c.legal_name, CLIENTS.c.trading_name).order_by(CLIENTS.c.client_code)
    return [tuple(row) for row in connection.execute(query)]


def test_rows_with_different_columns_are_written_together(connection: Connection) -> None:
    rows = client(1, trading_name="One"), client(2)
    assert written(connection, *rows) == [("Client 1", "One"), ("Client 2", None)]


def test_what_a_row_lacks_is_empty_afterwards(connection: Connection) -> None:
    written(connection, client(1, trading_name="One"))
    assert written(connection, client(1, legal_name="New")) == [("New", None)]


def test_only_rows_that_are_the_same_are_found_there(connection: Connection) -> None:
    written(connection, client(1), client(2, trading_name="Two"), client(3))
    asked = [client(1), client(2), client(3, legal_name="New"), client(4)]
    bound = upsert(connection.dialect, CLIENTS, ("tenant_id", "id"), asked).rows
    there = as_stored(connection, CLIENTS, asked)
    assert [row in there for row in bound] == [True, False, False, False]
