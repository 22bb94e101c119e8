"""What only the laptop holds: outbox, confirmed states, cursors, blobs, sync log, device."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import Index, Table, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from intact_core.records.base import Base

T = TypeVar("T")
_MOST_PARAMETERS = 900


class Local(DeclarativeBase):
    """Declarative base of the laptop's own tables."""

    type_annotation_map = Base.type_annotation_map


class BaseRow(Local):
    """A record as the server last confirmed it, where its working row cannot say so."""

    __tablename__ = "base_row"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(index=True)
    rev: Mapped[int]
    hash: Mapped[str]
    body: Mapped[dict[str, Any]]


class Outbox(Local):
    """The device's operations, append-only."""

    __tablename__ = "outbox"

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


class SyncCursor(Local):
    """How far this laptop is in a scope."""

    __tablename__ = "cursor"

    scope: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int]
    digest: Mapped[str]


class Blob(Local):
    """A file's bytes, named by hash: state is `pending`, `sent`, `wanted` or `here`.

    `taken_at` is when the server took a sent one, from its receipt.
    """

    __tablename__ = "blob"
    __table_args__ = (Index("ix_blob_state_taken_at", "state", "taken_at"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    audit_id: Mapped[UUID] = mapped_column(primary_key=True)
    size: Mapped[int]
    state: Mapped[str]
    sent: Mapped[int] = mapped_column(default=0)
    receipt: Mapped[str | None]
    taken_at: Mapped[datetime | None]
    added_at: Mapped[datetime]


class CarriedChain(Local):
    """A colleague's laptop whose operations this one carries: who, and how far its chain is here.

    `card` proves the device to everybody of the tenant; `acknowledged_n` is its last operation
    that the server confirmed to us; `refused` is why the server did not take the rest.
    """

    __tablename__ = "carried_chain"

    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    name: Mapped[str]
    card: Mapped[dict[str, Any]]
    last_n: Mapped[int]
    last_hash: Mapped[str]
    acknowledged_n: Mapped[int] = mapped_column(default=0)
    refused: Mapped[str | None]
    met_at: Mapped[datetime]


class Carried(Local):
    """A colleague's operation that is not known to be on the server.

    `own_n` is this laptop's last operation when it came: it lies on top of that one. `signature`
    is the device's over `hash`, on the last operation of each part that it signed.
    """

    __tablename__ = "carried"
    __table_args__ = (UniqueConstraint("device_id", "n"),)

    seq: Mapped[int] = mapped_column(primary_key=True)
    device_id: Mapped[UUID]
    n: Mapped[int]
    op_id: Mapped[UUID] = mapped_column(index=True)
    txn_id: Mapped[UUID]
    type: Mapped[str]
    record_id: Mapped[UUID] = mapped_column(index=True)
    raw: Mapped[str]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    signature: Mapped[str | None]
    own_n: Mapped[int]
    via: Mapped[str]
    received_at: Mapped[datetime]


class TakenOver(Local):
    """A hand-over file that was taken over here: the same one is not taken twice."""

    __tablename__ = "taken_over"

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    audit_id: Mapped[UUID]
    made_by: Mapped[str]
    made_at: Mapped[datetime]
    taken_at: Mapped[datetime]


class Staging(Local):
    """Rows of an answer that is not whole yet, packed; before the first ones its first line.

    A large first sync that breaks off goes on behind the last row in here.
    """

    __tablename__ = "staging"

    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lines: Mapped[bytes]


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
    acknowledged_n: Mapped[int] = mapped_column(default=0)
    """The last operation with a receipt: those after it wait to be sent."""
    settled_n: Mapped[int] = mapped_column(default=0)
    """The last operation whose outcome a pull brought."""
    epoch: Mapped[str] = mapped_column(default="")
    clock_offset_seconds: Mapped[int | None]
    proof: Mapped[dict[str, Any] | None]
    """Operations and photos proved to be on the server, and when."""


def table_of(row: type[Local]) -> Table:
    """The table of a mapped class, for statements on sets of rows."""
    return cast(Table, row.__table__)


def chunks(items: Sequence[T], size: int = _MOST_PARAMETERS) -> Iterator[Sequence[T]]:
    """Parts small enough for one IN list."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
