"""Training and declared interests of the body's people: the office's alone."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from intact_core.records.base import OfficeRecord, field, fixed, to
from intact_core.records.people import User


class TrainingRecord(OfficeRecord):
    """A course that a person took or is to take (ISO/IEC 17021-1, 7.2)."""

    __tablename__ = "training_records"
    __table_args__ = (to(User, "user_id"), Index(None, "tenant_id", "user_id"))

    user_id: Mapped[UUID] = fixed()
    course_name: Mapped[str] = field()
    provider: Mapped[str | None] = field()
    completion_date: Mapped[date | None] = field()
    expiry_date: Mapped[date | None] = field()
    score: Mapped[Decimal | None] = field()
    status: Mapped[str] = field(choices=("pending", "completed"), default="completed")
    """`expired` is not stored: it follows from `expiry_date` and the day."""
    certificate_url: Mapped[str | None] = field()


class DeclaredInterest(OfficeRecord):
    """Work that a person did for a client: bars from its audits for two years (17021-1, 5.2)."""

    __tablename__ = "declared_interests"
    __table_args__ = (Index(None, "tenant_id", "user_id", "client_id"),)

    user_id: Mapped[UUID] = fixed()
    client_id: Mapped[UUID] = fixed()
    kind: Mapped[str] = fixed(choices=("consultancy", "internal_audit", "employment", "other"))
    ended_on: Mapped[date | None] = field()
    """Last day; empty while it goes on."""
    notes: Mapped[str | None] = field()
