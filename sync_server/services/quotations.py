"""Quotations: what certification costs an applicant, and whether it is taken."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, true
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.contracts import Application, Quotation
from intact_core.rules.clauses import clause
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.applications import APPLICATIONS
from sync_server.services.by_day import ByDay
from sync_server.services.records import Kind

_PARTS = ("audit_days", "daily_rate", "travel_cost")
_CENT = Decimal("0.01")
_LARGEST = Decimal(10**12)


def _of_own_client(caller: Caller) -> ColumnElement[bool]:
    if caller.client_id is None:
        return true()
    own = select(Application.id).where(
        Application.tenant_id == caller.tenant, Application.client_id == caller.client_id
    )
    return Quotation.application_id.in_(own)


def _is_sent(session: Session, row: Quotation) -> None:
    del session
    if row.status != "sent":
        raise RuleBroken(
            "decided",
            f"This quotation was {row.status} and stays as it was. Make a new one instead.",
            place=Place("quotations", row.id, "status"),
        )


def _not_accepted(session: Session, row: Quotation) -> None:
    del session
    if row.status == "accepted":
        raise RuleBroken(
            "accepted",
            "This quotation was accepted, so it is kept as part of the agreement.",
            place=Place("quotations", row.id, "status"),
        )


QUOTATION_BY_DAY = ByDay(
    Quotation,
    stored="sent",
    shown="expired",
    over=lambda day: and_(Quotation.valid_until.is_not(None), Quotation.valid_until < day),
    is_over=lambda row, day: _is_over(row.valid_until, day),
)
QUOTATIONS = Kind(
    Quotation,
    "quotation",
    search=("quotation_number",),
    number=("quotation_number", "Q"),
    visible=_of_own_client,
    computed={"status": QUOTATION_BY_DAY.where},
    check=_is_sent,
    may_remove=_not_accepted,
)


def create_quotation(session: Session, caller: Caller, values: Mapping[str, Any]) -> Quotation:
    """Make an offer. Days left out are those of the application's audit time.

    Raises BadInput where the total is not what its parts come to, RuleBroken (`rejected`) for an
    application that was declined.
    """
    application = records.referred(session, caller, APPLICATIONS, values, "application_id")
    if application.status == "rejected":
        raise RuleBroken(
            "rejected",
            "This application was declined, so there is nothing to offer.",
            clause=clause("application_review"),
            place=Place("applications", application.id, "status"),
        )
    given = dict(values)
    if given.get("audit_days") is None and application.audit_time is not None:
        given["audit_days"] = Decimal(application.audit_time["days"])
    expected = parts_total(given)
    given["total_amount"] = _total(given.get("total_amount"), expected)
    return records.create(session, caller, QUOTATIONS, given)


def change_quotation(
    session: Session, caller: Caller, id_: UUID, values: Mapping[str, Any]
) -> Quotation:
    """Change an offer that is not decided; a total sent alone is a price agreed beside its parts.

    Parts sent without a total give a new one; sent with a total, they have to come to it.
    """
    row = records.one(session, caller, QUOTATIONS, id_, lock=True)
    given = dict(values)
    if any(name in given for name in _PARTS):
        parts = {name: given.get(name, getattr(row, name)) for name in _PARTS}
        given["total_amount"] = _total(
            given.get("total_amount"), parts_total(parts), otherwise=row.total_amount
        )
    return records.change(session, caller, QUOTATIONS, id_, given)


def accept(session: Session, caller: Caller, id_: UUID) -> Quotation:
    """The client takes the offer: once, and not after its last day.

    Raises RuleBroken, also (`not_reviewed`) before the application was approved: the body does
    not bind itself before it knows that it can certify (9.1.2).
    """
    row = records.one(session, caller, QUOTATIONS, id_, lock=True)
    records.step(QUOTATIONS, row, "accepted")
    if _is_over(row.valid_until, clock.today()):
        raise RuleBroken(
            "expired",
            f"This quotation was valid until {row.valid_until}. Give it a later day, or make "
            "a new one.",
            place=Place("quotations", row.id, "valid_until"),
        )
    application = records.one(session, caller, APPLICATIONS, row.application_id, lock=True)
    if application.status != "approved":
        raise RuleBroken(
            "not_reviewed",
            f"The application behind this quotation is '{application.status}'. It has to be "
            "reviewed and approved before the offer can be accepted.",
            clause=clause("application_review"),
            place=Place("applications", application.id, "status"),
        )
    row.accepted_at = clock.now()
    session.flush()
    return row


def reject(session: Session, caller: Caller, id_: UUID, reason: str) -> Quotation:
    """The client declines the offer."""
    row = records.one(session, caller, QUOTATIONS, id_, lock=True)
    records.step(QUOTATIONS, row, "rejected")
    row.rejection_reason = reason
    session.flush()
    return row


def parts_total(parts: Mapping[str, Any]) -> Decimal | None:
    """audit_days × daily_rate + travel_cost in hundredths; None where days or rate are unknown."""
    days, rate = parts.get("audit_days"), parts.get("daily_rate")
    if days is None or rate is None:
        return None
    total: Decimal = days * rate + (parts.get("travel_cost") or 0)
    if total >= _LARGEST:
        raise BadInput("audit_days x daily_rate + travel_cost is too large to be a price.")
    return total.quantize(_CENT)


def adjustment_of(row: Any) -> Decimal | None:
    """What was agreed beside the parts: the total less their sum; None where they are unknown."""
    expected = parts_total({name: getattr(row, name) for name in _PARTS})
    return None if expected is None else row.total_amount - expected


def _total(
    total: Decimal | None, expected: Decimal | None, otherwise: Decimal | None = None
) -> Decimal:
    if total is None:
        total = otherwise if expected is None else expected
    if total is None:
        raise BadInput(
            "Send total_amount, or audit_days and daily_rate from which it follows "
            "(audit_days are known where the application has its audit time)."
        )
    if expected is not None and total != expected:
        raise BadInput(
            f"total_amount is {total}, but audit_days x daily_rate + travel_cost is {expected}. "
            "Send that sum, or leave total_amount out."
        )
    return total


def _is_over(valid_until: date | None, day: date) -> bool:
    return valid_until is not None and valid_until < day
