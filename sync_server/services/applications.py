"""Applications for certification: made, submitted, reviewed (ISO/IEC 17021-1, 9.1.1 and 9.1.2)."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import Place, RuleBroken
from intact_core.records.clients import Client
from intact_core.records.contracts import Application
from intact_core.rules.clauses import clause
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.clients import CLIENTS, of_client
from sync_server.services.records import Kind

_OPEN = ("draft", "submitted")
_AUDIT_TIME_STANDS_ON = ("standard_id", "employee_count")


def _is_open(session: Session, row: Application) -> None:
    del session
    if row.status not in _OPEN:
        raise RuleBroken(
            "decided",
            f"This application was {row.status}: what was decided on stays as it was. "
            "Make a new application for what changed.",
            clause=clause("application_review"),
            place=Place("applications", row.id, "status"),
        )


def _is_draft(session: Session, row: Application) -> None:
    del session
    if row.status != "draft":
        raise RuleBroken(
            "not_draft",
            "Only a draft can be removed: this application was submitted, and records of it "
            "are kept.",
            clause=clause("records"),
            place=Place("applications", row.id, "status"),
        )


APPLICATIONS = Kind(
    Application,
    "application",
    search=("application_number", "scheme_type", "scope_description"),
    number=("application_number", "APP"),
    visible=of_client(Application),
    check=_is_open,
    may_remove=_is_draft,
)


def create_application(session: Session, caller: Caller, values: Mapping[str, Any]) -> Application:
    """Make a draft. Raises BadInput for a client that the caller does not know."""
    records.referred(session, caller, CLIENTS, values, "client_id")
    return records.create(session, caller, APPLICATIONS, values)


def change_application(
    session: Session, caller: Caller, id_: UUID, values: Mapping[str, Any]
) -> Application:
    """Change what is not decided yet; audit time that stood on what changed has to be anew."""
    row = records.one(session, caller, APPLICATIONS, id_, lock=True)
    basis = {name: values[name] for name in _AUDIT_TIME_STANDS_ON if name in values}
    stale = any(getattr(row, name) != value for name, value in basis.items())
    more = {"audit_time": None} if stale and row.audit_time is not None else {}
    return records.change(session, caller, APPLICATIONS, id_, {**values, **more})


def submit(session: Session, caller: Caller, id_: UUID) -> Application:
    """Hand a draft in for review.

    Raises RuleBroken (`incomplete`) where scope or personnel are missing: without them nobody can
    say whether the body is able to certify, nor how long it takes (9.1.1).
    """
    row = records.one(session, caller, APPLICATIONS, id_, lock=True)
    records.step(APPLICATIONS, row, "submitted")
    missing = []
    if not (row.scope_description or "").strip():
        missing.append("scope_description")
    if personnel_of(session, row) is None:
        missing.append("employee_count (of the application or of its client)")
    if missing:
        raise RuleBroken(
            "incomplete",
            f"A review needs more than this application says. Fill in: {', '.join(missing)}.",
            clause=clause("application"),
            place=Place("applications", row.id, missing[0].partition(" ")[0]),
        )
    row.submitted_at = clock.now()
    session.flush()
    return row


def approve(session: Session, caller: Caller, id_: UUID) -> Application:
    """Accept a submitted application after its review (9.1.2)."""
    return _decide(session, caller, id_, "approved", None)


def reject(session: Session, caller: Caller, id_: UUID, reason: str) -> Application:
    """Decline a submitted application; the client is told the reason (9.1.2)."""
    return _decide(session, caller, id_, "rejected", reason)


def personnel_of(session: Session, row: Application) -> int | None:
    """The effective personnel that the application names, else its client's; None if unknown."""
    if row.employee_count:
        return row.employee_count
    return session.scalar(select(Client.employee_count).where(Client.id == row.client_id)) or None


def _decide(
    session: Session, caller: Caller, id_: UUID, status: str, reason: str | None
) -> Application:
    row = records.one(session, caller, APPLICATIONS, id_, lock=True)
    records.step(APPLICATIONS, row, status)
    row.decided_at, row.rejection_reason = clock.now(), reason
    session.flush()
    return row
