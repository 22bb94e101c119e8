"""Non-conformities with the client's response, its review and its verification."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, Record, audit_scope, field, fixed, text, to

SEVERITIES = ("major", "minor", "observation", "opportunity")

NC_STEPS = {
    "open": frozenset({"responded", "closed", "void"}),
    "responded": frozenset({"open", "accepted"}),
    "accepted": frozenset({"open", "verified"}),
    "verified": frozenset({"open", "closed"}),
    "closed": frozenset[str](),
    "void": frozenset[str](),
}
"""open → responded → accepted → verified → closed; a rejected response opens it again.

What is no non-conformity needs no response and is closed at once (rules/findings.py).
"""


class NonConformity(Record):
    """A finding. Grade, clause and statement are one unit: half of another's words is wrong.

    `description` is the statement of the non-conformity, `requirement_reference` the one
    requirement, `evidence` the objective evidence (ISO/IEC 17021-1, 9.4.5.3). Fields of the
    response, its review and its verification stay open when the report is signed.
    """

    __tablename__ = "non_conformities"
    __scope__ = audit_scope()
    __table_args__ = (
        to("audit_schedules", "audit_schedule_id"),
        Index(None, "tenant_id", "nc_number"),
    )

    audit_schedule_id: Mapped[UUID] = fixed()
    nc_number: Mapped[str] = field(merge=Merge.NUMBER)
    severity: Mapped[str] = field(group="finding", choices=SEVERITIES)
    clause: Mapped[str | None] = field(group="finding")
    requirement_reference: Mapped[str | None] = field(group="finding")
    description: Mapped[str] = text(group="finding", default="")
    evidence: Mapped[str | None] = text()
    due_date: Mapped[date | None] = field()
    raised_by: Mapped[UUID | None] = fixed()
    status: Mapped[str] = field(merge=Merge.STATE, steps=NC_STEPS, default="open", signed=False)
    void_reason: Mapped[str | None] = field(signed=False)
    cause: Mapped[str | None] = text(signed=False)
    correction: Mapped[str | None] = text(signed=False)
    corrective_action: Mapped[str | None] = text(signed=False)
    responded_at: Mapped[datetime | None] = field(signed=False, group="responded")
    responded_by: Mapped[UUID | None] = field(signed=False, group="responded")
    review_notes: Mapped[str | None] = text(signed=False)
    reviewed_at: Mapped[datetime | None] = field(signed=False, group="reviewed")
    reviewed_by: Mapped[UUID | None] = field(signed=False, group="reviewed")
    verification_notes: Mapped[str | None] = text(signed=False)
    verified_at: Mapped[datetime | None] = field(signed=False, group="verified")
    verified_by: Mapped[UUID | None] = field(signed=False, group="verified")
    closed_at: Mapped[datetime | None] = field(signed=False)


class FindingItem(Record):
    """Joins a checklist item to a finding: several items may stand behind one finding."""

    __tablename__ = "finding_items"
    __scope__ = audit_scope()
    __table_args__ = (
        to("non_conformities", "non_conformity_id"),
        to("audit_checklists", "audit_checklist_id"),
    )

    audit_schedule_id: Mapped[UUID] = fixed()
    non_conformity_id: Mapped[UUID] = fixed()
    audit_checklist_id: Mapped[UUID] = fixed()
