"""Quotations: offered for an application, accepted or rejected."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response
from pydantic import Field, WithJsonSchema

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.fields import (
    Amount,
    Body,
    Currency,
    Day,
    Filters,
    Moment,
    Money,
    Number,
    Reason,
    Shown,
)
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import quotations as service
from sync_server.services.quotations import QUOTATION_BY_DAY, QUOTATIONS, adjustment_of

Status = Literal["sent", "accepted", "rejected", "expired"]
Days = Annotated[
    Decimal,
    Field(ge=0, le=10_000, decimal_places=2),
    WithJsonSchema({"type": "number", "minimum": 0, "maximum": 10_000}),
]


class QuotationChanges(Body):
    total_amount: Money | None = None
    currency: Currency | None = None
    audit_days: Days | None = None
    daily_rate: Money | None = None
    travel_cost: Money | None = None
    valid_until: Day | None = None


class NewQuotation(QuotationChanges):
    """`total_amount` is audit_days x daily_rate + travel_cost; left out, it is calculated.

    `audit_days` left out are those of the application's audit time.
    """

    application_id: UUID
    quotation_number: Number | None = None


class Rejection(Body):
    rejection_reason: Reason


class ShownQuotation(Shown):
    """`expired` follows from `valid_until` and the day; `adjustment` was agreed beside the sum."""

    application_id: UUID
    quotation_number: str
    total_amount: Amount
    currency: str | None
    audit_days: Amount | None
    daily_rate: Amount | None
    travel_cost: Amount | None
    adjustment: Amount | None
    valid_until: date | None
    status: Status
    accepted_at: Moment | None
    rejection_reason: str | None


class QuotationFilters(Filters):
    search: str | None = None
    status: Status | None = None
    application_id: UUID | None = None


QUOTATION = Resource(
    QUOTATIONS,
    "quotations",
    "quotation",
    ShownQuotation,
    QuotationFilters,
    NewQuotation,
    QuotationChanges,
    computed={"status": QUOTATION_BY_DAY.of, "adjustment": adjustment_of},
    create=service.create_quotation,
    change=service.change_quotation,
)
router = router_of(QUOTATION, "Quotations")
add_single(router, QUOTATION)
routers = (router,)


@router.post("/{id}/accept", **shows(ShownQuotation))
def accept(id: UUID, ask: Annotated[Ask, needs("quotation", "approve")]) -> Response:
    """The client takes the offer: once, not after its last day, for an approved application."""
    with ask.writing() as session:
        row = service.accept(session, ask.caller, id)
        return QUOTATION.done(session, row, "Quotation accepted")


@router.post("/{id}/reject", **shows(ShownQuotation))
def reject(
    id: UUID, given: Rejection, ask: Annotated[Ask, needs("quotation", "approve")]
) -> Response:
    """The client declines the offer."""
    with ask.writing() as session:
        row = service.reject(session, ask.caller, id, given.rejection_reason)
        return QUOTATION.done(session, row, "Quotation rejected")
