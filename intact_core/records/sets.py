"""Many rows of one table by the driver alone, on SQLite.

SQLAlchemy's work for each row costs more than SQLite's own; here it is asked once for each
column: how its values are bound.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import IntegrityError

from intact_core import canonical

Rows = Sequence[Mapping[str, Any]]


def _to_json(value: Any) -> str:
    return canonical.dumps(value).decode()


JSON_OPTIONS: Mapping[str, Any] = {
    "json_serializer": _to_json,
    "json_deserializer": canonical.loads,
}
"""Options of an engine, so that JSON columns take the quick way too."""


@dataclass(frozen=True)
class Many:
    """A statement with its rows, bound and ready: running it is the driver's work alone."""

    statement: str
    rows: Sequence[tuple[Any, ...]]
    otherwise: str = ""
    """What is executed instead where one of the rows, thought to be new, is there already."""

    def parts(self, size: int) -> Iterator["Many"]:
        """The same in pieces of that many rows."""
        for start in range(0, len(self.rows), size):
            yield Many(self.statement, self.rows[start : start + size], self.otherwise)

    def run(self, connection: Connection) -> None:
        """Execute it once for each row."""
        if not self.rows:
            return
        try:
            connection.exec_driver_sql(self.statement, list(self.rows))
        except IntegrityError:
            if not self.otherwise:
                raise
            # Those before it are there by now, as this says them too.
            connection.exec_driver_sql(self.otherwise, list(self.rows))


def insert(dialect: Dialect, table: Table, rows: Rows) -> Many:
    """Insert rows given as column values; all have the same columns."""
    names = tuple(rows[0]) if rows else ()
    return Many(inserting(dialect, table, names), bound(dialect, table, names, rows))


def upserting(dialect: Dialect, table: Table, keys: Sequence[str], names: Sequence[str]) -> str:
    """Inserts a row of these columns, or changes that with the same `keys`; the rest is NULL."""
    quote = dialect.identifier_preparer.quote
    others = [quote(column.key) for column in table.columns if column.key not in keys]
    changes = ", ".join(f"{name} = excluded.{name}" for name in others)
    target = ", ".join(map(quote, keys))
    return f"{inserting(dialect, table, names)} ON CONFLICT ({target}) DO UPDATE SET {changes}"


def inserting(dialect: Dialect, table: Table, names: Sequence[str]) -> str:
    """Inserts a row of these columns."""
    columns = ", ".join(map(dialect.identifier_preparer.quote, names))
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {_name(dialect, table)} ({columns}) VALUES ({marks})"  # noqa: S608


def selecting(dialect: Dialect, table: Table, names: Sequence[str], equal: Sequence[str]) -> str:
    """These columns of rows that have the others NULL; ends in `IN`, of the last of `equal`."""
    quote = dialect.identifier_preparer.quote
    empty = (f"{quote(one.key)} IS NULL" for one in table.columns if one.key not in names)
    *first, last = map(quote, equal)
    where = " AND ".join([*empty, *(f"{name} = ?" for name in first), f"{last} IN"])
    columns = ", ".join(map(quote, names))
    return f"SELECT {columns} FROM {_name(dialect, table)} WHERE {where}"  # noqa: S608


def change(dialect: Dialect, table: Table, keys: Sequence[str], rows: Rows) -> Many:
    """Change the rows found by `keys`; all have the same columns."""
    changed = tuple(name for name in rows[0] if name not in keys) if rows else ()
    quote = dialect.identifier_preparer.quote
    changes = ", ".join(f"{quote(name)} = ?" for name in changed)
    same = " AND ".join(f"{quote(name)} = ?" for name in keys)
    statement = f"UPDATE {_name(dialect, table)} SET {changes} WHERE {same}"  # noqa: S608
    return Many(statement, bound(dialect, table, (*changed, *keys), rows))


def bound(
    dialect: Dialect, table: Table, names: Sequence[str], rows: Rows
) -> list[tuple[Any, ...]]:
    """The rows as the driver takes them, columns in the order of `names`; None for what is not."""
    return list(zip(*(_column(dialect, table, name, rows) for name in names), strict=True))


def _name(dialect: Dialect, table: Table) -> str:
    return dialect.identifier_preparer.format_table(table)


def _column(dialect: Dialect, table: Table, name: str, rows: Rows) -> Sequence[Any]:
    bind = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
    values = [row.get(name) for row in rows]
    if bind is None:
        return values
    # Tenant, person and moment are one object in all rows: bound once.
    known = {id(value): value for value in values}
    done = {key: bind(value) for key, value in known.items()}
    return [done[id(value)] for value in values]
