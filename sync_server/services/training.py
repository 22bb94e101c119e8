"""Training that people took or are to take (ISO/IEC 17021-1, 7.2)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, inspect, not_
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, Place, RuleBroken
from intact_core.records.training import TrainingRecord
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.records import Kind


def status_today(row: Any) -> str:
    """`pending`, `completed` or `expired`: the last follows from the day."""
    past = row.expiry_date is not None and row.expiry_date < clock.today()
    return "expired" if past and row.status == "completed" else str(row.status)


def with_status(status: str) -> ColumnElement[bool]:
    """The condition for `status_today`."""
    record = TrainingRecord
    if status == "pending":
        return record.status == status
    past = and_(record.expiry_date.is_not(None), record.expiry_date < clock.today())
    return and_(record.status == "completed", past if status == "expired" else not_(past))


def record_training(session: Session, caller: Caller, values: Mapping[str, Any]) -> TrainingRecord:
    """Make a record; without a status it is completed when it says on which day."""
    done = "completed" if values.get("completion_date") else "pending"
    return records.create(
        session, caller, TRAINING, {**values, "status": values.get("status") or done}
    )


def _checked(session: Session, row: TrainingRecord) -> None:
    del session
    if row.status == "completed" and row.completion_date is None:
        raise BadInput("completion_date: say on which day the course was completed.")
    # East of Greenwich a day begins before that of UTC.
    latest = clock.today() + timedelta(days=1)
    if row.completion_date and row.completion_date > latest and row.status == "completed":
        raise BadInput("completion_date: a completed course was completed today at the latest.")
    if row.completion_date and row.expiry_date and row.expiry_date < row.completion_date:
        raise BadInput("expiry_date must not be before completion_date.")
    before = inspect(row).attrs.status.history.deleted
    if before and before[0] == "completed" and row.status == "pending":
        raise RuleBroken(
            "transition",
            "Invalid transition from 'completed' to 'pending'",
            place=Place("training_records", row.id, "status"),
        )


TRAINING = Kind(
    TrainingRecord,
    "training record",
    search=("course_name", "provider"),
    computed={"status": with_status},
    check=_checked,
)
