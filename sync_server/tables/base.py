"""Declarative base of the rows that only the server holds."""

from typing import cast

from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase

from intact_core.records.base import Base


class ServerRow(DeclarativeBase):
    """Base of the server's own tables. Those with a `tenant_id` stand under row-level security."""

    metadata = MetaData(naming_convention=Base.metadata.naming_convention)
    type_annotation_map = Base.type_annotation_map


def table_of(row: type[ServerRow]) -> Table:
    """The table of a mapped class, for statements on sets of rows."""
    return cast(Table, row.__table__)
