"""Non-conformities: what is open and late, where they gather, how long closing takes."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.records.audits import AuditSchedule
from intact_core.records.clients import Client
from intact_core.records.findings import NonConformity
from intact_core.records.standards import Standard
from sync_server.auth.callers import Caller
from sync_server.services.dashboard import (
    GRADED,
    living,
    open_findings,
    seen,
    staff_alone,
    title_of_standard,
)
from sync_server.services.report_tables import Report, Table, summed

MOST_CLAUSES = 20
CLOSED_WITHIN = timedelta(days=365)
_LONGEST_STATEMENT = 300
_COLUMNS = (
    *("nc_number", "audit_number", "client", "standard", "severity", "clause", "statement"),
    *("status", "raised_on", "due_date", "days_open", "overdue"),
)


def non_conformities(session: Session, caller: Caller, most: int | None) -> Report:
    """Majors and minors of the audits that the caller may see; the rows are the open ones."""
    staff_alone(caller)
    today = clock.today()
    graded = and_(
        living(NonConformity, caller),
        NonConformity.severity.in_(GRADED),
        NonConformity.status != "void",
        seen(caller, NonConformity.audit_schedule_id),
    )
    groups = _groups(session, graded, today)
    open_ = [one for one in groups if one.status != "closed"]
    total = sum(one.findings for one in open_)
    return Report(
        name="non-conformities",
        as_of=clock.now(),
        of={},
        figures={
            "total": sum(one.findings for one in groups),
            "open": total,
            "open_major": sum(one.findings for one in open_ if one.severity == "major"),
            "open_minor": sum(one.findings for one in open_ if one.severity == "minor"),
            "overdue": sum(one.overdue for one in open_),
            **_closing(session, graded),
        },
        tables=(
            Table(
                "by_status",
                ("severity", "status", "findings"),
                summed(groups, lambda one: (one.severity, one.status), _counted),
            ),
            Table(
                "by_standard",
                ("standard", "severity", "findings"),
                summed(groups, lambda one: (one.standard, one.severity), _counted),
            ),
            _by_clause(session, graded),
        ),
        rows=Table("open_non_conformities", _COLUMNS, _rows(session, caller, today, most)),
        rows_total=total,
    )


def _counted(group: Any) -> tuple[int]:
    return (group.findings,)


def _groups(session: Session, graded: Any, today: date) -> list[Any]:
    keys = (
        NonConformity.severity,
        NonConformity.status,
        title_of_standard().label("standard"),
    )
    query = (
        _with_audit(
            select(
                *keys,
                func.count().label("findings"),
                func.count().filter(NonConformity.due_date < today).label("overdue"),
            )
        )
        .where(graded)
        .group_by(*keys)
    )
    return list(session.execute(query))


def _closing(session: Session, graded: Any) -> dict[str, Any]:
    query = select(NonConformity.created_at, NonConformity.closed_at).where(
        graded,
        NonConformity.status == "closed",
        NonConformity.closed_at >= clock.now() - CLOSED_WITHIN,
    )
    found = session.execute(query)
    days = [(closed - made).total_seconds() / 86_400 for made, closed in found if closed]
    average = round(sum(days) / len(days), 1) if days else None
    return {"closed_within_a_year": len(days), "average_days_to_close": average}


def _by_clause(session: Session, graded: Any) -> Table:
    standard = title_of_standard()
    query = (
        _with_audit(select(standard, NonConformity.clause, func.count()))
        .where(graded, NonConformity.clause.is_not(None))
        .group_by(standard, NonConformity.clause)
        .order_by(func.count().desc(), NonConformity.clause)
        .limit(MOST_CLAUSES)
    )
    rows = [tuple(row) for row in session.execute(query)]
    return Table("most_frequent_clauses", ("standard", "clause", "findings"), rows)


def _rows(session: Session, caller: Caller, today: date, most: int | None) -> list[Any]:
    query = (
        _with_audit(
            select(
                NonConformity.nc_number,
                AuditSchedule.audit_number,
                Client.legal_name,
                title_of_standard(),
                NonConformity.severity,
                NonConformity.clause,
                func.substr(NonConformity.description, 1, _LONGEST_STATEMENT),
                NonConformity.status,
                NonConformity.created_at,
                NonConformity.due_date,
            )
        )
        .join(Client, _of_audit(Client, AuditSchedule.client_id))
        .where(open_findings(caller))
        .order_by(NonConformity.severity, NonConformity.created_at, NonConformity.id)
        .limit(most)
    )
    return [_row(row, today) for row in session.execute(query)]


def _row(row: Any, today: date) -> tuple[Any, ...]:
    *told, made, due = row
    raised = made.date()
    late = due is not None and due < today
    return (*told, raised, due, (today - raised).days, "yes" if late else "no")


def _with_audit(query: Any) -> Any:
    audit = and_(
        AuditSchedule.tenant_id == NonConformity.tenant_id,
        AuditSchedule.id == NonConformity.audit_schedule_id,
    )
    return (
        query.select_from(NonConformity)
        .join(AuditSchedule, audit)
        .join(Standard, _of_audit(Standard, AuditSchedule.standard_id))
    )


def _of_audit(record: Any, column: Any) -> Any:
    return and_(record.tenant_id == AuditSchedule.tenant_id, record.id == column)
