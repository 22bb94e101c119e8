"""The bare baseline of sync: the same rows into the same tables, by the driver alone."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Table, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.schema import CreateIndex, CreateTable

from tests.benchmarks.measuring import Stopwatch

Rows = Mapping[Table, Sequence[tuple[Any, ...]]]


def rows_of(connection: Connection, tables: Sequence[Table], most: int) -> Rows:
    """The rows of some tables as plain values."""
    return {
        table: [
            tuple(map(_plain, row))
            for row in connection.execute(select(table).limit(most))
        ]
        for table in tables
    }  # fmt: skip


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return value.hex
    if isinstance(value, datetime):
        return value.isoformat(" ")
    return json.dumps(value) if isinstance(value, dict | list) else value


def seconds_into(path: Path, rows: Rows, batch: int, key: bytes | None = None) -> float:
    """How long it takes to write them in transactions of `batch` rows of each table, durably."""
    connection = sqlcipher.connect(str(path), isolation_level=None)
    if key:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    for table in rows:
        _create(connection, table)
    watch, longest = Stopwatch(), max(map(len, rows.values()))
    with watch():
        for start in range(0, longest, batch):
            connection.execute("BEGIN IMMEDIATE")
            for table, values in rows.items():
                marks = ", ".join("?" * len(table.columns))
                insert = f"INSERT INTO {table.name} VALUES ({marks})"
                connection.executemany(insert, values[start : start + batch])
            connection.execute("COMMIT")
    connection.close()
    return watch.seconds


def _create(connection: Any, table: Table) -> None:
    dialect = sqlite.dialect()
    connection.execute(str(CreateTable(table).compile(dialect=dialect)))
    for index in table.indexes:
        connection.execute(str(CreateIndex(index).compile(dialect=dialect)))
