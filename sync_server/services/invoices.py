"""Invoices with their lines: what a client owes, and when that is settled."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.contracts import Contract
from intact_core.records.finance import Invoice, InvoiceItem, Payment
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.by_day import ByDay
from sync_server.services.clients import CLIENTS, of_client
from sync_server.services.contracts import CONTRACTS
from sync_server.services.records import Kind

_CENT = Decimal("0.01")
_LARGEST = Decimal(10**12)
Line = Mapping[str, Any]


def _is_right(session: Session, row: Invoice) -> None:
    if row.status != "issued":
        raise RuleBroken(
            "closed",
            f"This invoice is {row.status} and stays as it is. Make a new one instead.",
            place=Place("invoices", row.id, "status"),
        )
    if row.due_date < row.issue_date:
        raise BadInput(f"due_date {row.due_date} must not be before issue_date {row.issue_date}.")
    if row.total_amount >= _LARGEST:
        raise BadInput("total_amount is too large to be a price.")
    if row.amount + row.tax_amount != row.total_amount:
        raise BadInput(
            f"total_amount is {row.total_amount}, but amount + tax_amount is "
            f"{row.amount + row.tax_amount}. Send that sum, or leave total_amount out."
        )
    if row.contract_id is not None:
        contract = session.get_one(Contract, (row.tenant_id, row.contract_id))
        if contract.client_id != row.client_id:
            raise BadInput("contract_id: this contract is another client's. Check the id.")


INVOICE_BY_DAY = ByDay(
    Invoice,
    stored="issued",
    shown="overdue",
    over=lambda day: Invoice.due_date < day,
    is_over=lambda row, day: row.due_date < day,
)
INVOICES = Kind(
    Invoice,
    "invoice",
    search=("invoice_number",),
    number=("invoice_number", "INV"),
    visible=of_client(Invoice),
    computed={"status": INVOICE_BY_DAY.where},
    check=_is_right,
)
ITEMS = Kind(InvoiceItem, "line")


def create_invoice(session: Session, caller: Caller, values: Mapping[str, Any]) -> Invoice:
    """Issue an invoice. `items` (description, quantity, unit_price) come to its amount.

    What is left out follows: the amount from the lines, the total from amount and tax, the
    currency from the client. Raises BadInput where sums differ.
    """
    client = records.referred(session, caller, CLIENTS, values, "client_id")
    if values.get("contract_id") is not None:
        records.referred(session, caller, CONTRACTS, values, "contract_id")
    given: dict[str, Any] = {"tax_amount": Decimal(0), "currency": client.currency}
    given |= {name: value for name, value in values.items() if value is not None}
    lines = _lines(given.pop("items", ()))
    if lines:
        given.setdefault("amount", _sum(lines))
    if "amount" not in given:
        raise BadInput("Send amount, or items from which it follows.")
    given.setdefault("total_amount", given["amount"] + given["tax_amount"])
    _check_lines(lines, given["amount"])
    row = records.create(session, caller, INVOICES, given)
    _add_lines(session, row, lines)
    return row


def change_invoice(
    session: Session, caller: Caller, id_: UUID, values: Mapping[str, Any]
) -> Invoice:
    """Change an invoice that is neither paid nor cancelled; `items` replace its lines.

    Payments that cover a smaller total settle it.
    """
    row = records.one(session, caller, INVOICES, id_, lock=True)
    given = dict(values)
    replaced = given.pop("items", None)
    lines = _living_lines(session, row) if replaced is None else _lines(replaced)
    if replaced and "amount" not in given:
        given["amount"] = _sum(lines)
    _complete_total(row, given)
    row = records.change(session, caller, INVOICES, id_, given)
    _check_lines(lines, row.amount)
    if replaced is not None:
        for old in _items(session, row):
            old.deleted_at, old.deleted_reason = clock.now(), "replaced"
        _add_lines(session, row, lines)
    settle(session, row)
    session.flush()
    return row


def mark_paid(session: Session, caller: Caller, id_: UUID) -> Invoice:
    """Settle an open invoice by hand. Raises RuleBroken for one that is settled or cancelled."""
    row = records.one(session, caller, INVOICES, id_, lock=True)
    records.step(INVOICES, row, "paid")
    row.paid_at = clock.now()
    session.flush()
    return row


def cancel(session: Session, caller: Caller, id_: UUID, reason: str) -> Invoice:
    """Take back an open invoice. Raises RuleBroken (`has_payments`) while money is booked on it."""
    row = records.one(session, caller, INVOICES, id_, lock=True)
    records.step(INVOICES, row, "cancelled")
    if paid_on(session, row) > 0:
        raise RuleBroken(
            "has_payments",
            "Payments are booked on this invoice. Remove them first, so that no money is lost.",
            place=Place("invoices", row.id, "status"),
        )
    row.cancellation_reason = reason
    session.flush()
    return row


def paid_on(session: Session, row: Invoice) -> Decimal:
    """The sum of the living payments of an invoice, in its currency."""
    mine = (Payment.tenant_id == row.tenant_id) & (Payment.invoice_id == row.id)
    total = session.scalar(
        select(func.coalesce(func.sum(Payment.amount), 0)).where(mine, Payment.deleted_at.is_(None))
    )
    return Decimal(total or 0).quantize(_CENT)


def is_covered(session: Session, row: Invoice) -> bool:
    """True once payments come to the total."""
    return paid_on(session, row) >= row.total_amount


def settle(session: Session, row: Invoice) -> None:
    """Make an open invoice, which is locked, paid once payments come to its total."""
    paid = paid_on(session, row)
    if row.status == "issued" and paid > 0 and paid >= row.total_amount:
        row.status, row.paid_at = "paid", clock.now()


def items_of(session: Session, row: Invoice) -> list[dict[str, Any]]:
    """The lines of an invoice as shown: description, quantity, unit_price, amount."""
    return _living_lines(session, row)


def _items(session: Session, row: Invoice) -> Sequence[InvoiceItem]:
    mine = (InvoiceItem.tenant_id == row.tenant_id) & (InvoiceItem.invoice_id == row.id)
    query = select(InvoiceItem).where(mine, InvoiceItem.deleted_at.is_(None))
    return session.scalars(query.order_by(InvoiceItem.created_at)).all()


def _living_lines(session: Session, row: Invoice) -> list[dict[str, Any]]:
    names = ("description", "quantity", "unit_price", "amount")
    return [{name: getattr(one, name) for name in names} for one in _items(session, row)]


def _lines(items: Sequence[Line]) -> list[dict[str, Any]]:
    lines = []
    for place, item in enumerate(items, start=1):
        quantity: Decimal = item.get("quantity", Decimal(1))
        amount = (quantity * item["unit_price"]).quantize(_CENT)
        if item.get("amount") not in (None, amount):
            raise BadInput(
                f"items: line {place} says {item['amount']}, but quantity x unit_price is {amount}."
            )
        if amount >= _LARGEST:
            raise BadInput(f"items: line {place} is too large to be a price.")
        lines.append({**item, "quantity": quantity, "amount": amount})
    return lines


def _sum(lines: Sequence[Line]) -> Decimal:
    return sum((line["amount"] for line in lines), Decimal(0))


def _check_lines(lines: Sequence[Line], amount: Decimal) -> None:
    if lines and _sum(lines) != amount:
        raise BadInput(
            f"amount is {amount}, but the lines (items) come to {_sum(lines)}. Send lines that "
            "come to the amount, or leave amount out."
        )


def _add_lines(session: Session, row: Invoice, lines: Sequence[Line]) -> None:
    now = clock.now()
    for place, line in enumerate(lines):
        # A microsecond between two of them keeps their order.
        at = now + timedelta(microseconds=place)
        session.add(InvoiceItem(id=ids.new_id(), invoice_id=row.id, created_at=at, **line))
    session.flush()


def _complete_total(row: Invoice, given: dict[str, Any]) -> None:
    if "total_amount" in given or not given.keys() & {"amount", "tax_amount"}:
        return
    amount, tax = (given.get(name, getattr(row, name)) for name in ("amount", "tax_amount"))
    if amount is not None and tax is not None:
        given["total_amount"] = amount + tax
