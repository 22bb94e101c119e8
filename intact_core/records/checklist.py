"""Checklist items and the evidence taken on site."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from intact_core.records.base import Record, audit_scope, field, fixed, text, to

RATINGS = ("compliant", "observation", "minor", "major", "not_applicable")


class AuditChecklist(Record):
    """One item of an audit's checklist, copied from a template question."""

    __tablename__ = "audit_checklists"
    __scope__ = audit_scope()
    __table_args__ = (
        to("audit_schedules", "audit_schedule_id"),
        Index(None, "tenant_id", "audit_schedule_id", "position"),
    )

    audit_schedule_id: Mapped[UUID] = fixed()
    clause_reference: Mapped[str] = fixed()
    clause_title: Mapped[str | None] = fixed()
    requirement: Mapped[str] = fixed()
    help_text: Mapped[str | None] = fixed()
    position: Mapped[int] = fixed(default=0)
    rating: Mapped[str | None] = field(choices=RATINGS)
    auditor_finding: Mapped[str | None] = text()


class AuditEvidence(Record):
    """A file taken as evidence, or (kind `response`) one that the client answers with.

    The bytes travel as a blob named by `sha256` (hexadecimal, of the original file).
    """

    __tablename__ = "audit_evidence"
    __scope__ = audit_scope()
    __table_args__ = (
        to("audit_schedules", "audit_schedule_id"),
        to("audit_checklists", "audit_checklist_id"),
        to("non_conformities", "non_conformity_id"),
        Index(None, "tenant_id", "audit_schedule_id"),
    )

    audit_schedule_id: Mapped[UUID] = fixed()
    kind: Mapped[str] = fixed(choices=("evidence", "response", "verification"), default="evidence")
    audit_checklist_id: Mapped[UUID | None] = field()
    non_conformity_id: Mapped[UUID | None] = field()
    file_name: Mapped[str] = fixed()
    content_type: Mapped[str] = fixed()
    size: Mapped[int] = fixed()
    sha256: Mapped[str] = fixed()
    decodable: Mapped[bool] = fixed(default=True)
    """False where no preview could be made: the file stays evidence, with a placeholder."""
    taken_at: Mapped[datetime | None] = fixed()
    description: Mapped[str] = text(default="")
    uploaded_by: Mapped[UUID | None] = fixed()
