"""Payments: money that came for an invoice; once they cover it, the invoice is paid."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.finance import Invoice, Payment
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.invoices import INVOICES, is_covered, settle
from sync_server.services.records import Kind


def _of_own_client(caller: Caller) -> ColumnElement[bool]:
    if caller.client_id is None:
        return true()
    own = select(Invoice.id).where(
        Invoice.tenant_id == caller.tenant, Invoice.client_id == caller.client_id
    )
    return Payment.invoice_id.in_(own)


def _is_right(session: Session, row: Payment) -> None:
    if row.amount <= 0:
        raise BadInput("amount must be more than 0.")
    if row.transaction_id is None:
        return
    same = select(Payment.id).where(
        Payment.tenant_id == row.tenant_id,
        Payment.transaction_id == row.transaction_id,
        Payment.deleted_at.is_(None),
        Payment.id != row.id,
    )
    if session.scalar(same) is not None:
        raise RuleBroken(
            "duplicate",
            f"The transaction '{row.transaction_id}' is booked already. Money counts once.",
            place=Place("payments", row.id, "transaction_id"),
        )


PAYMENTS = Kind(
    Payment,
    "payment",
    search=("payment_number", "transaction_id"),
    number=("payment_number", "PAY"),
    visible=_of_own_client,
    check=_is_right,
)


def create_payment(session: Session, caller: Caller, values: Mapping[str, Any]) -> Payment:
    """Book money on an invoice; it becomes paid when that covers it.

    What comes beyond the total is booked, too: it came. Raises RuleBroken for a cancelled invoice
    and for a transaction that is booked already (`duplicate`).
    """
    invoice = records.named(
        session, caller, INVOICES, "invoice_id", values["invoice_id"], lock=True
    )
    if invoice.status == "cancelled":
        raise RuleBroken(
            "cancelled",
            "This invoice was cancelled: nothing is owed for it.",
            place=Place("invoices", invoice.id, "status"),
        )
    row = records.create(session, caller, PAYMENTS, values)
    settle(session, invoice)
    return row


def remove_payment(session: Session, caller: Caller, id_: UUID) -> Payment:
    """Take a payment back; an invoice that it covered is open again.

    One that was marked as paid by hand, without payments that cover it, stays paid.
    """
    payment = records.one(session, caller, PAYMENTS, id_)
    invoice = records.one(session, caller, INVOICES, payment.invoice_id, lock=True)
    was_covered = is_covered(invoice)
    row = records.remove(session, caller, PAYMENTS, id_, "taken back")
    settle(session, invoice)
    if invoice.status == "paid" and was_covered and not is_covered(invoice):
        invoice.status, invoice.paid_at = "issued", None
        session.flush()
    return row
