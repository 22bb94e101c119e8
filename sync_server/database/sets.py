"""Reading and writing many rows of one table at once.

PostgreSQL takes them as one JSON document in one statement: 10,000 operations of five rows each
took 14 s as pipelined single statements and a fraction of it this way. SQLite, in the same
process, is fastest with one prepared statement and the rows one by one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    CursorResult,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    select,
    text,
    true,
    type_coerce,
)
from sqlalchemy.engine import Connection

from intact_core import canonical
from intact_core.records import sets

Rows = Sequence[dict[str, Any]]


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
    query = select(*columns).where(*(column == value for column, value in equal.items()))
    if connection.dialect.name != "postgresql":
        document = canonical.dumps([one.hex for one in ids]).decode()
        listed = func.json_each(bindparam(None, document)).table_valued("value")
        among = type_coerce(key, Text).in_(select(listed.c.value))
        return connection.execute(query.where(among))
    array = bindparam(None, f"{{{','.join(map(str, sorted(ids)))}}}", Text)
    wanted = func.unnest(cast(array, ARRAY(Uuid))).table_valued("one").render_derived()
    query = query.where(key == wanted.c.one)
    one = (query.with_for_update() if lock else query).lateral()
    return connection.execute(select(one).select_from(wanted.join(one, true())))


def insert_rows(connection: Connection, table: Table, rows: Rows) -> None:
    """Insert rows; all have the same columns, as column values."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        sets.insert(connection.dialect, table, rows).run(connection)
        return
    columns = ", ".join(_quoted(connection, name) for name in rows[0])
    connection.execute(
        text(
            f"INSERT INTO {_name(connection, table)} ({columns}) SELECT {columns}"  # noqa: S608
            f" FROM json_populate_recordset(NULL::{_name(connection, table)}, CAST(:doc AS json))"
        ),
        {"doc": _document(rows)},
    )


def update_rows(connection: Connection, table: Table, keys: Sequence[str], rows: Rows) -> None:
    """Update rows found by `keys`; all have the same columns, as column values."""
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        sets.change(connection.dialect, table, keys, rows).run(connection)
        return
    columns = [name for name in rows[0] if name not in keys]
    name = _name(connection, table)
    changes = ", ".join(f"{_quoted(connection, c)} = x.{_quoted(connection, c)}" for c in columns)
    same = " AND ".join(f"t.{_quoted(connection, k)} = x.{_quoted(connection, k)}" for k in keys)
    connection.execute(
        text(
            f"UPDATE {name} AS t SET {changes}"  # noqa: S608
            f" FROM json_populate_recordset(NULL::{name}, CAST(:doc AS json)) AS x WHERE {same}"
        ),
        {"doc": _document(rows)},
    )


def _document(rows: Rows) -> str:
    return canonical.dumps(list(rows)).decode()


def _quoted(connection: Connection, name: str) -> str:
    return connection.dialect.identifier_preparer.quote(name)


def _name(connection: Connection, table: Table) -> str:
    return connection.dialect.identifier_preparer.format_table(table)
