"""Reports for the office: as JSON, as CSV (the rows), as XLSX (everything)."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import NotAllowed
from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import One, answer, success
from sync_server.api.intact.fields import Moment
from sync_server.api.intact.resources import ERRORS
from sync_server.auth.callers import Caller
from sync_server.services import audit_log
from sync_server.services.report_audits import audit_summary
from sync_server.services.report_certificates import certificate_expiry
from sync_server.services.report_findings import non_conformities
from sync_server.services.report_money import financial
from sync_server.services.report_tables import Report
from sync_server.services.spreadsheets import as_csv, as_xlsx

ROWS_IN_JSON = 1_000
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Form = Literal["json", "csv", "xlsx"]
Format = Annotated[Form | None, Query(description="json, csv or xlsx; else by the Accept header")]
Accept = Annotated[str | None, Header()]
Year = Annotated[
    int | None, Query(ge=1900, le=9999, description="Year of the report (default: this year)")
]
Reader = Annotated[Ask, needs("report", "read")]

router = APIRouter(prefix="/api/v1/reports", tags=["Reports"], responses=ERRORS)
routers = (router,)


class ShownReport(BaseModel):
    """Figures, tables by name (lists of rows), and the first rows behind them.

    `rows_total` says how many rows there are; CSV and XLSX hold all of them.
    """

    report: str
    as_of: Moment
    year: int | None = None
    figures: dict[str, Any]
    tables: dict[str, list[dict[str, Any]]]
    rows: list[dict[str, Any]]
    rows_total: int = Field(ge=0)


_SHOWN: dict[str, Any] = {
    "response_model": None,
    "responses": {
        200: {
            "model": One[ShownReport],
            "content": {CSV: {"schema": {"type": "string"}}, XLSX: {"schema": {"type": "string"}}},
            "description": "The report; its rows as CSV; all of it as XLSX",
        }
    },
}


@router.get("/audit-summary", **_SHOWN)
def audits(
    ask: Reader, year: Year = None, format: Format = None, accept: Accept = None
) -> Response:
    """A year's audits by state, kind, month, standard and lead; auditors see their teams'."""
    of = year or clock.today().year
    return _give(
        ask, _form(format, accept), lambda *asked: audit_summary(asked[0], asked[1], of, asked[2])
    )


@router.get("/certificate-expiry", **_SHOWN)
def certificates(ask: Reader, format: Format = None, accept: Accept = None) -> Response:
    """Certificates by when they end, and those that can still be restored (six months)."""
    return _give(ask, _form(format, accept), certificate_expiry)


@router.get("/financial", **_SHOWN)
def money(ask: Reader, year: Year = None, format: Format = None, accept: Accept = None) -> Response:
    """A year's invoices and payments and what is owed today, by currency; needs `invoice:read`."""
    if "invoice:read" not in ask.caller.rights:
        raise NotAllowed(
            "Sums of money are for people who may see invoices ('invoice:read'). "
            "Ask an administrator of your tenant."
        )
    of = year or clock.today().year
    return _give(
        ask, _form(format, accept), lambda *asked: financial(asked[0], asked[1], of, asked[2])
    )


@router.get("/non-conformities", **_SHOWN)
def findings(ask: Reader, format: Format = None, accept: Accept = None) -> Response:
    """Majors and minors: what is open and late, where they gather, how long closing takes."""
    return _give(ask, _form(format, accept), non_conformities)


def _form(format: Form | None, accept: str | None) -> Form:
    if format is not None:
        return format
    wanted = [part.partition(";")[0].strip().lower() for part in (accept or "").split(",")]
    known: dict[str, Form] = {CSV: "csv", XLSX: "xlsx", "application/json": "json", "*/*": "json"}
    return next((known[one] for one in wanted if one in known), "json")


def _give(ask: Ask, form: Form, make: Callable[[Session, Caller, int | None], Report]) -> Response:
    if form == "json":
        with ask.reading() as session:
            return answer(success(_shown(make(session, ask.caller, ROWS_IN_JSON))))
    if "report:export" not in ask.caller.rights:
        raise NotAllowed(
            "Taking reports out as files is for people who may export them ('report:export'). "
            "Ask an administrator of your tenant."
        )
    with ask.reading() as session:
        report = make(session, ask.caller, None)
    content = as_csv(report) if form == "csv" else as_xlsx(report)
    values = {"report": report.name, "format": form, "rows": report.rows_total, **report.of}
    with ask.writing() as session:
        audit_log.note(session, ask.caller, "EXPORT", "reports", None, values)
    kind = f"{CSV}; charset=utf-8" if form == "csv" else XLSX
    name = f"{report.name}-{report.of.get('year', report.as_of.date())}.{form}"
    saved = {"Content-Disposition": f'attachment; filename="{name}"', "Vary": "Accept"}
    return Response(content, media_type=kind, headers=saved)


def _shown(report: Report) -> dict[str, Any]:
    return {
        "report": report.name,
        "as_of": report.as_of,
        **report.of,
        "figures": report.figures,
        "tables": {table.name: table.records() for table in report.tables},
        "rows": report.rows.records(),
        "rows_total": report.rows_total,
    }
