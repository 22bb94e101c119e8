"""What every record is: its keys, its scope, and how each field merges."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    JSON,
    Boolean,
    Date,
    DateTime,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    Text,
    Uuid,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedColumn, mapped_column
from sqlalchemy.types import TypeDecorator

from intact_core import clock, ids

SCHEMA_VERSION = 2
"""Version of the records' shape; travels with every operation."""


class Merge(enum.StrEnum):
    """How two people's changes of one field come together (sync protocol, "Merging")."""

    SCALAR = "scalar"
    TEXT = "text"
    STATE = "state"
    FIXED = "fixed"
    """Given when the record is made, never changed: append-only records consist of these."""
    NUMBER = "number"
    SERVER = "server"
    """Only the server writes it; a laptop's change is quarantined."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC moment on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        if value is None or value.tzinfo is not None:
            return value
        return value.replace(tzinfo=UTC)


class Base(DeclarativeBase):
    """Declarative base of both ends; the metadata holds the synced records."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[Mapping[Any, Any]] = {
        str: Text,
        int: Integer,
        bool: Boolean,
        date: Date,
        datetime: UtcDateTime,
        Decimal: Numeric(16, 2),
        UUID: Uuid,
        dict[str, Any]: JSON,
        list[str]: JSON,
    }


@dataclass(frozen=True)
class Scope:
    """Which scope a record belongs to: `kind` and the column that holds the scope's id.

    With an empty kind the column holds the whole key ("audit:<uuid>").
    """

    kind: str
    column: str

    def key(self, values: Mapping[str, Any]) -> str:
        """The scope key of a row given as column values (objects or their wire text)."""
        value = values[self.column]
        return f"{self.kind}:{value}" if self.kind else str(value)


def office_scope() -> Scope:
    """Scope of what the office alone works with: granted to no laptop."""
    return Scope("office", "tenant_id")


def reference() -> Scope:
    """Scope of a tenant's reference data."""
    return Scope("reference", "tenant_id")


def client_scope(column: str = "client_id") -> Scope:
    """Scope of one client organisation."""
    return Scope("client", column)


def audit_scope(column: str = "audit_schedule_id") -> Scope:
    """Scope of one audit."""
    return Scope("audit", column)


class Record(Base):
    """A row that both ends hold. The key starts with the tenant (security.md)."""

    __abstract__ = True
    __scope__: ClassVar[Scope]

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True, info={"merge": Merge.FIXED})
    id: Mapped[UUID] = mapped_column(
        primary_key=True, default=ids.new_id, info={"merge": Merge.FIXED}
    )
    created_at: Mapped[datetime] = mapped_column(default=clock.now, info={"merge": Merge.FIXED})
    deleted_at: Mapped[datetime | None] = mapped_column(
        info={"merge": Merge.SCALAR, "group": "deleted"}
    )
    deleted_reason: Mapped[str | None] = mapped_column(
        info={"merge": Merge.SCALAR, "group": "deleted"}
    )


class OfficeRecord(Record):
    """A record that only the server holds: in the feed and the audit log like every other.

    Its table stands in metadata of its own, so that a laptop has none for it.
    """

    __abstract__ = True
    __scope__ = office_scope()
    metadata = MetaData(naming_convention=Base.metadata.naming_convention)


def field(
    *,
    merge: Merge = Merge.SCALAR,
    group: str = "",
    signed: bool = True,
    choices: tuple[str, ...] = (),
    steps: Mapping[str, frozenset[str]] | None = None,
    **column: Any,
) -> MappedColumn[Any]:
    """A synced column with its merge kind.

    `group` makes several fields one unit; `signed` says whether a signature on the audit's
    report covers it; `choices` are the values allowed; `steps` the legal transitions of a state.
    """
    info: dict[str, Any] = {"merge": merge, "signed": signed}
    if group:
        info["group"] = group
    if choices:
        info["choices"] = choices
    if steps is not None:
        info["steps"] = steps
        info["choices"] = tuple(steps)
    return mapped_column(info=info, active_history=True, **column)


def text(**options: Any) -> MappedColumn[Any]:
    """A long text: conflicts like a scalar, and a three-way merge is offered."""
    return field(merge=Merge.TEXT, **options)


def fixed(**options: Any) -> MappedColumn[Any]:
    """A field given once, when the record is made."""
    return field(merge=Merge.FIXED, **options)


def to(table: str | type[Record], column: str, **options: Any) -> ForeignKeyConstraint:
    """A foreign key inside the tenant: (tenant_id, column) to (tenant_id, id).

    An office record names a synced one by its class: their tables stand in different metadata.
    """
    if isinstance(table, str):
        target: list[Any] = [f"{table}.tenant_id", f"{table}.id"]
    else:
        target = [table.__table__.c.tenant_id, table.__table__.c.id]
    return ForeignKeyConstraint(["tenant_id", column], target, **options)
