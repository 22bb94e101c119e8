"""Invoices and payments: the office's alone. Money in its currency, two decimals."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, OfficeRecord, field, fixed, to
from intact_core.records.clients import Client

_ALIVE = text("deleted_at IS NULL")
_LIVING: dict[str, Any] = {"sqlite_where": _ALIVE, "postgresql_where": _ALIVE}

INVOICE_STEPS = {
    "issued": frozenset({"paid", "cancelled"}),
    "paid": frozenset({"issued"}),
    "cancelled": frozenset[str](),
}
"""`overdue` is not stored: it follows from `due_date` and the day. A paid invoice is open again
once a payment is taken back."""
PAYMENT_METHODS = ("bank_transfer", "cash", "card", "mobile_money", "cheque")


class Invoice(OfficeRecord):
    """What a client owes; `total_amount` is `amount` and `tax_amount` together."""

    __tablename__ = "invoices"
    __table_args__ = (
        to(Client, "client_id"),
        to("contracts", "contract_id"),
        UniqueConstraint("tenant_id", "invoice_number"),
        Index(None, "tenant_id", "client_id"),
        Index(None, "tenant_id", "status", "due_date"),
        Index(None, "tenant_id", "issue_date", **_LIVING),
    )

    client_id: Mapped[UUID] = fixed()
    contract_id: Mapped[UUID | None] = fixed()
    invoice_number: Mapped[str] = fixed()
    amount: Mapped[Decimal] = field()
    tax_amount: Mapped[Decimal] = field(default=Decimal(0))
    total_amount: Mapped[Decimal] = field()
    currency: Mapped[str | None] = field()
    issue_date: Mapped[date] = field()
    due_date: Mapped[date] = field()
    status: Mapped[str] = field(merge=Merge.STATE, steps=INVOICE_STEPS, default="issued")
    paid_at: Mapped[datetime | None] = field()
    cancellation_reason: Mapped[str | None] = field()


class InvoiceItem(OfficeRecord):
    """A line behind an invoice's amount."""

    __tablename__ = "invoice_items"
    __table_args__ = (to("invoices", "invoice_id"), Index(None, "tenant_id", "invoice_id"))

    invoice_id: Mapped[UUID] = fixed()
    description: Mapped[str] = field()
    quantity: Mapped[Decimal] = field()
    unit_price: Mapped[Decimal] = field()
    amount: Mapped[Decimal] = field()


class Payment(OfficeRecord):
    """Money that came for an invoice; a transaction of a bank counts once."""

    __tablename__ = "payments"
    __table_args__ = (
        to("invoices", "invoice_id"),
        UniqueConstraint("tenant_id", "payment_number"),
        Index(None, "tenant_id", "invoice_id", "amount", **_LIVING),
        Index(None, "tenant_id", "payment_date", **_LIVING),
        Index(None, "tenant_id", "transaction_id", unique=True, **_LIVING),
    )

    invoice_id: Mapped[UUID] = fixed()
    payment_number: Mapped[str] = fixed()
    amount: Mapped[Decimal] = fixed()
    payment_method: Mapped[str] = field(choices=PAYMENT_METHODS)
    transaction_id: Mapped[str | None] = fixed()
    payment_date: Mapped[date] = field()
    notes: Mapped[str | None] = field()
