"""What only the laptop holds: outbox, base rows, cursors, blobs, sync log, device."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from intact_core.records.base import Base


class Local(DeclarativeBase):
    """Declarative base of the laptop's own tables."""

    type_annotation_map = Base.type_annotation_map


class BaseRow(Local):
    """A record as the server last confirmed it; only a pull writes it."""

    __tablename__ = "base_row"

    type: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(index=True)
    rev: Mapped[int]
    hash: Mapped[str]
    body: Mapped[dict[str, Any]]


class Outbox(Local):
    """The device's operations, append-only; `settled` once a pull brought the outcome."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_pending", "settled", "n"),)

    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    op_id: Mapped[UUID] = mapped_column(unique=True)
    txn_id: Mapped[UUID]
    type: Mapped[str]
    record_id: Mapped[UUID] = mapped_column(index=True)
    kind: Mapped[str]
    base_rev: Mapped[int]
    raw: Mapped[str]
    """The operation's canonical JSON: what was hashed is what is sent."""
    wall_time: Mapped[datetime]
    hash: Mapped[str]
    verdict: Mapped[str | None]
    receipt: Mapped[dict[str, Any] | None]
    settled: Mapped[bool] = mapped_column(default=False)


class SyncCursor(Local):
    """How far this laptop is in a scope."""

    __tablename__ = "cursor"

    scope: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    digest: Mapped[str]


class Blob(Local):
    """A file's bytes, named by hash: state is `pending`, `sent`, `wanted` or `here`."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    audit_id: Mapped[UUID] = mapped_column(primary_key=True)
    size: Mapped[int]
    state: Mapped[str] = mapped_column(index=True)
    sent: Mapped[int] = mapped_column(default=0)
    receipt: Mapped[str | None]
    added_at: Mapped[datetime]


class SyncLog(Local):
    """What happened in each round of sync, in words."""

    __tablename__ = "sync_log"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    outcome: Mapped[str]
    words: Mapped[str] = mapped_column(Text)


class Device(Local):
    """This laptop: one row."""

    __tablename__ = "device"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tenant_id: Mapped[UUID]
    user_id: Mapped[UUID]
    last_n: Mapped[int] = mapped_column(default=0)
    chain_hash: Mapped[str]
    epoch: Mapped[str] = mapped_column(default="")
    clock_offset_seconds: Mapped[int | None]
    proof: Mapped[dict[str, Any] | None]
    """Operations and photos proved to be on the server, and when."""
