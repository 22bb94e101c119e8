"""The dashboard: figures of today, what was done last, what comes next."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from intact_core import clock
from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import Many, answer, paged, success
from sync_server.api.intact.fields import Amount, Filters, Moment
from sync_server.api.intact.resources import ERRORS, shows
from sync_server.services import dashboard as service

router = APIRouter(prefix="/api/v1/dashboard", tags=["Dashboard"], responses=ERRORS)
routers = (router,)
Reader = Annotated[Ask, needs("dashboard", "read")]


class InCurrency(BaseModel):
    currency: str
    amount: Amount
    invoices: int


class Stats(BaseModel):
    """`outstanding_invoices` is the money owed in the currency of most open invoices.

    Other currencies stand in `outstanding_by_currency`. Both are empty without `invoice:read`.
    """

    total_clients: int
    active_certificates: int
    upcoming_audits: int
    open_non_conformities: int
    expiring_certificates: int
    outstanding_invoices: Amount | None
    outstanding_currency: str | None
    outstanding_by_currency: list[InCurrency]


class Activity(BaseModel):
    id: int
    action: str
    resource_type: str
    resource_id: UUID | None
    user_id: UUID | None
    user_name: str | None
    description: str
    created_at: Moment


class UpcomingAudit(BaseModel):
    id: UUID
    audit_number: str
    client_id: UUID
    client_name: str
    standard: str
    audit_type: str
    audit_stage: str | None
    scheduled_start_date: date
    scheduled_end_date: date | None
    lead_auditor: str | None
    days_until: int


class ExpiringCertificate(BaseModel):
    id: UUID
    certificate_number: str
    client_id: UUID
    client_name: str
    standard: str
    status: str
    issue_date: date
    expiry_date: date
    days_until_expiry: int


class Ahead(Filters):
    days: int = Field(service.EXPIRING_DAYS, ge=0, le=36_500, description="Days to look ahead")


@router.get("/stats", **shows(Stats))
def stats(ask: Reader) -> Response:
    """The figures of today: upcoming within 30 days, expiring within 90."""
    with ask.reading() as session:
        found = service.stats(session, ask.caller)
    owed = found.outstanding
    main = owed[0] if owed else None
    money = {
        "outstanding_invoices": None if owed is None else main.amount if main else 0,
        "outstanding_currency": main.currency if main else None,
        "outstanding_by_currency": [vars(one) for one in owed or ()],
    }
    figures = {name: value for name, value in vars(found).items() if name != "outstanding"}
    return answer(success(figures | money))


@router.get("/recent-activities", **shows(list[Activity]))
def recent_activities(
    ask: Reader,
    limit: Annotated[int, Query(ge=1, le=50, description="Number of activities")] = 10,
) -> Response:
    """What was done last, from the audit log; without `audit_log:read` the caller's own acts."""
    with ask.reading() as session:
        rows = service.recent_activities(session, ask.caller, limit)
    return answer(success([_activity(row) for row in rows]))


@router.get(
    "/upcoming-audits", response_model=None, responses={200: {"model": Many[UpcomingAudit]}}
)
def upcoming_audits(ask: Reader, asked: Annotated[Filters, Query()]) -> Response:
    """Scheduled audits from today on, the next one first; auditors see those of their teams."""
    today = clock.today()
    with ask.reading() as session:
        found = service.upcoming_audits(session, ask.caller, asked.page, asked.limit)
    rows = [
        {**row._asdict(), "days_until": (row.scheduled_start_date - today).days}
        for row in found.rows
    ]
    return paged(rows, asked.page, asked.limit, found.total)


@router.get(
    "/expiring-certificates",
    response_model=None,
    responses={200: {"model": Many[ExpiringCertificate]}},
)
def expiring_certificates(ask: Reader, asked: Annotated[Ahead, Query()]) -> Response:
    """Active certificates that end within `days` from today, the first to end first."""
    today = clock.today()
    with ask.reading() as session:
        found = service.expiring_certificates(
            session, ask.caller, asked.days, asked.page, asked.limit
        )
    rows = [
        {**row._asdict(), "days_until_expiry": (row.expiry_date - today).days} for row in found.rows
    ]
    return paged(rows, asked.page, asked.limit, found.total)


_DONE = {
    "CREATE": "made",
    "UPDATE": "changed",
    "DELETE": "removed",
    "TRANSITION": "moved on",
    "SIGN": "signed",
    "EXPORT": "exported",
    "DOWNLOAD": "downloaded",
    "LOGIN": "signed in",
    "LOGOUT": "signed out",
}


def _activity(row: Any) -> dict[str, Any]:
    who = row.user_name or "The server"
    what = _DONE.get(row.action, row.action.lower())
    of = "" if row.action in ("LOGIN", "LOGOUT") else f": {row.resource_type.replace('_', ' ')}"
    return {
        "id": row.seq,
        "action": row.action,
        "resource_type": row.resource_type,
        "resource_id": row.resource_id,
        "user_id": row.user_id,
        "user_name": row.user_name,
        "description": f"{who} {what}{of}",
        "created_at": row.at,
    }
