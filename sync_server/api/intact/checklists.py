"""Checklist items and the evidence for them."""

from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Body,
    Filters,
    Flag,
    Line,
    Long,
    Reason,
    Shown,
    Text,
    example,
)
from sync_server.api.intact.resources import Resource, add_single, router_of
from sync_server.services import checklists
from sync_server.services.checklists import CHECKLISTS, EVIDENCE, NOT_OK, is_ok

Rating = Literal["compliant", "non_compliant", "observation", "not_applicable", "minor", "major"]
Kept = Literal["compliant", "non_compliant", "observation", "not_applicable"]
Grade = Literal["minor", "major"]


class ItemChanges(Body):
    """`rating` and `is_ok` say the same: send one, or two that agree. A non-compliance may be sent
    with its grade as the rating; without one it counts as minor."""

    model_config = example(
        auditor_finding="Non-compliance identified", rating="non_compliant", is_ok=False
    )

    auditor_finding: Long | None = None
    rating: Rating | None = None
    is_ok: Flag | None = None


class NewItem(ItemChanges):
    model_config = example(
        audit_schedule_id=EXAMPLE_ID,
        clause_reference="4.1",
        clause_title="Understanding the organization",
        requirement="Has the organization identified external and internal issues?",
        auditor_finding="Fully compliant",
        rating="compliant",
        is_ok=True,
    )

    audit_schedule_id: UUID
    clause_reference: Line
    clause_title: Text | None = None
    requirement: Reason
    help_text: Long | None = None


class ShownItem(Shown):
    """`grade` is there for a non-compliance alone."""

    audit_schedule_id: UUID
    clause_reference: str
    clause_title: str | None
    requirement: str
    help_text: str | None
    position: int
    auditor_finding: str | None
    rating: Kept | None
    grade: Grade | None
    is_ok: bool | None


class ItemFilters(Filters):
    search: str | None = None
    audit_schedule_id: UUID | None = None


class EvidenceChanges(Body):
    model_config = example(description="Updated description")

    description: Reason | None = None


class NewEvidence(EvidenceChanges):
    """A file of the library, for an item, a non-conformity, or both of one audit."""

    model_config = example(
        audit_checklist_id=EXAMPLE_ID,
        document_id=EXAMPLE_ID,
        description="Evidence of process implementation",
    )

    audit_checklist_id: UUID | None = None
    non_conformity_id: UUID | None = None
    document_id: UUID
    kind: Literal["evidence", "verification"] = Field(
        "evidence", description="verification: shows that a corrective action works"
    )
    description: Reason


class ShownEvidence(Shown):
    """`document_id` is empty for what was taken on site."""

    audit_schedule_id: UUID
    audit_checklist_id: UUID | None
    non_conformity_id: UUID | None
    document_id: UUID | None
    kind: Literal["evidence", "response", "verification"]
    file_name: str
    content_type: str
    size: int
    sha256: str
    description: str
    uploaded_by: UUID | None


class EvidenceFilters(Filters):
    search: str | None = None
    audit_schedule_id: UUID | None = None
    audit_checklist_id: UUID | None = None
    non_conformity_id: UUID | None = None


def _rating(row: Any) -> str | None:
    return "non_compliant" if row.rating in NOT_OK else row.rating


ITEM = Resource(
    CHECKLISTS,
    "audit-checklists",
    "audit_checklist",
    ShownItem,
    ItemFilters,
    NewItem,
    ItemChanges,
    computed={
        "rating": _rating,
        "grade": lambda row: row.rating if row.rating in NOT_OK else None,
        "is_ok": lambda row: is_ok(row.rating),
    },
    create=checklists.add_item,
    change=checklists.change_item,
    remove=checklists.remove_item,
)
EVIDENCE_OF_AUDIT = Resource(
    EVIDENCE,
    "audit-evidence",
    "audit_evidence",
    ShownEvidence,
    EvidenceFilters,
    NewEvidence,
    EvidenceChanges,
    computed={"document_id": lambda _: None},
    joined=checklists.document_ids,
    create=checklists.add_evidence,
    change=checklists.describe,
    remove=checklists.remove_evidence,
)

items = router_of(ITEM, "Audit checklists")
evidence = router_of(EVIDENCE_OF_AUDIT, "Audit evidence")
routers = (items, evidence)
for router, resource in zip(routers, (ITEM, EVIDENCE_OF_AUDIT), strict=True):
    add_single(router, resource)
