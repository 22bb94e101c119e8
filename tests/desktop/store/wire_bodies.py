"""Bodies of all kinds of record, as the wire brings them."""

from datetime import UTC
from typing import Any

from hypothesis import strategies as st
from sqlalchemy import Boolean, Date, Integer, Numeric, Text, Uuid

from intact_core import canonical
from intact_core.records.base import UtcDateTime
from intact_core.records.catalogue import TYPES, TypeSpec

Body = dict[str, Any]
WIRE: tuple[tuple[type, st.SearchStrategy[Any]], ...] = (
    (UtcDateTime, st.datetimes(timezones=st.just(UTC)).map(canonical.moment)),
    (Uuid, st.uuids().map(str)),
    (Date, st.dates().map(str)),
    (Numeric, st.decimals(-(10**12), 10**12, places=2).map(canonical.decimal)),
    (Boolean, st.booleans()),
    (Integer, st.integers(-(2**31) + 1, 2**31 - 1)),
    (Text, st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)),
)
WHOLE = st.integers(-(2**53), 2**53)
JSON = st.dictionaries(st.text(max_size=5), WHOLE | st.none() | st.lists(st.text()))


def values_of(column: Any) -> st.SearchStrategy[Any]:
    found = next((wire for kind, wire in WIRE if isinstance(column.type, kind)), JSON)
    return st.none() | found if column.nullable else found


@st.composite
def wire_bodies(draw: st.DrawFn) -> tuple[TypeSpec, Body]:
    """A body of any kind; what may be left out is, sometimes."""
    spec = TYPES[draw(st.sampled_from(list(TYPES)))]
    optional = {c.key for c in spec.table.columns if c.nullable or c.key in spec.defaults}
    left_out = draw(st.sets(st.sampled_from(sorted(optional)))) if optional else set()
    named = [column for column in spec.table.columns if column.key not in left_out]
    return spec, {str(column.key): draw(values_of(column)) for column in named}
