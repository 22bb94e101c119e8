"""Conflicts: what two people wrote of one thing, kept until a person chose."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, Record, Scope, field, fixed, text


class Conflict(Record):
    """One conflict, synced to everybody in the scope of the record that it is about.

    `base`, `server` and `incoming` map each field of the group to its wire value; `server` is
    what stays current until somebody chooses. Only the server makes conflicts; resolving one is
    an ordinary change of `state` with a reason.
    """

    __tablename__ = "conflicts"
    __scope__ = Scope("", "scope")
    __table_args__ = (Index(None, "tenant_id", "record_type", "record_id"),)

    scope: Mapped[str] = fixed(signed=False)
    record_type: Mapped[str] = fixed(signed=False)
    record_id: Mapped[UUID] = fixed(signed=False)
    kind: Mapped[str] = fixed(
        choices=("edit", "delete_edit", "state", "possible_duplicate"), signed=False
    )
    field_group: Mapped[str] = fixed(signed=False)
    base: Mapped[dict[str, Any]] = fixed(signed=False)
    server: Mapped[dict[str, Any]] = field(merge=Merge.SERVER, signed=False)
    server_by: Mapped[UUID | None] = field(merge=Merge.SERVER, signed=False)
    server_at: Mapped[datetime | None] = field(merge=Merge.SERVER, signed=False)
    server_device: Mapped[UUID | None] = field(merge=Merge.SERVER, signed=False)
    incoming: Mapped[dict[str, Any]] = field(merge=Merge.SERVER, signed=False)
    incoming_by: Mapped[UUID | None] = field(merge=Merge.SERVER, signed=False)
    incoming_at: Mapped[datetime | None] = field(merge=Merge.SERVER, signed=False)
    incoming_device: Mapped[UUID | None] = field(merge=Merge.SERVER, signed=False)
    op_id: Mapped[UUID | None] = field(merge=Merge.SERVER, signed=False)
    state: Mapped[str] = field(
        merge=Merge.STATE,
        steps={"open": frozenset({"resolved"}), "resolved": frozenset[str]()},
        default="open",
        signed=False,
    )
    resolution: Mapped[str | None] = field(choices=("server", "incoming", "edited"), signed=False)
    reason: Mapped[str | None] = text(signed=False)
    resolved_by: Mapped[UUID | None] = field(signed=False)
    resolved_at: Mapped[datetime | None] = field(signed=False)
