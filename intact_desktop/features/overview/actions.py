"""Steps of an audit, and who was at its meetings."""

from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput
from intact_core.records.audits import AuditAttendance, AuditSchedule, AuditStatusHistory
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.signing import is_signed
from intact_desktop.store.journal import this_device
from intact_desktop.store.rows import row_of


def take_step(session: Session, audit_id: UUID, machine: str, to: str) -> None:
    """Take the audit one step on, with its history; raises RuleBroken with the reason."""
    audit = row_of(session, AuditSchedule, audit_id)
    field = "workflow_status" if machine == "workflow" else "status"
    before = getattr(audit, field)
    if to == "in_progress":
        audit.actual_start_date = audit.actual_start_date or clock.today()
    elif to == "completed" and not is_signed(SessionWorld(session, audit.tenant_id), audit_id):
        # A signed report shows the days of the audit; ending it later changes none of them.
        audit.actual_end_date = audit.actual_end_date or clock.today()
    setattr(audit, field, to)
    session.add(
        AuditStatusHistory(
            audit_schedule_id=audit_id,
            machine=machine,
            from_status=before,
            to_status=to,
            changed_by=this_device(session.connection()).user_id,
        )
    )


def add_person(session: Session, audit_id: UUID, name: str, role: str) -> None:
    """Note somebody at the opening meeting; the closing meeting is ticked later."""
    if not name.strip():
        raise BadInput("A name is needed for the attendance list.")
    session.add(
        AuditAttendance(
            audit_schedule_id=audit_id,
            name=name.strip(),
            role=role.strip() or None,
            opening=True,
            closing=False,
        )
    )


def tick(session: Session, person_id: UUID, meeting: str, present: bool) -> None:
    """Note whether a person was at the `opening` or the `closing` meeting."""
    setattr(row_of(session, AuditAttendance, person_id), meeting, present)


def remove_person(session: Session, person_id: UUID) -> None:
    """Take a person off the list."""
    row = row_of(session, AuditAttendance, person_id)
    row.deleted_at, row.deleted_reason = clock.now(), "taken off the attendance list"
