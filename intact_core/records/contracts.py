"""The way from an application to a signed contract: the office's alone."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, OfficeRecord, field, fixed, to
from intact_core.records.clients import Client
from intact_core.records.standards import Standard

APPLICATION_STEPS = {
    "draft": frozenset({"submitted"}),
    "submitted": frozenset({"approved", "rejected"}),
    "approved": frozenset[str](),
    "rejected": frozenset[str](),
}
QUOTATION_STEPS = {
    "sent": frozenset({"accepted", "rejected"}),
    "accepted": frozenset[str](),
    "rejected": frozenset[str](),
}
"""`expired` is not stored: it follows from `valid_until` and the day."""
CONTRACT_STEPS = {
    "draft": frozenset({"active"}),
    "active": frozenset({"terminated"}),
    "terminated": frozenset[str](),
}
"""`expired` is not stored: it follows from `end_date` and the day."""


class Application(OfficeRecord):
    """A client's application for certification (ISO/IEC 17021-1, 9.1.1)."""

    __tablename__ = "applications"
    __table_args__ = (
        to(Client, "client_id"),
        to(Standard, "standard_id"),
        UniqueConstraint("tenant_id", "application_number"),
        Index(None, "tenant_id", "client_id"),
    )

    client_id: Mapped[UUID] = fixed()
    application_number: Mapped[str] = fixed()
    scheme_type: Mapped[str | None] = field()
    standard_id: Mapped[UUID] = field()
    scope_description: Mapped[str | None] = field()
    employee_count: Mapped[int | None] = field()
    """Effective personnel, from which audit time follows."""
    status: Mapped[str] = field(merge=Merge.STATE, steps=APPLICATION_STEPS, default="draft")
    submitted_at: Mapped[datetime | None] = field()
    decided_at: Mapped[datetime | None] = field()
    rejection_reason: Mapped[str | None] = field()
    audit_time: Mapped[dict[str, Any] | None] = field()
    """The calculation of the audit time with its justification (9.1.4), as it was stored."""


class Quotation(OfficeRecord):
    """An offer for an application; money in its currency with two decimals."""

    __tablename__ = "quotations"
    __table_args__ = (
        to("applications", "application_id"),
        UniqueConstraint("tenant_id", "quotation_number"),
        Index(None, "tenant_id", "application_id"),
    )

    application_id: Mapped[UUID] = fixed()
    quotation_number: Mapped[str] = fixed()
    total_amount: Mapped[Decimal] = field()
    currency: Mapped[str | None] = field()
    audit_days: Mapped[Decimal | None] = field()
    daily_rate: Mapped[Decimal | None] = field()
    travel_cost: Mapped[Decimal | None] = field()
    valid_until: Mapped[date | None] = field()
    status: Mapped[str] = field(merge=Merge.STATE, steps=QUOTATION_STEPS, default="sent")
    accepted_at: Mapped[datetime | None] = field()
    rejection_reason: Mapped[str | None] = field()


class Contract(OfficeRecord):
    """The agreement with a client (ISO/IEC 17021-1, 5.1.2)."""

    __tablename__ = "contracts"
    __table_args__ = (
        to(Client, "client_id"),
        to("quotations", "quotation_id"),
        UniqueConstraint("tenant_id", "contract_number"),
        Index(None, "tenant_id", "client_id"),
    )

    client_id: Mapped[UUID] = fixed()
    quotation_id: Mapped[UUID | None] = fixed()
    contract_number: Mapped[str] = fixed()
    start_date: Mapped[date] = field()
    end_date: Mapped[date] = field()
    auto_renew: Mapped[bool] = field(default=False)
    terms_and_conditions: Mapped[str | None] = field()
    status: Mapped[str] = field(merge=Merge.STATE, steps=CONTRACT_STEPS, default="draft")
    signature_data: Mapped[str | None] = field()
    """Base64 of the signature as it was given."""
    signed_at: Mapped[datetime | None] = field()
    termination_reason: Mapped[str | None] = field()
