"""Taking evidence, describing it, linking it."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput
from intact_core.records.checklist import AuditEvidence
from intact_desktop.evidence.capture import Captured
from intact_desktop.store.journal import this_device
from intact_desktop.store.rows import row_of
from intact_desktop.sync.files import add_pending


@dataclass(frozen=True)
class Where:
    """What new evidence belongs to."""

    audit_id: UUID
    item_id: UUID | None = None
    finding_id: UUID | None = None
    kind: str = "evidence"


def name_of(source: Path | bytes, number: int) -> str:
    """The file's own name, or one made from the moment for a picture without."""
    if isinstance(source, Path):
        return source.name
    return f"photo {clock.now().astimezone():%Y-%m-%d %H.%M.%S}-{number}"


def add(session: Session, where: Where, captured: Captured, name: str) -> UUID:
    """Record a captured file, and that it waits to be sent; both or neither."""
    connection = session.connection()
    row = AuditEvidence(
        id=ids.new_id(),
        audit_schedule_id=where.audit_id,
        kind=where.kind,
        audit_checklist_id=where.item_id,
        non_conformity_id=where.finding_id,
        file_name=name,
        content_type=captured.content_type,
        size=captured.size,
        sha256=captured.sha256,
        decodable=captured.decodable or captured.warning is None,
        taken_at=captured.taken_at,
        description="",
        uploaded_by=this_device(connection).user_id,
    )
    session.add(row)
    session.flush()
    add_pending(connection, where.audit_id, captured.sha256, captured.size)
    return row.id


def describe(session: Session, evidence_id: UUID, text: str) -> None:
    """Keep the caption."""
    row_of(session, AuditEvidence, evidence_id).description = text


def link(
    session: Session, evidence_id: UUID, item_id: UUID | None, finding_id: UUID | None
) -> None:
    """Say which item and which finding it belongs to."""
    row = row_of(session, AuditEvidence, evidence_id)
    row.audit_checklist_id, row.non_conformity_id = item_id, finding_id


def remove(session: Session, evidence_id: UUID, reason: str) -> None:
    """Take it out of the audit with a reason; the file itself stays, here and on the server."""
    if not reason.strip():
        raise BadInput("Say why it is taken out; the reason stays in the history.")
    row = row_of(session, AuditEvidence, evidence_id)
    row.deleted_at, row.deleted_reason = clock.now(), reason.strip()
