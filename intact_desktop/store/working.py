"""Working rows as the driver takes them, straight from the wire.

By way of the ORM each value would become an object, and text again for SQLite.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Column, Numeric, Text, Uuid
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Connection

from intact_core.records.base import UtcDateTime
from intact_core.records.catalogue import TYPES, TypeSpec
from intact_core.records.sets import JSON_OPTIONS, Many, inserting, selecting, upserting
from intact_core.records.wire import Wire, form_of
from intact_desktop.store.bases import Base, rows_of

Bodies = Sequence[Mapping[str, Wire]]
Row = tuple[Any, ...]
Revs = Sequence[int | None]
Stored = Callable[[Sequence[Any]], Sequence[Any]]
_KEY = ("tenant_id", "id")
_DIALECT = sqlite.dialect(**JSON_OPTIONS)
_UUID = form_of(Uuid())
_ZONE = len("+00:00")
_DASHES, _DIGITS, _ID_STEP = (8, 13, 18, 23), 32, 37
"""Of UUIDs (RFC 9562) parted by commas: where the dashes are, how many digits, how far it is from
one to the next."""
_HEXADECIMAL = b"0123456789abcdef"
_MOMENT_STEP = len("2026-01-31T08:00:00.000000Z,")
_MOMENT_MARKS = ((4, "-"), (7, "-"), (10, "T"), (13, ":"), (16, ":"), (19, "."), (26, "Z"))
_MOST_PARAMETERS = 900
_REV = "base_rev"
_NOT_HERE = -1


@dataclass(frozen=True)
class Working:
    """How the working rows of one kind of record are written, and compared with what is here."""

    spec: TypeSpec
    stored: Mapping[str, Stored]
    """By column how the values of many bodies are stored."""

    def gives_back(self, body: Mapping[str, Wire]) -> bool:
        """Whether the body can be had again from its row, but for fields that say nothing."""
        return _gives_back(self.spec.name, tuple(body))

    def bind(self, states: Sequence[Base]) -> None:
        """Make the rows of states whose bodies were read, as far as rows give them back.

        Raises BadInput for a value of a wrong form.
        """
        by_names: dict[tuple[str, ...], list[Base]] = {}
        for one in states:
            by_names.setdefault(tuple(one.body), []).append(one)
        for fields, alike in by_names.items():
            if _gives_back(self.spec.name, fields):
                bodies = [one.body for one in alike]
                given = zip(
                    fields, zip(*(one.values() for one in bodies), strict=True), strict=True
                )
                names, rows = self._stored(given, bodies, [one.rev for one in alike])
                for one, row in zip(alike, rows, strict=True):
                    one.bound = (names, row)

    def of_bound(self, names: tuple[str, ...], rows: Sequence[Row]) -> Many:
        """Bound rows of the same columns, to be made, or changed to just these."""
        return Many(_upserting(self.spec.name, names), rows)

    def of_new(self, names: tuple[str, ...], rows: Sequence[Row]) -> Many:
        """The same of rows that are hardly here: SQLite takes half as long again to be ready."""
        return Many(_inserting(self.spec.name, names), rows, _upserting(self.spec.name, names))

    def rows(self, bodies: Bodies, revs: Revs | None = None) -> Many:
        """The rows of whole wire bodies, to be made, or changed to just these.

        `revs` are the versions that the server confirmed, None where a row is something else.
        Fields unknown to this version are left out. Raises BadInput for a value of a wrong form.
        """
        return self.of_bound(
            *self._stored(self._given(bodies), bodies, revs or [None] * len(bodies))
        )

    def news(self, connection: Connection, bodies: Bodies, revs: Revs) -> tuple[Many, bool]:
        """The same without those that are here just so; and whether any says something new."""
        names, rows = self._stored(self._given(bodies), bodies, revs)
        here = self._here(connection, names, rows)
        changed = [row for row in rows if here.get(row[:-1], _NOT_HERE) != row[-1]]
        is_news = any(row[:-1] not in here for row in changed)
        return self.of_bound(names, changed), is_news

    def _given(self, bodies: Bodies) -> Iterator[tuple[str, Sequence[Wire]]]:
        for name, blank in self.spec.blank_body.items():
            yield name, [body.get(name, blank) for body in bodies]

    def _stored(
        self, given: Iterable[tuple[str, Sequence[Wire]]], bodies: Bodies, revs: Revs
    ) -> tuple[tuple[str, ...], list[Row]]:
        """The columns that any of the bodies fills, and the rows of these; last the versions."""
        names, columns = [], []
        try:
            for name, values in given:
                # The driver takes longer for nothing than for something.
                if values.count(None) < len(values):
                    names.append(name)
                    columns.append(self.stored[name](values))
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
    return Working(spec, {str(column.key): _stored(column) for column in spec.table.columns})


# Records of a kind fill the same few sets of columns.
@lru_cache(maxsize=1 << 8)
def _upserting(type_: str, names: tuple[str, ...]) -> str:
    return upserting(_DIALECT, rows_of(type_), _KEY, names)


@lru_cache(maxsize=1 << 8)
def _inserting(type_: str, names: tuple[str, ...]) -> str:
    return inserting(_DIALECT, rows_of(type_), names)


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
    if isinstance(column.type, UtcDateTime):
        return _moments
    bind = column.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)
    one = _bound(form.read, bind)
    return lambda values: [None if value is None else one(value) for value in values]


def _bound(read: Callable[[Any], Any], bind: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return read if bind is None else lambda value: bind(read(value))


def _texts(values: Sequence[Any]) -> Sequence[Any]:
    # All at once: that each is a text, and that none holds what PostgreSQL cannot store.
    if "\0" in "".join([value for value in values if value is not None]):
        raise ValueError("a zero character has no place in a text")
    return values


def _hexadecimals(values: Sequence[Any]) -> Sequence[Any]:
    # The same few ids (tenant, audit) stand in thousands of rows.
    different = list(dict.fromkeys(values))
    digits = _digits(different) or [value and _digits_of(value) for value in different]
    if len(digits) == len(values):
        return digits
    known = dict(zip(different, digits, strict=True))
    return [known[value] for value in values]


def _digits(ids: list[Any]) -> list[str]:
    """All at once, where all are there and canonical; else nothing."""
    if None in ids:
        return []
    joined, count = ",".join(map(str, ids)), len(ids)
    digits = joined.replace("-", "")
    # By their places in the text: an expression over it takes twenty times as long.
    are_ids = (
        len(joined) == _ID_STEP * count - 1
        and len(digits) == (_DIGITS + 1) * count - 1
        and all(joined[at::_ID_STEP] == "-" * count for at in _DASHES)
        and digits[_DIGITS :: _DIGITS + 1] == "," * (count - 1)
        and digits.encode().translate(None, _HEXADECIMAL) == b"," * (count - 1)
    )
    return digits.split(",") if are_ids else []


def _digits_of(value: Any) -> str:
    return str(_UUID.normal(value)).replace("-", "")


def _moments(values: Sequence[Any]) -> Sequence[Any]:
    if None not in values:
        # Each is looked at, then all are changed at once, where all are canonical.
        list(map(datetime.fromisoformat, values))
        joined, count = ",".join(values), len(values)
        if len(joined) == _MOMENT_STEP * count - 1 and all(
            joined[at::_MOMENT_STEP] == mark * count for at, mark in _MOMENT_MARKS
        ):
            return joined.replace("T", " ").replace("Z", "").split(",")
    return [None if value is None else _moment(value) for value in values]


def _moment(text: str) -> str:
    return datetime.fromisoformat(text).astimezone(UTC).isoformat(" ", "microseconds")[:-_ZONE]
