"""Working rows as the driver takes them, straight from the wire.

By way of the ORM each value would become an object, and text again for SQLite.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Column, Uuid
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from intact_core.records.base import UtcDateTime
from intact_core.records.catalogue import TYPES, TypeSpec
from intact_core.records.sets import JSON_OPTIONS, Many, selecting, upserting
from intact_core.records.wire import Wire, form_of

Bodies = Sequence[Mapping[str, Wire]]
Row = tuple[Any, ...]
Stored = Callable[[Any], Any]
_KEY = ("tenant_id", "id")
_DIALECT = sqlite.dialect(**JSON_OPTIONS)
_UUID = form_of(Uuid())
_ZONE = len("+00:00")
_MOST_PARAMETERS = 900


@dataclass(frozen=True)
class Working:
    """How the working rows of one kind of record are written, and compared with what is here."""

    spec: TypeSpec
    columns: Sequence[tuple[str, Wire, Stored]]
    """Name, value where a body leaves it out, and how any other is stored."""

    def rows(self, bodies: Bodies) -> Many:
        """The rows of whole wire bodies, to be made, or changed to just these.

        Fields unknown to this version are left out. Raises BadInput for a value of a wrong form.
        """
        names, rows = self._stored(bodies)
        return Many(_upserting(self.spec.name, names), rows)

    def news(self, connection: Connection, bodies: Bodies) -> Many:
        """The same without those that are here just so."""
        names, rows = self._stored(bodies)
        here = self._here(connection, names, rows)
        return Many(_upserting(self.spec.name, names), [row for row in rows if row not in here])

    def _stored(self, bodies: Bodies) -> tuple[tuple[str, ...], list[Row]]:
        """The columns that any of the bodies fills, and the rows of these."""
        names, columns = [], []
        try:
            for name, blank, stored in self.columns:
                values = [body.get(name, blank) for body in bodies]
                # The driver takes longer for nothing than for something.
                if values.count(None) < len(values):
                    names.append(name)
                    columns.append([None if one is None else stored(one) for one in values])
        except (TypeError, ValueError, ArithmeticError):
            # One by one, for an error that names the field.
            for body in bodies:
                self.spec.values(body)
            raise
        return tuple(names), list(zip(*columns, strict=True))

    def _here(self, connection: Connection, names: Sequence[str], rows: Sequence[Row]) -> set[Row]:
        tenant, id_ = map(names.index, _KEY)
        by_tenant: dict[str, list[str]] = {}
        for row in rows:
            by_tenant.setdefault(row[tenant], []).append(row[id_])
        query, found = _selecting(self.spec.name, names), set[Row]()
        for tenant_id, ids in by_tenant.items():
            for start in range(0, len(ids), _MOST_PARAMETERS):
                part = ids[start : start + _MOST_PARAMETERS]
                marks = ", ".join("?" * len(part))
                result = connection.exec_driver_sql(f"{query} ({marks})", (tenant_id, *part))
                found.update(map(tuple, result))
        return found


@cache
def working(type_: str) -> Working:
    """The working rows of that kind of record."""
    spec = TYPES[type_]
    columns = [
        (str(column.key), spec.blank_body[str(column.key)], _stored(column))
        for column in spec.table.columns
    ]
    return Working(spec, columns)


# Records of a kind fill the same few sets of columns.
@lru_cache(maxsize=1 << 8)
def _upserting(type_: str, names: tuple[str, ...]) -> str:
    return upserting(_DIALECT, TYPES[type_].table, _KEY, names)


# The whole key: by ids alone SQLite may read all rows of a table.
@lru_cache(maxsize=1 << 8)
def _selecting(type_: str, names: tuple[str, ...]) -> str:
    return selecting(_DIALECT, TYPES[type_].table, names, _KEY)


def _stored(column: Column[Any]) -> Stored:
    """What SQLite holds of a column's wire value; raises as the column's form does."""
    if isinstance(column.type, UtcDateTime):
        return _moment
    form = form_of(column.type)
    if isinstance(column.type, Uuid):
        return _hexadecimal
    bind = column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    return form.read if bind is None else lambda value: bind(form.read(value))


@lru_cache(maxsize=1 << 12)
def _hexadecimal(value: Wire) -> str:
    # The same few ids (tenant, audit) stand in thousands of rows: one text of each.
    return str(_UUID.normal(value)).replace("-", "")


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(" ", "microseconds")[:-_ZONE]
