"""How the values of columns travel: read, written, and brought to one form."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NoReturn
from uuid import UUID

from sqlalchemy import JSON, Boolean, Date, Integer, Numeric, Text, Uuid
from sqlalchemy.types import TypeEngine

from intact_core import canonical
from intact_core.records.base import UtcDateTime

Wire = Any


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


_CANONICAL_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_LARGEST = 2**31 - 1
_LARGEST_NUMBER = 10**14


@lru_cache(maxsize=1 << 14)
def _uuid(value: object) -> UUID:
    # The same few ids (tenant, audit, person) stand in thousands of rows.
    return UUID(value) if isinstance(value, str) else _wrong(value)


def _number(value: Any) -> Decimal:
    number = Decimal(value)
    return number if abs(number) < _LARGEST_NUMBER else _wrong(value)


def _boolean(value: object) -> object:
    return value if isinstance(value, bool) else _wrong(value)


def _integer(value: object) -> object:
    fits = isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST
    return value if fits else _wrong(value)


def _text(value: object) -> object:
    # PostgreSQL stores no zero character.
    return value if isinstance(value, str) and "\0" not in value else _wrong(value)


def _json(value: object) -> object:
    return value if isinstance(value, dict | list) else _wrong(value)


def _wrong(value: object) -> NoReturn:
    raise TypeError(f"{value!r} has no place in this column")


def as_is(value: Any) -> Any:
    """The writer of columns whose values travel unchanged."""
    return value


def _uuid_text(value: object) -> str:
    if isinstance(value, str) and _CANONICAL_UUID(value):
        return value
    return str(_uuid(value))


def _moment_text(value: str) -> str:
    return canonical.moment(_moment(value))


def _date_text(value: str) -> str:
    return date.fromisoformat(value).isoformat()


def _number_text(value: Any) -> str:
    return canonical.decimal(_number(value))


@dataclass(frozen=True)
class Form:
    """How a column's values are read from the wire, written to it, and brought to one form."""

    read: Callable[[Any], Any]
    write: Callable[[Any], Wire]
    normal: Callable[[Any], Wire]


# By column, not by value: a whole number in a decimal column is a decimal once it is stored.
_FORMS: tuple[tuple[type[TypeEngine[Any]], Form], ...] = (
    (UtcDateTime, Form(_moment, canonical.moment, _moment_text)),
    (Uuid, Form(_uuid, str, _uuid_text)),
    (Date, Form(date.fromisoformat, date.isoformat, _date_text)),
    (Numeric, Form(_number, canonical.decimal, _number_text)),
    (Boolean, Form(_boolean, bool, _boolean)),
    (Integer, Form(_integer, as_is, _integer)),
    (Text, Form(_text, as_is, _text)),
    (JSON, Form(_json, as_is, _json)),
)


def form_of(column_type: TypeEngine[Any]) -> Form:
    """The form of a column's values; raises TypeError for a type that has none."""
    for kind, form in _FORMS:
        if isinstance(column_type, kind):
            return form
    raise TypeError(f"no wire form for {column_type!r}")
