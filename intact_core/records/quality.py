"""Complaints and corrective actions: the office's alone."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, OfficeRecord, field, fixed, to
from intact_core.records.clients import Client
from intact_core.records.findings import NonConformity
from intact_core.records.library import Document

COMPLAINT_STEPS = {
    "open": frozenset({"investigating", "resolved"}),
    "investigating": frozenset({"resolved"}),
    "resolved": frozenset({"closed"}),
    "closed": frozenset[str](),
}
ACTION_STEPS = {
    "draft": frozenset({"active"}),
    "active": frozenset({"completed", "verified"}),
    "completed": frozenset({"verified", "closed"}),
    "verified": frozenset({"closed"}),
    "closed": frozenset[str](),
}


class Complaint(OfficeRecord):
    """A complaint to the certification body (ISO/IEC 17021-1, 9.8)."""

    __tablename__ = "complaints"
    __table_args__ = (
        to(Client, "client_id"),
        UniqueConstraint("tenant_id", "complaint_number"),
        Index(None, "tenant_id", "client_id"),
    )

    client_id: Mapped[UUID | None] = fixed()
    complaint_number: Mapped[str] = fixed()
    complaint_type: Mapped[str | None] = field()
    description: Mapped[str] = field()
    received_date: Mapped[date] = field()
    acknowledged_at: Mapped[datetime | None] = field()
    status: Mapped[str] = field(merge=Merge.STATE, steps=COMPLAINT_STEPS, default="open")
    resolution: Mapped[str | None] = field()
    investigation_summary: Mapped[str | None] = field()
    resolved_at: Mapped[datetime | None] = field()
    resolved_by: Mapped[UUID | None] = field()


class CorrectiveAction(OfficeRecord):
    """What a client does about a non-conformity (ISO/IEC 17021-1, 9.4.9 and 9.4.10)."""

    __tablename__ = "corrective_actions"
    __table_args__ = (
        to(NonConformity, "non_conformity_id"),
        to(Document, "evidence_document_id"),
        UniqueConstraint("tenant_id", "capa_number"),
        Index(None, "tenant_id", "non_conformity_id"),
    )

    non_conformity_id: Mapped[UUID | None] = fixed()
    capa_number: Mapped[str] = fixed()
    title: Mapped[str] = field()
    action_plan: Mapped[str] = field()
    responsible_person: Mapped[str | None] = field()
    assigned_to: Mapped[UUID | None] = field()
    due_date: Mapped[date | None] = field()
    status: Mapped[str] = field(merge=Merge.STATE, steps=ACTION_STEPS, default="active")
    approved_by: Mapped[UUID | None] = field()
    approved_at: Mapped[datetime | None] = field()
    verification_notes: Mapped[str | None] = field()
    evidence_document_id: Mapped[UUID | None] = field()
    verified_by: Mapped[UUID | None] = field()
    verified_at: Mapped[datetime | None] = field()
