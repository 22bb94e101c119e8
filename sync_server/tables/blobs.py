"""Blobs: content named by its hash, stored once inside a tenant."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.tables.base import ServerRow


class StoredBlob(ServerRow):
    """A blob whose bytes are all here and verified; `receipt` was given for it."""

    __tablename__ = "blob"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    receipt: Mapped[str]
    stored_at: Mapped[datetime]


class Upload(ServerRow):
    """A blob on its way; its offset is the size of its partial file."""

    __tablename__ = "upload"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    device_id: Mapped[UUID | None]
    started_at: Mapped[datetime]
