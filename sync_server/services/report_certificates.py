"""Certificates by when they end, so that recertification begins in time (17021-1, 9.6.3)."""

from datetime import date, timedelta
from typing import Any

from sqlalchemy import and_, case, func, or_, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.records.certificates import Certificate
from intact_core.records.clients import Client, ClientContact
from intact_core.records.standards import Standard
from sync_server.auth.callers import Caller
from sync_server.services.dashboard import living, staff_alone, title_of_standard
from sync_server.services.report_tables import Report, Table, summed

WINDOWS = (30, 60, 90, 180, 365)
RESTORABLE_DAYS = 183
"""After its end a certificate can be restored for six months (9.6.3.2)."""
_COLUMNS = (
    *("certificate_number", "client", "standard", "status", "issue_date", "expiry_date"),
    *("days_left", "window", "contact", "contact_email"),
)


def certificate_expiry(session: Session, caller: Caller, most: int | None) -> Report:
    """Certificates that end within a year, and those that ended and can still be restored."""
    staff_alone(caller)
    today = clock.today()
    current = and_(
        living(Certificate, caller), Certificate.status.in_(("active", "suspended", "expired"))
    )
    groups = _groups(session, current, today)
    wanted = and_(
        current,
        Certificate.expiry_date.between(
            today - timedelta(days=RESTORABLE_DAYS), today + timedelta(days=WINDOWS[-1])
        ),
    )
    by_window = dict.fromkeys(("expired", *map(_window_name, WINDOWS), "later"), 0)
    by_window |= dict(summed(groups, lambda one: (one.window,), lambda one: (one.certificates,)))
    return Report(
        name="certificate-expiry",
        as_of=clock.now(),
        of={},
        figures=_figures(groups, by_window),
        tables=(
            Table("by_window", ("window", "certificates"), list(by_window.items())),
            Table(
                "by_standard",
                ("standard", "valid", "suspended", "ending_within_90_days", "expired"),
                summed(groups, lambda one: (one.standard,), _states),
            ),
        ),
        rows=Table("certificates", _COLUMNS, _rows(session, wanted, today, most)),
        rows_total=session.scalar(select(func.count(Certificate.id)).where(wanted)) or 0,
    )


def _window_name(days: int) -> str:
    return f"within_{days}_days"


def _window(today: date) -> Any:
    steps = [
        (Certificate.expiry_date <= today + timedelta(days=days), _window_name(days))
        for days in WINDOWS
    ]
    ended = or_(Certificate.status == "expired", Certificate.expiry_date < today)
    return case((ended, "expired"), *steps, else_="later")


def _groups(session: Session, current: Any, today: date) -> list[Any]:
    keys = (
        _window(today).label("window"),
        Certificate.status,
        title_of_standard().label("standard"),
    )
    inner = (
        select(*keys)
        .join(Standard, _of_certificate(Standard, Certificate.standard_id))
        .where(current)
        .subquery()
    )
    query = select(*inner.c, func.count().label("certificates")).group_by(*inner.c)
    return list(session.execute(query))


def _states(group: Any) -> tuple[int, int, int, int]:
    number, ended = group.certificates, group.window == "expired"
    soon = group.window in map(_window_name, WINDOWS[:3])
    valid = not ended and group.status == "active"
    suspended = not ended and group.status == "suspended"
    return number * valid, number * suspended, number * (soon and valid), number * ended


def _figures(groups: list[Any], by_window: dict[str, int]) -> dict[str, Any]:
    valid, suspended, soon, ended = (
        (sum(part) for part in zip(*map(_states, groups), strict=True)) if groups else (0, 0, 0, 0)
    )
    return {
        "valid": valid,
        "suspended": suspended,
        "ending_within_90_days": soon,
        "ending_within_30_days": by_window[_window_name(30)],
        "expired": ended,
    }


def _rows(session: Session, wanted: Any, today: date, most: int | None) -> list[tuple[Any, ...]]:
    query = (
        select(
            Certificate.certificate_number,
            Client.legal_name,
            title_of_standard(),
            Certificate.status,
            Certificate.issue_date,
            Certificate.expiry_date,
            _window(today),
            _contact(func.trim(ClientContact.first_name + " " + ClientContact.last_name)),
            _contact(ClientContact.email),
        )
        .join(Client, _of_certificate(Client, Certificate.client_id))
        .join(Standard, _of_certificate(Standard, Certificate.standard_id))
        .where(wanted)
        .order_by(Certificate.expiry_date, Certificate.certificate_number)
        .limit(most)
    )
    return [_row(row, today) for row in session.execute(query)]


def _row(row: Any, today: date) -> tuple[Any, ...]:
    number, client, standard, status, issued, ends, window, contact, email = row
    left = (ends - today).days
    shown = "expired" if left < 0 else status
    return (number, client, standard, shown, issued, ends, left, window, contact, email)


def _contact(column: Any) -> Any:
    return (
        select(column)
        .where(
            ClientContact.tenant_id == Certificate.tenant_id,
            ClientContact.client_id == Certificate.client_id,
            ClientContact.is_primary.is_(True),
            ClientContact.deleted_at.is_(None),
        )
        .correlate(Certificate)
        .limit(1)
        .scalar_subquery()
    )


def _of_certificate(record: Any, column: Any) -> Any:
    return and_(record.tenant_id == Certificate.tenant_id, record.id == column)
