"""The financial report: a year's invoices and payments, and what is owed today, by currency."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, extract, func, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.records.clients import Client
from intact_core.records.finance import Invoice, Payment
from sync_server.auth.callers import Caller
from sync_server.services.dashboard import living, staff_alone
from sync_server.services.report_tables import MONTHS, Report, Table, summed

AGES = (30, 60, 90)
MOST_CLIENTS = 20
_COLUMNS = (
    *("invoice_number", "client", "issue_date", "due_date", "currency", "amount", "tax_amount"),
    *("total_amount", "paid", "outstanding", "status"),
)


def financial(session: Session, caller: Caller, year: int, most: int | None) -> Report:
    """Invoices of a year by their date, payments of it by theirs; amounts never cross currencies.

    Cancelled invoices are counted and not summed.
    """
    staff_alone(caller)
    first, last = date(year, 1, 1), date(year, 12, 31)
    of_year = and_(living(Invoice, caller), Invoice.issue_date.between(first, last))
    invoiced = _invoiced(session, of_year)
    received = _received(session, caller, first, last)
    ages = _receivables(session, caller)
    return Report(
        name="financial",
        as_of=clock.now(),
        of={"year": year},
        figures={
            "invoices": sum(one.invoices for one in invoiced if one.status != "cancelled"),
            "cancelled_invoices": sum(
                one.invoices for one in invoiced if one.status == "cancelled"
            ),
            "overpaid_invoices": sum(one.overpaid for one in invoiced),
            "payments": sum(one.payments for one in received),
        },
        tables=(
            _totals(invoiced, received, ages),
            _by_month(invoiced, received),
            Table("receivables", ("currency", "age", "invoices", "outstanding"), ages),
            _by_client(session, of_year),
            Table(
                "payments_by_method",
                ("currency", "payment_method", "payments", "amount"),
                summed(
                    received,
                    lambda one: (one.currency, one.payment_method),
                    lambda one: (one.payments, one.amount),
                ),
            ),
        ),
        rows=Table("invoices", _COLUMNS, _rows(session, of_year, most)),
        rows_total=sum(one.invoices for one in invoiced),
    )


def _currency() -> Any:
    return func.coalesce(Invoice.currency, "")


def _invoiced(session: Session, of_year: Any) -> list[Any]:
    keys = (_currency().label("currency"), extract("month", Invoice.issue_date).label("month"))
    query = (
        select(
            *keys,
            Invoice.status,
            func.count().label("invoices"),
            func.count().filter(Invoice.paid_amount > Invoice.total_amount).label("overpaid"),
            func.sum(Invoice.amount).label("amount"),
            func.sum(Invoice.tax_amount).label("tax"),
            func.sum(Invoice.total_amount).label("total"),
        )
        .where(of_year)
        .group_by(*keys, Invoice.status)
    )
    return list(session.execute(query))


def _received(session: Session, caller: Caller, first: date, last: date) -> list[Any]:
    keys = (
        _currency().label("currency"),
        extract("month", Payment.payment_date).label("month"),
        Payment.payment_method,
    )
    query = (
        select(*keys, func.count().label("payments"), func.sum(Payment.amount).label("amount"))
        .join(Invoice, _of_payment())
        .where(living(Payment, caller), Payment.payment_date.between(first, last))
        .group_by(*keys)
    )
    return list(session.execute(query))


def _receivables(session: Session, caller: Caller) -> list[tuple[Any, ...]]:
    today = clock.today()
    older = [(Invoice.due_date >= today, "not due")]
    low = 1
    for days in AGES:
        older.append((Invoice.due_date >= today - timedelta(days=days), f"{low} to {days} days"))
        low = days + 1
    age = case(*older, else_=f"over {AGES[-1]} days")
    owed = (
        select(
            _currency().label("currency"),
            age.label("age"),
            (Invoice.total_amount - Invoice.paid_amount).label("owed"),
        )
        .where(living(Invoice, caller), Invoice.status == "issued")
        .subquery()
    )
    query = select(owed.c.currency, owed.c.age, func.count(), func.sum(owed.c.owed)).group_by(
        owed.c.currency, owed.c.age
    )
    order = ["not due", *(name for _, name in older[1:]), f"over {AGES[-1]} days"]
    rows = [tuple(row) for row in session.execute(query)]
    return sorted(rows, key=lambda row: (row[0], order.index(row[1])))


def _totals(invoiced: list[Any], received: list[Any], ages: list[tuple[Any, ...]]) -> Table:
    living_ones = [one for one in invoiced if one.status != "cancelled"]
    found = {
        row[0]: list(row[1:])
        for row in summed(
            living_ones, lambda one: (one.currency,), lambda one: (one.amount, one.tax, one.total)
        )
    }
    money = summed(received, lambda one: (one.currency,), lambda one: (one.amount,))
    owed = summed(ages, lambda row: (row[0],), lambda row: (row[3],))
    late = summed(
        [row for row in ages if row[1] != "not due"], lambda row: (row[0],), lambda row: (row[3],)
    )
    parts = [dict(part) for part in (money, owed, late)]
    currencies = sorted({*found, *(currency for part in parts for currency in part)})
    rows = [
        (
            currency,
            *(found.get(currency) or [Decimal(0)] * 3),
            *(part.get(currency, Decimal(0)) for part in parts),
        )
        for currency in currencies
    ]
    names = ("currency", "net", "tax", "invoiced", "received", "outstanding_today", "overdue_today")
    return Table("totals", names, rows)


def _by_month(invoiced: list[Any], received: list[Any]) -> Table:
    currencies = sorted({one.currency for one in (*invoiced, *received)})
    sums = {(name, month): [Decimal(0), Decimal(0)] for name in currencies for month in MONTHS}
    for one in invoiced:
        if one.status != "cancelled":
            sums[one.currency, int(one.month)][0] += one.total
    for one in received:
        sums[one.currency, int(one.month)][1] += one.amount
    rows = [(*key, *values) for key, values in sums.items()]
    return Table("by_month", ("currency", "month", "invoiced", "received"), rows)


def _by_client(session: Session, of_year: Any) -> Table:
    currency = _currency()
    query = (
        select(Client.legal_name, currency, func.count(), func.sum(Invoice.total_amount))
        .join(Invoice, _of_invoice())
        .where(of_year, Invoice.status != "cancelled")
        .group_by(Client.id, Client.legal_name, currency)
        .order_by(currency, func.sum(Invoice.total_amount).desc(), Client.legal_name)
        .limit(MOST_CLIENTS)
    )
    rows = [tuple(row) for row in session.execute(query)]
    return Table("largest_clients", ("client", "currency", "invoices", "invoiced"), rows)


def _rows(session: Session, of_year: Any, most: int | None) -> list[tuple[Any, ...]]:
    open_ = Invoice.status == "issued"
    shown = case((and_(open_, Invoice.due_date < clock.today()), "overdue"), else_=Invoice.status)
    query = (
        select(
            Invoice.invoice_number,
            Client.legal_name,
            Invoice.issue_date,
            Invoice.due_date,
            _currency(),
            Invoice.amount,
            Invoice.tax_amount,
            Invoice.total_amount,
            Invoice.paid_amount,
            case((open_, Invoice.total_amount - Invoice.paid_amount), else_=0),
            shown,
        )
        .join(Client, _of_invoice())
        .where(of_year)
        .order_by(Invoice.issue_date, Invoice.invoice_number)
        .limit(most)
    )
    return [tuple(row) for row in session.execute(query)]


def _of_payment() -> Any:
    return and_(Invoice.tenant_id == Payment.tenant_id, Invoice.id == Payment.invoice_id)


def _of_invoice() -> Any:
    return and_(Client.tenant_id == Invoice.tenant_id, Client.id == Invoice.client_id)
