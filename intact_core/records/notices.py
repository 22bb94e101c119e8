"""What people are told: the office's alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from intact_core.records.base import OfficeRecord, field, fixed, to
from intact_core.records.people import User


class Notification(OfficeRecord):
    """A message to one person, such as a certificate that expires soon."""

    __tablename__ = "notifications"
    __table_args__ = (to(User, "user_id"), Index(None, "tenant_id", "user_id"))

    user_id: Mapped[UUID] = fixed()
    event: Mapped[str] = fixed()
    title: Mapped[str] = fixed()
    body: Mapped[str | None] = fixed()
    priority: Mapped[str] = fixed(choices=("low", "normal", "high", "urgent"), default="normal")
    resource_type: Mapped[str | None] = fixed()
    resource_id: Mapped[UUID | None] = fixed()
    read_at: Mapped[datetime | None] = field()
