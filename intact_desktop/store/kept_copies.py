"""Copies of the local database that were set aside: listed, and read without touching them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, inspect, select
from sqlalchemy.orm import Session

from intact_core.records.base import Merge
from intact_core.records.catalogue import TYPES, TypeSpec
from intact_desktop.store import naming
from intact_desktop.store.engine import open_copy
from intact_desktop.store.tables import chunks

_NAME = re.compile(r"intact-(\d{8}T\d{12})Z-(.+)\.db")
_STAMP = "%Y%m%dT%H%M%S%f"
_NEVER_TOLD = frozenset({"id", "tenant_id", "audit_schedule_id", "created_at"})
Rest = Callable[[], None]


@dataclass(frozen=True)
class KeptCopy:
    """One copy: when and before what it was made, and its size in bytes."""

    path: Path
    at: datetime
    why: str
    size: int


@dataclass(frozen=True)
class Other:
    """A record of a copy with what is other here now: wire values (then, now) by field."""

    scope: str
    type: str
    id: UUID
    subject: str
    is_gone: bool
    values: Mapping[str, tuple[Any, Any]]


def copies(folder: Path) -> list[KeptCopy]:
    """What was set aside there, the newest first."""
    found = []
    for path in folder.glob("intact-*.db"):
        named = _NAME.fullmatch(path.name)
        if named is not None:
            at = datetime.strptime(named[1], _STAMP).replace(tzinfo=UTC)
            found.append(KeptCopy(path, at, named[2], path.stat().st_size))
    return sorted(found, key=lambda one: one.at, reverse=True)


def others(path: Path, key: bytes, session: Session, rest: Rest = lambda: None) -> list[Other]:
    """Every record of the copy that holds something that is not here now, audits together.

    Left out are reference data, which only the server writes, conflicts, whose words stand in
    the records too, and what a copy of an older version lacks. Raises StorageFault where the copy
    cannot be read. `rest` is called often.
    """
    with open_copy(path, key) as connection:
        tables = _columns(connection)
        found = [
            one
            for spec in TYPES.values()
            if spec.name in tables and spec.scope.kind and spec.scope.kind != "reference"
            for one in _of_kind(connection, spec, tables[spec.name], (session, rest))
        ]
    return sorted(found, key=lambda one: one.scope)


def _columns(connection: Connection) -> dict[str, set[str]]:
    inspector = inspect(connection)
    there = set(inspector.get_table_names())
    return {
        name: {str(column["name"]) for column in inspector.get_columns(name)}
        for name in TYPES
        if name in there
    }


def _of_kind(
    connection: Connection, spec: TypeSpec, there: set[str], now: tuple[Session, Rest]
) -> Iterator[Other]:
    session, rest = now
    names = [
        name
        for name, field in spec.fields.items()
        if name in there and (field.merge is not Merge.SERVER or name == spec.scope.column)
    ]
    columns = [spec.table.c[name] for name in names]
    living = select(*columns).where(spec.table.c.deleted_at.is_(None))
    for part in chunks(connection.execute(living).all()):
        rest()
        ids = [row.id for row in part]
        query = select(*columns, spec.table.c.deleted_at).where(spec.table.c.id.in_(ids))
        here = {row.id: row for row in session.execute(query) if row.deleted_at is None}
        for row in part:
            values = dict(_differing(names, row, here.get(row.id)))
            if values:
                wire = spec.wire({name: getattr(row, name) for name in names})
                yield _other(spec, wire, values, is_gone=row.id not in here)


def _differing(names: Sequence[str], then: Any, now: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:
    for name in names:
        old, new = getattr(then, name), getattr(now, name, None)
        if name not in _NEVER_TOLD and old not in (None, "") and old != new:
            yield name, (old, new)


def _other(
    spec: TypeSpec, wire: Mapping[str, Any], values: dict[str, tuple[Any, Any]], *, is_gone: bool
) -> Other:
    told = {name: (wire[name], spec.fields[name].to_wire(new)) for name, (_, new) in values.items()}
    scope, named = spec.scope.key(wire), naming.NAMED_BY.get(spec.name, "")
    subject = str(wire.get(named) or "")
    return Other(scope, spec.name, UUID(wire["id"]), subject, is_gone, told)
