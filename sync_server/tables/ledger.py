"""The ledger: heads, feed, receipts, devices, audit log."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.tables.base import ServerRow


class ScopeHead(ServerRow):
    """The counter row of a scope: its last seq and its digest."""

    __tablename__ = "scope_head"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, default=0)
    digest: Mapped[str]


class RecordHead(ServerRow):
    """A record's version, who last changed each field group, and its serial number."""

    __tablename__ = "record_head"
    __table_args__ = (
        Index(None, "tenant_id", "scope", "type"),
        # The serial before the type: led by both, PostgreSQL would take it for the primary key.
        UniqueConstraint("tenant_id", "serial", "type"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str]
    rev: Mapped[int]
    field_rev: Mapped[str]
    """Who changed each field group last, by change (`group_revs.py`)."""
    hash: Mapped[str]
    serial: Mapped[int]
    updated_at: Mapped[datetime]


class SerialCounter(ServerRow):
    """The last serial given to a kind of record."""

    __tablename__ = "serial_counter"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]


class FeedChange(ServerRow):
    """One change of the feed; seq runs 1, 2, … in its scope without a hole."""

    __tablename__ = "change"
    __table_args__ = (Index(None, "tenant_id", "record_id"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    type: Mapped[str]
    record_id: Mapped[UUID]
    rev: Mapped[int]
    kind: Mapped[str]
    patch: Mapped[str]
    """Canonical JSON, sent as it is."""
    op_id: Mapped[UUID | None]
    actor: Mapped[UUID | None]
    at: Mapped[datetime]


class OpReceipt(ServerRow):
    """An operation as it came, and the verdict on it. Append-only."""

    __tablename__ = "op_receipt"
    __table_args__ = (Index(None, "tenant_id", "op_id"),)

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    op_id: Mapped[UUID]
    raw: Mapped[str]
    hash: Mapped[str]
    verdict: Mapped[str]
    receipt: Mapped[str]
    """The receipt as it was given: given again when the operation comes again."""
    received_at: Mapped[datetime]


class Device(ServerRow):
    """A laptop: its key, its place in the chain, whether it was revoked.

    A copied or restored laptop goes on as another device: its chain is its parent's up to
    `parent_n`, and its own from there.
    """

    __tablename__ = "device"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    name: Mapped[str]
    certificate: Mapped[str]
    last_n: Mapped[int] = mapped_column(BigInteger, default=0)
    chain_hash: Mapped[str]
    enrolled_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    parent_id: Mapped[UUID | None]
    parent_n: Mapped[int | None] = mapped_column(BigInteger)


class AuditLog(ServerRow):
    """Insert-only: who did what; each entry holds the hash of the one before."""

    __tablename__ = "audit_logs"
    __table_args__ = (
        Index(None, "tenant_id", "resource_type", "resource_id"),
        Index(None, "tenant_id", "at"),
    )

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    user_id: Mapped[UUID | None]
    device_id: Mapped[UUID | None]
    action: Mapped[str]
    resource_type: Mapped[str]
    resource_id: Mapped[UUID | None]
    old_values: Mapped[str | None]
    new_values: Mapped[str]
    """Canonical JSON, as `old_values` is: of the fields that changed, without secrets."""
    ip_address: Mapped[str | None]
    at: Mapped[datetime]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class ServerEpoch(ServerRow):
    """The epoch of this server's history; a restored backup gets a new one."""

    __tablename__ = "server_epoch"

    epoch: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
