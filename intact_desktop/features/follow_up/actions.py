"""Reviewing the client's answer, and verifying that its action works."""

from pathlib import Path
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput
from intact_core.records.checklist import AuditEvidence
from intact_core.records.findings import NonConformity
from intact_desktop.evidence.capture import Captured
from intact_desktop.store.journal import this_device
from intact_desktop.store.rows import row_of
from intact_desktop.sync.files import add_pending


def review(session: Session, finding_id: UUID, *, accept: bool, notes: str) -> None:
    """Accept the answer, or send it back with what it lacks (ISO/IEC 17021-1, 9.4.10)."""
    if not accept and not notes.strip():
        raise BadInput("Say what the answer lacks, so that the client can mend it.")
    finding = row_of(session, NonConformity, finding_id)
    finding.status = "accepted" if accept else "open"
    finding.review_notes = notes.strip() or None
    finding.reviewed_at = clock.now()
    finding.reviewed_by = this_device(session.connection()).user_id


def verify(session: Session, finding_id: UUID, notes: str) -> None:
    """Record that the action was seen to work; raises RuleBroken without note or file."""
    finding = row_of(session, NonConformity, finding_id)
    finding.status = "verified"
    finding.verification_notes = notes.strip() or None
    finding.verified_at = clock.now()
    finding.verified_by = this_device(session.connection()).user_id


def close(session: Session, finding_id: UUID) -> None:
    """Close a verified finding."""
    finding = row_of(session, NonConformity, finding_id)
    finding.status = "closed"
    finding.closed_at = clock.now()


def attach(session: Session, finding_id: UUID, captured: Captured, source: Path | bytes) -> UUID:
    """Keep a captured file as evidence of the verification, and that it waits to be sent."""
    finding = row_of(session, NonConformity, finding_id)
    connection = session.connection()
    row = AuditEvidence(
        id=ids.new_id(),
        audit_schedule_id=finding.audit_schedule_id,
        kind="verification",
        non_conformity_id=finding.id,
        file_name=source.name if isinstance(source, Path) else "picture",
        content_type=captured.content_type,
        size=captured.size,
        sha256=captured.sha256,
        decodable=captured.warning is None,
        taken_at=captured.taken_at,
        uploaded_by=this_device(connection).user_id,
    )
    session.add(row)
    session.flush()
    add_pending(connection, finding.audit_schedule_id, captured.sha256, captured.size)
    return row.id
