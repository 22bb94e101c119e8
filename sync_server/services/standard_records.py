"""Standards as records: kept while anything stands on them."""

from uuid import UUID

from sqlalchemy import select, true
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.certificates import Certificate
from intact_core.records.contracts import Application
from intact_core.records.people import AuditorCompetency
from intact_core.records.standards import ChecklistTemplate, Standard, StandardClause
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.in_use import refuse_in_use
from sync_server.services.records import Kind


def _unused(session: Session, row: Standard) -> None:
    refuse_in_use(
        session,
        row,
        "Audits, certificates, applications, competences or checklists stand on this standard. "
        "Set is_active to false instead.",
        AuditSchedule.standard_id,
        Certificate.standard_id,
        Application.standard_id,
        AuditorCompetency.standard_id,
        ChecklistTemplate.standard_id,
    )


STANDARDS = Kind(
    Standard,
    "standard",
    search=("standard_code", "standard_name"),
    visible=lambda _: true(),
    order=(Standard.standard_code, Standard.version, Standard.id),
    may_remove=_unused,
)


def remove_standard(session: Session, caller: Caller, id_: UUID, reason: str) -> Standard:
    """Remove a standard that nothing stands on, with its clauses. Raises RuleBroken (`in_use`)."""
    row = records.remove(session, caller, STANDARDS, id_, reason)
    clauses = select(StandardClause).where(
        StandardClause.standard_id == id_, StandardClause.deleted_at.is_(None)
    )
    for clause in session.scalars(clauses):
        clause.deleted_at, clause.deleted_reason = row.deleted_at, reason
    session.flush()
    return row
