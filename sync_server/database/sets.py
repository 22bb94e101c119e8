"""Reading and writing many rows of one table at once.

PostgreSQL takes them as one JSON document in one statement: 10,000 operations of five rows each
took 14 s as pipelined single statements and a fraction of it this way. SQLite, in the same
process, is fastest with one prepared statement and the rows one by one.

What is JSON itself goes beside that document: inside it each quotation mark is escaped, and
PostgreSQL reads it twice, sign by sign. Of a receipt's 16 microseconds that was five. It goes as
one text a column, parted by a sign that JSON never has: an array is made element by element.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import repeat
from selectors import EVENT_WRITE, DefaultSelector
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Json
from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    CursorResult,
    Dialect,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    select,
    true,
    type_coerce,
)
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import IdentifierPreparer

from intact_core import canonical
from intact_core.records import sets

Rows = Sequence[dict[str, Any]]
Texts = Sequence[str | None]
_BETWEEN = "\x1f"
Columns = tuple[Column[Any], ...]


def rows_by_key(
    connection: Connection,
    columns: Sequence[Column[Any]],
    equal: Mapping[Column[Any], Any],
    key: Column[Any],
    ids: Iterable[UUID],
    *,
    lock: bool = False,
) -> CursorResult[Any]:
    """The rows whose `key` is among `ids`, each found by itself through an index.

    Asked for a list, PostgreSQL reads the tenant's whole table while its statistics are older
    than the table's growth. `lock` takes the rows in the order of the ids.
    """
    named = tuple(columns), tuple(equal), key
    values = {f"equal_{place}": value for place, value in enumerate(equal.values())}
    if connection.dialect.name != "postgresql":
        document = canonical.dumps([one.hex for one in ids]).decode()
        return connection.execute(_among(*named), {**values, "ids": document})
    array = f"{{{','.join(sorted(one.hex for one in ids))}}}"
    with _planned_anew(connection):
        return connection.execute(_one_by_one(*named, lock), {**values, "ids": array})


@cache
def _among(columns: Columns, equal: Columns, key: Column[Any]) -> Select[Any]:
    listed = func.json_each(bindparam("ids", type_=Text)).table_valued("value")
    query = select(*columns).where(type_coerce(key, Text).in_(select(listed.c.value)))
    return query.where(*_equal(equal))


@cache
def _one_by_one(
    columns: Columns,
    equal: Columns,
    key: Column[Any],
    lock: bool,
) -> Select[Any]:
    array = cast(bindparam("ids", type_=Text), ARRAY(Uuid))
    wanted = func.unnest(array).table_valued("one").render_derived()
    query = select(*columns).where(*_equal(equal), key == wanted.c.one)
    # OFFSET 0, as the lock does, keeps the planner from turning the look-ups into one join.
    one = (query.with_for_update() if lock else query.offset(0)).lateral()
    return select(one).select_from(wanted.join(one, true()))


def _equal(columns: Columns) -> list[ColumnElement[bool]]:
    return [column == bindparam(f"equal_{place}") for place, column in enumerate(columns)]


@contextmanager
def _planned_anew(connection: Connection) -> Iterator[None]:
    """PostgreSQL plans what is executed inside for the tables as they are.

    The plan of a prepared statement stays: made while a table was small, it reads the whole tenant
    for each row once the table has grown, until the statistics are taken.
    """
    driver = _driver(connection)
    threshold, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = threshold


def _driver(connection: Connection) -> psycopg.Connection[Any]:
    return connection.connection.dbapi_connection  # type: ignore[return-value]


@contextmanager
def ahead(connection: Connection) -> Iterator[None]:
    """Inside, PostgreSQL works at what was given to it while the next is made.

    For writes alone: nothing that is read inside is there yet. What one of them raises, a later one
    or the end raises.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    try:
        with _driver(connection).pipeline():
            yield
    except psycopg.Error as fault:
        raise DBAPIError.instance(None, None, fault, psycopg.Error) from fault


def insert_rows(
    connection: Connection,
    table: Table,
    rows: Rows,
    shared: Mapping[str, Any] | None = None,
    beside: Mapping[str, Texts] | None = None,
) -> None:
    """Insert rows; all have the same columns, as column values. `shared` are those of each row.

    `beside` are columns of JSON as text: for each row one, or None.
    """
    if not rows:
        return
    shared, beside = shared or {}, beside or {}
    if connection.dialect.name != "postgresql":
        whole = _joined(rows, shared, beside)
        sets.insert(connection.dialect, table, whole).run(connection)
        return
    statement = _insert(connection.dialect, table, tuple(rows[0]), tuple(beside), tuple(shared))
    texts = [_BETWEEN.join([one or "" for one in texts]) for texts in beside.values()]
    _send(connection, statement, shared, rows, *texts)


def _joined(rows: Rows, shared: Mapping[str, Any], beside: Mapping[str, Texts]) -> Rows:
    if not shared and not beside:
        return rows
    texts = zip(*beside.values(), strict=True) if beside else repeat(())
    return [
        {**shared, **row, **dict(zip(beside, of_row, strict=True))}
        for row, of_row in zip(rows, texts, strict=False)
    ]


def update_rows(
    connection: Connection,
    table: Table,
    keys: Sequence[str],
    rows: Rows,
    shared: Mapping[str, Any] | None = None,
) -> None:
    """Update rows found by `keys`; all have the same columns, as column values.

    `shared` are new values of each row. The keys stand in the rows, the tenant too: PostgreSQL then
    expects few of them and finds each by itself.
    """
    if not rows:
        return
    shared = shared or {}
    if connection.dialect.name != "postgresql":
        whole = [{**shared, **row} for row in rows] if shared else rows
        sets.change(connection.dialect, table, keys, whole).run(connection)
        return
    statement = _update(connection.dialect, table, tuple(keys), tuple(rows[0]), tuple(shared))
    with _planned_anew(connection):
        _send(connection, statement, shared, rows)


def _send(
    connection: Connection,
    statement: str,
    shared: Mapping[str, Any],
    rows: Rows,
    *beside: str,
) -> None:
    connection.exec_driver_sql(statement, (_document(shared), _document(rows), *beside))
    driver = _driver(connection)
    # A socket takes some 200 KB at once: PostgreSQL would wait for the rest until the next one.
    while driver.pgconn.flush():
        with DefaultSelector() as selector:
            selector.register(driver, EVENT_WRITE)
            selector.select()


def _document(content: Any) -> Json:
    return Json(content, canonical.dumps)


@cache
def _insert(
    dialect: Dialect,
    table: Table,
    names: tuple[str, ...],
    texts: tuple[str, ...],
    shared: tuple[str, ...],
) -> str:
    preparer = dialect.identifier_preparer
    name, quote = preparer.format_table(table), preparer.quote
    columns = ", ".join(map(quote, names + texts + shared))
    values = ", ".join(_sources(preparer, names + texts, shared).values())
    rows = _rows(dialect, table, names, texts)
    return f"INSERT INTO {name} ({columns}) SELECT {values} FROM {rows}"  # noqa: S608


@cache
def _update(
    dialect: Dialect,
    table: Table,
    keys: tuple[str, ...],
    names: tuple[str, ...],
    shared: tuple[str, ...],
) -> str:
    preparer = dialect.identifier_preparer
    name, quote = preparer.format_table(table), preparer.quote
    of = _sources(preparer, names, shared)
    changes = ", ".join(f"{quote(one)} = {value}" for one, value in of.items() if one not in keys)
    same = " AND ".join(f"t.{quote(key)} = {of[key]}" for key in keys)
    rows = _rows(dialect, table, names)
    return f"UPDATE {name} AS t SET {changes} FROM {rows} WHERE {same}"  # noqa: S608


def _sources(
    preparer: IdentifierPreparer, names: tuple[str, ...], shared: tuple[str, ...]
) -> dict[str, str]:
    own = {one: f"x.{preparer.quote(one)}" for one in names}
    return own | {one: f"k.{preparer.quote(one)}" for one in shared}


def _rows(
    dialect: Dialect, table: Table, names: tuple[str, ...], texts: tuple[str, ...] = ()
) -> str:
    """What is sent, as rows: `k` what all share, `x` what differs."""
    preparer = dialect.identifier_preparer
    name, quote = preparer.format_table(table), preparer.quote
    typed = ", ".join(f"{quote(one)} {table.c[one].type.compile(dialect)}" for one in names)
    beside = "".join(", unnest(string_to_array(%s, chr(31), ''))" for _ in texts)
    columns = ", ".join(map(quote, names + texts))
    own = f"ROWS FROM (json_to_recordset(%s) AS ({typed}){beside}) AS x ({columns})"
    return f"json_populate_record(NULL::{name}, %s) k, {own}"
