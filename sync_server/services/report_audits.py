"""The audit summary: a year's audits by state, kind, month, standard and lead."""

from datetime import date
from typing import Any

from sqlalchemy import and_, case, extract, func, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.records.audits import PROGRESS, AuditSchedule, AuditTeam
from intact_core.records.clients import Client
from intact_core.records.findings import SEVERITIES, NonConformity
from intact_core.records.people import User
from intact_core.records.standards import Standard
from sync_server.auth.callers import Caller
from sync_server.services.dashboard import (
    full_name,
    lead_name,
    living,
    seen,
    staff_alone,
    title_of_standard,
)
from sync_server.services.report_tables import MONTHS, Report, Table, summed

_DAY = func.coalesce(AuditSchedule.actual_start_date, AuditSchedule.scheduled_start_date)
_COLUMNS = (
    *("audit_number", "client", "standard", "audit_type", "audit_stage", "start", "end"),
    *("audit_days", "status", "workflow_status", "lead_auditor", "major", "minor"),
)


def audit_summary(session: Session, caller: Caller, year: int, most: int | None) -> Report:
    """The audits that began, or are to begin, in a year, as far as the caller may see them."""
    staff_alone(caller)
    of_year = and_(
        living(AuditSchedule, caller),
        _DAY.between(date(year, 1, 1), date(year, 12, 31)),
        seen(caller, AuditSchedule.id),
    )
    groups = _groups(session, of_year)
    findings = _findings(session, caller, of_year)
    rows = _rows(session, of_year, most)
    total = sum(group.audits for group in groups)
    return Report(
        name="audit-summary",
        as_of=clock.now(),
        of={"year": year},
        figures=_figures(groups, findings),
        tables=(
            _table("by_status", ("status",), groups, lambda one: (one.status,)),
            _table(
                "by_type",
                ("audit_type", "audit_stage"),
                groups,
                lambda one: (one.audit_type, one.audit_stage or ""),
            ),
            _by_month(groups),
            _table("by_standard", ("standard",), groups, lambda one: (one.standard,)),
            _by_lead(session, of_year),
            Table("findings", ("severity", "findings"), list(findings.items())),
        ),
        rows=Table("audits", _COLUMNS, rows),
        rows_total=total,
    )


def _groups(session: Session, of_year: Any) -> list[Any]:
    today = clock.today()
    late = and_(AuditSchedule.status == "scheduled", AuditSchedule.scheduled_end_date < today)
    keys = (
        extract("month", _DAY).label("month"),
        AuditSchedule.status,
        AuditSchedule.workflow_status,
        AuditSchedule.audit_type,
        AuditSchedule.audit_stage,
        title_of_standard().label("standard"),
    )
    query = (
        select(
            *keys,
            func.count().label("audits"),
            func.coalesce(func.sum(AuditSchedule.total_audit_days), 0).label("days"),
            func.count().filter(late).label("late"),
        )
        .join(Standard, _of_audit(Standard, AuditSchedule.standard_id))
        .where(of_year)
        .group_by(*keys)
    )
    return list(session.execute(query))


def _figures(groups: list[Any], findings: dict[str, int]) -> dict[str, Any]:
    by_status = {
        status: sum(one.audits for one in groups if one.status == status) for status in PROGRESS
    }
    return {
        "total_audits": sum(one.audits for one in groups),
        **by_status,
        "late_to_start": sum(one.late for one in groups),
        "decided": sum(one.audits for one in groups if one.workflow_status == "decided"),
        "audit_days": sum(one.days for one in groups if one.status != "cancelled"),
        "non_conformities": findings["major"] + findings["minor"],
    }


def _table(name: str, columns: tuple[str, ...], groups: list[Any], key: Any) -> Table:
    rows = summed(groups, key, lambda one: (one.audits, one.days))
    return Table(name, (*columns, "audits", "audit_days"), rows)


def _by_month(groups: list[Any]) -> Table:
    states = tuple(PROGRESS)
    counts = {(month, status): 0 for month in MONTHS for status in states}
    for one in groups:
        counts[int(one.month), one.status] += one.audits
    rows = [(month, *(counts[month, status] for status in states)) for month in MONTHS]
    return Table("by_month", ("month", *states), rows)


def _by_lead(session: Session, of_year: Any) -> Table:
    team = and_(
        AuditTeam.tenant_id == AuditSchedule.tenant_id,
        AuditTeam.audit_schedule_id == AuditSchedule.id,
        AuditTeam.is_lead.is_(True),
        AuditTeam.deleted_at.is_(None),
    )
    query = (
        select(
            full_name().label("name"),
            func.count(),
            func.coalesce(func.sum(AuditSchedule.total_audit_days), 0),
        )
        .select_from(AuditSchedule)
        .join(AuditTeam, team)
        .join(User, and_(User.tenant_id == AuditTeam.tenant_id, User.id == AuditTeam.user_id))
        .where(of_year, AuditSchedule.status != "cancelled")
        .group_by(User.id, User.first_name, User.last_name, User.email)
        .order_by(full_name())
    )
    rows = [tuple(row) for row in session.execute(query)]
    return Table("by_lead_auditor", ("lead_auditor", "audits", "audit_days"), rows)


def _findings(session: Session, caller: Caller, of_year: Any) -> dict[str, int]:
    query = (
        select(NonConformity.severity, func.count())
        .join(AuditSchedule, _of_audit(AuditSchedule, NonConformity.audit_schedule_id, swap=True))
        .where(living(NonConformity, caller), NonConformity.status != "void", of_year)
        .group_by(NonConformity.severity)
    )
    found = dict(session.execute(query).all())
    return {severity: found.get(severity, 0) for severity in SEVERITIES}


def _rows(session: Session, of_year: Any, most: int | None) -> list[tuple[Any, ...]]:
    query = (
        select(
            AuditSchedule.audit_number,
            Client.legal_name,
            title_of_standard(),
            AuditSchedule.audit_type,
            AuditSchedule.audit_stage,
            _DAY,
            func.coalesce(AuditSchedule.actual_end_date, AuditSchedule.scheduled_end_date),
            AuditSchedule.total_audit_days,
            AuditSchedule.status,
            AuditSchedule.workflow_status,
            lead_name(),
            _graded("major"),
            _graded("minor"),
        )
        .join(Client, _of_audit(Client, AuditSchedule.client_id))
        .join(Standard, _of_audit(Standard, AuditSchedule.standard_id))
        .where(of_year)
        .order_by(_DAY, AuditSchedule.audit_number)
        .limit(most)
    )
    return [tuple(row) for row in session.execute(query)]


def _graded(severity: str) -> Any:
    return (
        select(func.count(case((NonConformity.severity == severity, 1))))
        .where(
            NonConformity.tenant_id == AuditSchedule.tenant_id,
            NonConformity.audit_schedule_id == AuditSchedule.id,
            NonConformity.deleted_at.is_(None),
            NonConformity.status != "void",
        )
        .correlate(AuditSchedule)
        .scalar_subquery()
    )


def _of_audit(record: Any, column: Any, *, swap: bool = False) -> Any:
    tenant = NonConformity.tenant_id if swap else AuditSchedule.tenant_id
    return and_(record.tenant_id == tenant, record.id == column)
