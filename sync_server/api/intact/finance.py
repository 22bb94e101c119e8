"""Invoices and the payments for them."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, BeforeValidator, Field, WithJsonSchema

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.fields import (
    Amount,
    Body,
    Currency,
    Day,
    Filters,
    Line,
    Long,
    Moment,
    Money,
    Number,
    Reason,
    Shown,
)
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import invoices as service
from sync_server.services import payments as payment_service
from sync_server.services.invoices import INVOICE_BY_DAY, INVOICES
from sync_server.services.payments import PAYMENTS

Status = Literal["issued", "paid", "overdue", "cancelled"]
Method = Literal["bank_transfer", "cash", "card", "mobile_money", "cheque"]


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


Quantity = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(gt=0, lt=10**6, decimal_places=2),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]
Paid = Annotated[
    Decimal,
    BeforeValidator(_no_boolean),
    Field(gt=0, lt=10**12, decimal_places=2),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0}),
]


class Item(Body):
    """A line; `amount` is quantity x unit_price and may be left out."""

    description: Line
    quantity: Quantity = Decimal(1)
    unit_price: Money
    amount: Money | None = None


class InvoiceChanges(Body):
    amount: Money | None = None
    tax_amount: Money | None = None
    total_amount: Money | None = None
    currency: Currency | None = None
    issue_date: Day | None = None
    due_date: Day | None = None
    items: list[Item] | None = Field(None, max_length=200)


class NewInvoice(InvoiceChanges):
    """`total_amount` is amount + tax_amount; `items` come to `amount`. What is left out follows."""

    client_id: UUID
    contract_id: UUID | None = None
    invoice_number: Number | None = None
    issue_date: Day
    due_date: Day
    status: Literal["issued"] = "issued"


class Cancellation(Body):
    cancellation_reason: Reason


class ShownInvoice(Shown):
    """`overdue` follows from `due_date` and the day."""

    client_id: UUID
    contract_id: UUID | None
    invoice_number: str
    amount: Amount
    tax_amount: Amount
    total_amount: Amount
    currency: str | None
    issue_date: date
    due_date: date
    status: Status
    paid_at: Moment | None
    cancellation_reason: str | None


class ShownItem(BaseModel):
    description: str
    quantity: Amount
    unit_price: Amount
    amount: Amount


class WholeInvoice(ShownInvoice):
    items: list[ShownItem]
    paid_amount: Amount


class InvoiceFilters(Filters):
    search: str | None = None
    status: Status | None = None
    client_id: UUID | None = None
    contract_id: UUID | None = None


class PaymentChanges(Body):
    payment_method: Method | None = None
    payment_date: Day | None = None
    notes: Long | None = None


class NewPayment(PaymentChanges):
    """A transaction of a bank is booked once; without a number one is given."""

    invoice_id: UUID
    payment_number: Number | None = None
    amount: Paid
    payment_method: Method
    transaction_id: Number | None = None
    payment_date: Day


class ShownPayment(Shown):
    invoice_id: UUID
    payment_number: str
    amount: Amount
    payment_method: Method
    transaction_id: str | None
    payment_date: date
    notes: str | None


class PaymentFilters(Filters):
    search: str | None = None
    invoice_id: UUID | None = None


INVOICE = Resource(
    INVOICES,
    "invoices",
    "invoice",
    ShownInvoice,
    InvoiceFilters,
    NewInvoice,
    InvoiceChanges,
    removable=False,
    computed={"status": INVOICE_BY_DAY.of},
    single=WholeInvoice,
    more={"items": service.items_of, "paid_amount": service.paid_on},
    create=service.create_invoice,
    change=service.change_invoice,
)
PAYMENT = Resource(
    PAYMENTS,
    "payments",
    "payment",
    ShownPayment,
    PaymentFilters,
    NewPayment,
    PaymentChanges,
    create=payment_service.create_payment,
    remove=payment_service.remove_payment,
)
invoices = router_of(INVOICE, "Invoices")
payments = router_of(PAYMENT, "Payments")
add_single(invoices, INVOICE)
add_single(payments, PAYMENT)
routers = (invoices, payments)


@invoices.post("/{id}/mark-paid", **shows(WholeInvoice))
def mark_paid(id: UUID, ask: Annotated[Ask, needs("invoice", "approve")]) -> Response:
    """Settle an open invoice by hand, without a payment that covers it."""
    with ask.writing() as session:
        row = service.mark_paid(session, ask.caller, id)
        return INVOICE.done(session, row, "Invoice marked as paid")


@invoices.post("/{id}/cancel", **shows(WholeInvoice))
def cancel(
    id: UUID, given: Cancellation, ask: Annotated[Ask, needs("invoice", "approve")]
) -> Response:
    """Take back an open invoice on which no money is booked. Invoices are never removed."""
    with ask.writing() as session:
        row = service.cancel(session, ask.caller, id, given.cancellation_reason)
        return INVOICE.done(session, row, "Invoice cancelled")
