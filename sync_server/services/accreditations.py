"""What entitles the body to certify: valid from and to, and only then printed (rule 28)."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, and_, inspect, or_
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.standards import Accreditation, Standard
from sync_server.services.in_use import refuse_in_use
from sync_server.services.records import Kind

_ENDED = ("withdrawn", "expired")


def status_today(row: Any) -> str:
    """The status of an accreditation on this day: `expired` follows from its last day."""
    past = row.expiry_date is not None and row.expiry_date < clock.today()
    return "expired" if past and row.status not in _ENDED else str(row.status)


def with_status(status: str) -> ColumnElement[bool]:
    """The condition for `status_today`."""
    past = Accreditation.expiry_date < clock.today()
    if status == "withdrawn":
        return Accreditation.status == status
    if status == "expired":
        lapsed = and_(past, Accreditation.status.not_in(_ENDED))
        return or_(Accreditation.status == status, lapsed)
    lasting = or_(Accreditation.expiry_date.is_(None), Accreditation.expiry_date >= clock.today())
    return and_(Accreditation.status == status, lasting)


def _checked(session: Session, row: Accreditation) -> None:
    del session
    if row.issue_date and row.expiry_date and row.expiry_date <= row.issue_date:
        raise BadInput("expiry_date must be after issue_date.")
    before = inspect(row).attrs.status.history.deleted
    if before and before[0] == "withdrawn" and row.status != "withdrawn":
        raise RuleBroken(
            "transition",
            f"Invalid transition from 'withdrawn' to '{row.status}'",
            place=Place("accreditations", row.id, "status"),
        )


def _unused(session: Session, row: Accreditation) -> None:
    sentence = "Standards stand on this accreditation. Set its status to withdrawn instead."
    refuse_in_use(session, row, sentence, Standard.accreditation_id)


_STATUS: dict[str, Callable[[Any], ColumnElement[bool]]] = {"status": with_status}
ACCREDITATIONS = Kind(
    Accreditation,
    "accreditation",
    search=("accreditation_body", "accreditation_number", "scope"),
    computed=_STATUS,
    check=_checked,
    may_remove=_unused,
)
