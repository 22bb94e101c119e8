"""Canonical JSON: the one byte form that is hashed and signed (in the manner of RFC 8785)."""

import hashlib
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

Json = Any


_CENTS = Decimal("0.01")
_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NAIVE_UTC


def decimal(value: Decimal | int | float) -> str:
    """A decimal number as text: hundredths at most, no trailing zeros."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return format(exact.quantize(_CENTS).normalize(), "f")


def moment(value: datetime) -> str:
    """An aware date-time as UTC text with microseconds, ending in `Z` (RFC 3339)."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return decimal(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


def dumps(value: Json) -> bytes:
    """UTF-8 JSON with sorted keys and no spaces; UUID, date and UTC date-time as text.

    Raises TypeError for values without a canonical form. Date-times end in `Z`.
    """
    return orjson.dumps(value, default=_plain, option=_OPTIONS)


def loads(data: bytes | str) -> Json:
    """Parse JSON; raises ValueError when it is none."""
    return orjson.loads(data)


def sha256_hex(data: bytes) -> str:
    """SHA-256 of the bytes, 64 lower-case hexadecimal digits (FIPS 180-4)."""
    return hashlib.sha256(data).hexdigest()


def to_wire(value: object) -> Json:
    """One column value as JSON: UUID, date, UTC date-time and decimal (hundredths) become text."""
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, UUID | date):
        return str(value)
    if isinstance(value, Decimal):
        return decimal(value)
    return value
