"""Working rows as the driver takes them, straight from the wire.

By way of the ORM each value would become an object, and text again for SQLite.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Column, Numeric, Text, Uuid
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from intact_core.records.base import UtcDateTime
from intact_core.records.catalogue import TYPES, TypeSpec
from intact_core.records.sets import JSON_OPTIONS, Many, selecting, upserting
from intact_core.records.wire import Wire, form_of
from intact_desktop.store.bases import Base, rows_of

Bodies = Sequence[Mapping[str, Wire]]
Row = tuple[Any, ...]
Revs = Sequence[int | None]
Stored = Callable[[list[Any]], list[Any]]
_KEY = ("tenant_id", "id")
_DIALECT = sqlite.dialect(**JSON_OPTIONS)
_UUID = form_of(Uuid())
_ZONE = len("+00:00")
_ARE_IDS = re.compile("(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:,|$))+").fullmatch
_CANONICAL_LENGTH = len("2026-01-31T08:00:00.000000Z")
_MOST_PARAMETERS = 900
_REV = "base_rev"
_NOT_HERE = -1


@dataclass(frozen=True)
class Working:
    """How the working rows of one kind of record are written, and compared with what is here."""

    spec: TypeSpec
    columns: Sequence[tuple[str, Wire, Stored]]
    """Name, value where a body leaves it out, and how the values of many bodies are stored."""

    def gives_back(self, body: Mapping[str, Wire]) -> bool:
        """Whether the body can be had again from its row, but for fields that say nothing."""
        return _gives_back(self.spec.name, tuple(body))

    def bind(self, states: Sequence[Base]) -> None:
        """Make the rows of states whose bodies were read, as far as rows give them back.

        Raises BadInput for a value of a wrong form.
        """
        fitting = [one for one in states if self.gives_back(one.body)]
        names, rows = self._stored([one.body for one in fitting], [one.rev for one in fitting])
        for one, row in zip(fitting, rows, strict=True):
            one.bound = (names, row)

    def of_bound(self, names: tuple[str, ...], rows: Sequence[Row]) -> Many:
        """Bound rows of the same columns, to be made, or changed to just these."""
        return Many(_upserting(self.spec.name, names), rows)

    def rows(self, bodies: Bodies, revs: Revs | None = None) -> Many:
        """The rows of whole wire bodies, to be made, or changed to just these.

        `revs` are the versions that the server confirmed, None where a row is something else.
        Fields unknown to this version are left out. Raises BadInput for a value of a wrong form.
        """
        return self.of_bound(*self._stored(bodies, revs or [None] * len(bodies)))

    def news(self, connection: Connection, bodies: Bodies, revs: Revs) -> tuple[Many, bool]:
        """The same without those that are here just so; and whether any says something new."""
        names, rows = self._stored(bodies, revs)
        here = self._here(connection, names, rows)
        changed = [row for row in rows if here.get(row[:-1], _NOT_HERE) != row[-1]]
        is_news = any(row[:-1] not in here for row in changed)
        return self.of_bound(names, changed), is_news

    def _stored(self, bodies: Bodies, revs: Revs) -> tuple[tuple[str, ...], list[Row]]:
        """The columns that any of the bodies fills, and the rows of these; last the versions."""
        names, columns = [], []
        try:
            for name, blank, stored in self.columns:
                values = [body.get(name, blank) for body in bodies]
                # The driver takes longer for nothing than for something.
                if values.count(None) < len(values):
                    names.append(name)
                    columns.append(stored(values))
        except (TypeError, ValueError, ArithmeticError):
            # One by one, for an error that names the field.
            for body in bodies:
                self.spec.values(body)
            raise
        return (*names, _REV), list(zip(*columns, revs, strict=True))

    def _here(
        self, connection: Connection, names: Sequence[str], rows: Sequence[Row]
    ) -> dict[Row, int | None]:
        """Of the rows those that are here, each with its version."""
        tenant, id_ = map(names.index, _KEY)
        by_tenant: dict[str, list[str]] = {}
        for row in rows:
            by_tenant.setdefault(row[tenant], []).append(row[id_])
        query, found = _selecting(self.spec.name, names), dict[Row, int | None]()
        for tenant_id, ids in by_tenant.items():
            for start in range(0, len(ids), _MOST_PARAMETERS):
                part = ids[start : start + _MOST_PARAMETERS]
                marks = ", ".join("?" * len(part))
                result = connection.exec_driver_sql(f"{query} ({marks})", (tenant_id, *part))
                found.update((tuple(row[:-1]), row[-1]) for row in result)
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
    return upserting(_DIALECT, rows_of(type_), _KEY, names)


# The whole key: by ids alone SQLite may read all rows of a table.
@lru_cache(maxsize=1 << 8)
def _selecting(type_: str, names: tuple[str, ...]) -> str:
    return selecting(_DIALECT, rows_of(type_), names, _KEY)


@lru_cache(maxsize=1 << 12)
def _gives_back(type_: str, names: tuple[str, ...]) -> bool:
    spec = TYPES[type_]
    # Stored as a fraction of two: the last digit of a very long number may be another.
    exact = not any(isinstance(column.type, Numeric) for column in spec.table.columns)
    return exact and spec.defaults.keys() <= set(names) <= spec.fields.keys()


def _stored(column: Column[Any]) -> Stored:
    """What SQLite holds of a column's wire values; raises as the column's form does."""
    form = form_of(column.type)
    if isinstance(column.type, Uuid):
        return _hexadecimals
    if isinstance(column.type, Text):
        return _texts
    bind = column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    one = _moment if isinstance(column.type, UtcDateTime) else _bound(form.read, bind)
    return lambda values: [None if value is None else one(value) for value in values]


def _bound(read: Callable[[Any], Any], bind: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return read if bind is None else lambda value: bind(read(value))


def _texts(values: list[Any]) -> list[Any]:
    # All at once: that each is a text, and that none holds what PostgreSQL cannot store.
    if "\0" in "".join([value for value in values if value is not None]):
        raise ValueError("a zero character has no place in a text")
    return values


def _hexadecimals(values: list[Any]) -> list[Any]:
    # All at once, where all are there and canonical.
    if None not in values and _ARE_IDS(joined := ",".join(map(str, values))):
        digits = joined.replace("-", "").split(",")
        if len(digits) == len(values):
            return digits
    # The same few ids (tenant, audit) stand in thousands of rows.
    known = {value: str(_UUID.normal(value)).replace("-", "") for value in {*values} - {None}}
    return [known.get(value) for value in values]


def _moment(text: str) -> str:
    moment = datetime.fromisoformat(text)
    if len(text) == _CANONICAL_LENGTH and text[4:20:3] == "--T::." and text[-1] == "Z":
        return f"{text[:10]} {text[11:-1]}"
    return moment.astimezone(UTC).isoformat(" ", "microseconds")[:-_ZONE]
