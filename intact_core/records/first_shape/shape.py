"""What the first tables of records have in common, and short words for what they are made of."""

from typing import Any

import sqlalchemy as sa

UUID, TEXT, JSON = sa.Uuid(), sa.Text(), sa.JSON()
INT, NUMBER, BOOL = sa.Integer(), sa.Numeric(16, 2), sa.Boolean()
DATE, MOMENT = sa.Date(), sa.DateTime(timezone=True)

_METADATA = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def record(name: str, *parts: sa.schema.SchemaItem) -> sa.Table:
    """A table of a tenant's records: its own columns, then those that every record has."""
    return sa.Table(
        name,
        _METADATA,
        *(part for part in parts if isinstance(part, sa.Column)),
        sa.Column("tenant_id", UUID, primary_key=True),
        sa.Column("id", UUID, primary_key=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.Column("deleted_reason", TEXT),
        *(part for part in parts if not isinstance(part, sa.Column)),
    )


def needed(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column that is never empty."""
    return sa.Column(name, kind, nullable=False)


def maybe(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    """A column that may be empty."""
    return sa.Column(name, kind)


def to(column: str, target: str) -> sa.ForeignKeyConstraint:
    """The column names a record of the table `target`, of the same tenant."""
    return sa.ForeignKeyConstraint(["tenant_id", column], [f"{target}.tenant_id", f"{target}.id"])


def unique(*columns: str) -> sa.UniqueConstraint:
    """No two records of a tenant have the same values there."""
    return sa.UniqueConstraint("tenant_id", *columns)


def index(*columns: str) -> sa.Index:
    """Records of a tenant are found by these columns."""
    return sa.Index(None, "tenant_id", *columns)
