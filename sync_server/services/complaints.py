"""Complaints to the body: acknowledged, looked into, resolved by others (ISO/IEC 17021-1, 9.8)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.quality import Complaint
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.clients import of_client
from sync_server.services.records import Kind


def file_complaint(session: Session, caller: Caller, values: Mapping[str, Any]) -> Complaint:
    """Take a complaint in; a client's representative complains for its own organisation."""
    given = dict(values)
    if caller.client_id is not None:
        if given.get("client_id") not in (None, caller.client_id):
            raise BadInput("client_id: there is no such record in clients. Check the id.")
        given["client_id"] = caller.client_id
    given["received_date"] = given.get("received_date") or clock.today()
    return records.create(session, caller, COMPLAINTS, given)


def acknowledge(session: Session, caller: Caller, id_: UUID) -> Complaint:
    """Record that the complainant was told of the receipt; once."""
    row = records.one(session, caller, COMPLAINTS, id_, lock=True)
    if row.acknowledged_at is not None:
        raise _refused(row, "This complaint is acknowledged already.", "acknowledged_at")
    row.acknowledged_at = clock.now()
    session.flush()
    return row


def change_complaint(
    session: Session, caller: Caller, id_: UUID, values: Mapping[str, Any]
) -> Complaint:
    """Change a complaint that is not closed; to look into it acknowledges it.

    Raises RuleBroken (`transition`): it is resolved with a resolution and no other way.
    """
    row = records.one(session, caller, COMPLAINTS, id_, lock=True)
    wanted = values.get("status", row.status)
    if row.status == "closed":
        raise _refused(row, "This complaint is closed and stays as it is.")
    if wanted == "resolved" and row.status != wanted:
        raise _refused(row, "A complaint is resolved by the action that takes its resolution.")
    more = {} if wanted == "open" else {"acknowledged_at": row.acknowledged_at or clock.now()}
    return records.change(session, caller, COMPLAINTS, id_, {**values, **more})


def resolve(
    session: Session, caller: Caller, id_: UUID, resolution: str, summary: str | None
) -> Complaint:
    """Decide on a complaint. Raises RuleBroken: `transition` unless it is open or looked into,
    `involved` for somebody of an audit team of the client (9.8).
    """
    row = records.one(session, caller, COMPLAINTS, id_, lock=True)
    if row.status not in ("open", "investigating"):
        raise _refused(row, f"Invalid transition from '{row.status}' to 'resolved'")
    now = clock.now()
    row.status, row.resolution, row.resolved_at = "resolved", resolution, now
    row.investigation_summary = summary or row.investigation_summary
    row.resolved_by, row.acknowledged_at = caller.user_id, row.acknowledged_at or now
    session.flush()
    return row


def _checked(session: Session, row: Complaint) -> None:
    del session
    # East of Greenwich a day begins before that of UTC.
    if row.received_date > clock.today() + timedelta(days=1):
        raise BadInput("received_date must not be in the future.")
    if inspect(row).transient and row.status != "open":
        raise BadInput("status: a new complaint is open.")


def _only_open(session: Session, row: Complaint) -> None:
    del session
    if row.status != "open":
        raise _refused(row, "Work on this complaint has begun, so it is kept. Close it instead.")


def _refused(row: Complaint, sentence: str, field: str = "status") -> RuleBroken:
    return RuleBroken("transition", sentence, place=Place("complaints", row.id, field))


COMPLAINTS = Kind(
    Complaint,
    "complaint",
    search=("complaint_number", "description"),
    number=("complaint_number", "CMP"),
    visible=of_client(Complaint),
    check=_checked,
    may_remove=_only_open,
)
