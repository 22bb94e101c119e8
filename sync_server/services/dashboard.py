"""The dashboard: figures of a tenant by the day, what was done last, what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import NotAllowed
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.certificates import Certificate
from intact_core.records.clients import Client
from intact_core.records.finance import Invoice, Payment
from intact_core.records.findings import NC_STEPS, NonConformity
from intact_core.records.people import User
from intact_core.records.standards import Standard
from sync_server.auth.callers import Caller
from sync_server.services.records import Page
from sync_server.services.visibility import SEES_ALL, visible_audits
from sync_server.tables.ledger import AuditLog

UPCOMING_DAYS = 30
EXPIRING_DAYS = 90
GRADED = ("major", "minor")
"""Observations and opportunities are findings, but no non-conformities (17021-1, 9.4.5)."""
OPEN = tuple(status for status in NC_STEPS if status not in ("closed", "void"))


@dataclass(frozen=True)
class Outstanding:
    """Money owed in one currency (empty where none was named), less what was paid of it."""

    currency: str
    amount: Decimal
    invoices: int


@dataclass(frozen=True)
class Stats:
    """The figures of today. `outstanding` is empty for somebody who may not see invoices."""

    total_clients: int
    active_certificates: int
    upcoming_audits: int
    open_non_conformities: int
    expiring_certificates: int
    outstanding: Sequence[Outstanding] | None


@dataclass(frozen=True)
class Wanted:
    """Rows of a list: of which kind, which of them, in which order."""

    record: Any
    where: ColumnElement[bool]
    order: tuple[Any, ...]


def stats(session: Session, caller: Caller) -> Stats:
    """The figures in two statements. Audits and findings are those that the caller may see."""
    staff_alone(caller)
    today = clock.today()
    active = and_(Certificate.status == "active", Certificate.expiry_date >= today)
    soon = Certificate.expiry_date <= today + timedelta(days=EXPIRING_DAYS)
    certificates = (
        select(func.count().label("active"), func.count().filter(soon).label("expiring"))
        .where(living(Certificate, caller), active)
        .subquery()
    )
    next_days = AuditSchedule.scheduled_start_date.between(
        today, today + timedelta(days=UPCOMING_DAYS)
    )
    query = select(
        _count(Client, living(Client, caller)),
        _count(
            AuditSchedule,
            and_(living(AuditSchedule, caller), AuditSchedule.status == "scheduled", next_days),
            seen(caller, AuditSchedule.id),
        ),
        _count(NonConformity, open_findings(caller)),
        certificates.c.active,
        certificates.c.expiring,
    )
    clients, upcoming, findings, valid, expiring = session.execute(query).one()
    may_see = "invoice:read" in caller.rights
    owed = outstanding(session, caller) if may_see else None
    return Stats(clients, valid, upcoming, findings, expiring, owed)


def outstanding(session: Session, caller: Caller) -> list[Outstanding]:
    """What is owed by currency, most invoices first."""
    open_ = and_(living(Invoice, caller), Invoice.status == "issued")
    paid = (
        select(Invoice.currency.label("currency"), func.sum(Payment.amount).label("paid"))
        .join(
            Invoice, and_(Invoice.tenant_id == Payment.tenant_id, Invoice.id == Payment.invoice_id)
        )
        .where(living(Payment, caller), open_)
        .group_by(Invoice.currency)
    )
    billed = (
        select(Invoice.currency, func.sum(Invoice.total_amount), func.count())
        .where(open_)
        .group_by(Invoice.currency)
        .order_by(func.count().desc(), Invoice.currency)
    )
    less = dict(session.execute(paid).all())
    return [
        Outstanding(currency or "", Decimal(total) - Decimal(less.get(currency, 0)), count)
        for currency, total, count in session.execute(billed)
    ]


def recent_activities(session: Session, caller: Caller, limit: int) -> Sequence[Any]:
    """The last entries of the audit log; without the right to read it, the caller's own."""
    staff_alone(caller)
    mine = true() if "audit_log:read" in caller.rights else AuditLog.user_id == caller.user_id
    query = (
        select(
            AuditLog.seq,
            AuditLog.action,
            AuditLog.resource_type,
            AuditLog.resource_id,
            AuditLog.user_id,
            AuditLog.at,
            full_name().label("user_name"),
        )
        .outerjoin(User, and_(User.tenant_id == AuditLog.tenant_id, User.id == AuditLog.user_id))
        .where(AuditLog.tenant_id == caller.tenant, mine)
        .order_by(AuditLog.seq.desc())
        .limit(limit)
    )
    return session.execute(query).all()


def upcoming_audits(session: Session, caller: Caller, page: int, limit: int) -> Page:
    """Scheduled audits from today on that the caller may see, the next one first."""
    staff_alone(caller)
    wanted = and_(
        living(AuditSchedule, caller),
        AuditSchedule.status == "scheduled",
        AuditSchedule.scheduled_start_date >= clock.today(),
        seen(caller, AuditSchedule.id),
    )
    query = (
        select(
            AuditSchedule.id,
            AuditSchedule.audit_number,
            AuditSchedule.client_id,
            Client.legal_name.label("client_name"),
            title_of_standard().label("standard"),
            AuditSchedule.audit_type,
            AuditSchedule.audit_stage,
            AuditSchedule.scheduled_start_date,
            AuditSchedule.scheduled_end_date,
            lead_name().label("lead_auditor"),
        )
        .join(Client, _is(Client, AuditSchedule.client_id, AuditSchedule.tenant_id))
        .join(Standard, _is(Standard, AuditSchedule.standard_id, AuditSchedule.tenant_id))
    )
    order = (AuditSchedule.scheduled_start_date, AuditSchedule.id)
    return _page(session, query, Wanted(AuditSchedule, wanted, order), page, limit)


def expiring_certificates(
    session: Session, caller: Caller, days: int, page: int, limit: int
) -> Page:
    """Active certificates that end within some days from today, the first to end first."""
    staff_alone(caller)
    today = clock.today()
    wanted = and_(
        living(Certificate, caller),
        Certificate.status == "active",
        Certificate.expiry_date.between(today, today + timedelta(days=days)),
    )
    query = (
        select(
            Certificate.id,
            Certificate.certificate_number,
            Certificate.client_id,
            Client.legal_name.label("client_name"),
            title_of_standard().label("standard"),
            Certificate.status,
            Certificate.issue_date,
            Certificate.expiry_date,
        )
        .join(Client, _is(Client, Certificate.client_id, Certificate.tenant_id))
        .join(Standard, _is(Standard, Certificate.standard_id, Certificate.tenant_id))
    )
    order = (Certificate.expiry_date, Certificate.id)
    return _page(session, query, Wanted(Certificate, wanted, order), page, limit)


def staff_alone(caller: Caller) -> None:
    """Raises NotAllowed for a client's representative: figures are about everybody."""
    if caller.client_id is not None:
        raise NotAllowed("Figures of the whole certification body are for its own people.")


def living(record: Any, caller: Caller) -> ColumnElement[bool]:
    """The tenant's rows that have no tombstone."""
    return and_(record.tenant_id == caller.tenant, record.deleted_at.is_(None))


def seen(caller: Caller, audit_id: Any) -> ColumnElement[bool]:
    """Of audits, those that the caller may see: office and deciders all, auditors their own."""
    if caller.has(*SEES_ALL):
        return true()
    own = visible_audits(caller).with_only_columns(AuditSchedule.id)
    return audit_id.in_(own)  # type: ignore[no-any-return]


def open_findings(caller: Caller) -> ColumnElement[bool]:
    """Non-conformities that are not closed."""
    return and_(
        living(NonConformity, caller),
        NonConformity.status.in_(OPEN),
        NonConformity.severity.in_(GRADED),
        seen(caller, NonConformity.audit_schedule_id),
    )


def full_name() -> ColumnElement[str]:
    """First and last name of a joined user, or the address; NULL without a user."""
    name = func.trim(func.coalesce(User.first_name, "") + " " + func.coalesce(User.last_name, ""))
    return func.coalesce(func.nullif(name, ""), User.email)


def lead_name() -> ColumnElement[str | None]:
    """The name of the lead of a joined audit."""
    return (
        select(full_name())
        .join(AuditTeam, and_(AuditTeam.tenant_id == User.tenant_id, AuditTeam.user_id == User.id))
        .where(
            AuditTeam.tenant_id == AuditSchedule.tenant_id,
            AuditTeam.audit_schedule_id == AuditSchedule.id,
            AuditTeam.is_lead.is_(True),
            AuditTeam.deleted_at.is_(None),
        )
        .correlate(AuditSchedule)
        .limit(1)
        .scalar_subquery()
    )


def title_of_standard() -> ColumnElement[str]:
    """Code and edition of a joined standard, such as "ISO 9001:2015"."""
    edition = func.coalesce(":" + func.nullif(Standard.version, ""), "")
    return Standard.standard_code + edition


def _is(record: Any, column: Any, tenant: Any) -> ColumnElement[bool]:
    return and_(record.tenant_id == tenant, record.id == column)


def _count(record: Any, *where: ColumnElement[bool]) -> Any:
    return select(func.count()).select_from(record).where(*where).scalar_subquery()


def _page(session: Session, query: Any, wanted: Wanted, page: int, limit: int) -> Page:
    # The page is chosen before anything is joined to it: large tables stay unread.
    chosen = (
        select(wanted.record.id)
        .where(wanted.where)
        .order_by(*wanted.order)
        .limit(limit)
        .offset((page - 1) * limit)
    )
    mine = query.where(wanted.record.id.in_(chosen.scalar_subquery()))
    rows = session.execute(mine.order_by(*wanted.order)).all()
    total = session.scalar(select(func.count(wanted.record.id)).where(wanted.where))
    return Page(rows, total or 0)
