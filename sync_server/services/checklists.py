"""Checklist items and evidence as records (17021-1, 9.4.4 and 9.4.5)."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, RuleBroken
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.findings import FindingItem
from intact_core.records.library import Document, DocumentVersion, EvidenceDocument
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.audit_schedules import open_audit
from sync_server.services.non_conformities import FINDINGS
from sync_server.services.records import Kind, Values
from sync_server.services.visibility import of_audits

NOT_OK = ("minor", "major")
"""Ratings of what does not conform; any other is in order."""


def _unused(session: Session, row: AuditChecklist) -> None:
    for record in (AuditEvidence, FindingItem):
        used = select(record.id).where(
            record.audit_checklist_id == row.id, record.deleted_at.is_(None)
        )
        if session.scalar(used.limit(1)) is not None:
            raise RuleBroken("in_use", "Evidence or a finding stands on this item, so it stays.")


CHECKLISTS = Kind(
    AuditChecklist,
    "checklist item",
    search=("clause_reference", "requirement"),
    visible=of_audits(AuditChecklist.audit_schedule_id),
    may_remove=_unused,
)
EVIDENCE = Kind(
    AuditEvidence,
    "piece of evidence",
    search=("description", "file_name"),
    visible=of_audits(AuditEvidence.audit_schedule_id),
)


def is_ok(rating: str | None) -> bool | None:
    """Whether an item is in order; None while it is not rated."""
    return None if rating is None else rating not in NOT_OK


def add_item(session: Session, caller: Caller, values: Values) -> AuditChecklist:
    """Add an item at the end of an audit's checklist; raises BadInput, RuleBroken."""
    audit = open_audit(session, caller, values["audit_schedule_id"])
    last = select(func.max(AuditChecklist.position)).where(
        AuditChecklist.audit_schedule_id == audit.id
    )
    given = {**values, **_rating(values, None), "position": (session.scalar(last) or 0) + 1}
    given.pop("is_ok", None)
    return records.create(session, caller, CHECKLISTS, given)


def change_item(session: Session, caller: Caller, item_id: UUID, values: Values) -> AuditChecklist:
    """Rate an item and write down what was found; raises what adding one raises."""
    row = records.one(session, caller, CHECKLISTS, item_id, lock=True)
    open_audit(session, caller, row.audit_schedule_id)
    given = {**values, **_rating(values, row.rating)}
    given.pop("is_ok", None)
    return records.change(session, caller, CHECKLISTS, item_id, given)


def remove_item(session: Session, caller: Caller, item_id: UUID) -> AuditChecklist:
    """Take an item out of a checklist on which nothing stands yet."""
    row = records.one(session, caller, CHECKLISTS, item_id)
    open_audit(session, caller, row.audit_schedule_id)
    return records.remove(session, caller, CHECKLISTS, item_id, "removed through the API")


def _rating(values: Values, now: str | None) -> dict[str, str | None]:
    """The rating to store. Without a grade a non-compliance keeps the one it has, else minor."""
    said, ok = values.get("rating"), values.get("is_ok")
    if said is None and ok is None:
        return {"rating": None} if "rating" in values else {}
    if said is None:
        said = "compliant" if ok else "non_compliant"
        if is_ok(now) == ok:
            return {}
    stored = (now if now in NOT_OK else "minor") if said == "non_compliant" else str(said)
    if ok is not None and ok != is_ok(stored):
        raise BadInput("rating and is_ok disagree: send one of them, or two that agree.")
    return {"rating": stored}


def add_evidence(session: Session, caller: Caller, values: Values) -> AuditEvidence:
    """Take a document of the library as evidence for an item, a finding, or both.

    Raises BadInput for references to nothing, and for a document without content.
    """
    audit_id = _audit_of(session, caller, values)
    open_audit(session, caller, audit_id)
    document, version = _content(session, caller, values["document_id"])
    given = {name: value for name, value in values.items() if name != "document_id"}
    content = {name: getattr(version, name) for name in ("content_type", "size", "sha256")}
    more = {
        "audit_schedule_id": audit_id,
        "file_name": version.file_name,
        "taken_at": clock.now(),
        "uploaded_by": caller.user_id,
    }
    row = records.create(session, caller, EVIDENCE, {**given, **content, **more})
    session.add(EvidenceDocument(evidence_id=row.id, document_id=document.id))
    session.flush()
    return row


def _audit_of(session: Session, caller: Caller, values: Values) -> UUID:
    kinds: dict[str, Kind[Any]] = {
        "audit_checklist_id": CHECKLISTS,
        "non_conformity_id": FINDINGS,
    }
    found: set[UUID] = {
        records.named(session, caller, kind, name, values[name], lock=True).audit_schedule_id
        for name, kind in kinds.items()
        if values.get(name) is not None
    }
    if not found:
        raise BadInput("audit_checklist_id: say which item or non-conformity this is evidence for.")
    if len(found) > 1:
        raise BadInput("The item and the non-conformity belong to different audits.")
    return found.pop()


def _content(
    session: Session, caller: Caller, document_id: UUID
) -> tuple[Document, DocumentVersion]:
    document = session.get(Document, (caller.tenant, document_id))
    if document is None or document.deleted_at is not None:
        raise BadInput("document_id: there is no such document. Check the id.")
    version = (
        session.get(DocumentVersion, (caller.tenant, document.current_version_id))
        if document.current_version_id is not None
        else None
    )
    if version is None:
        raise BadInput("document_id: this is a folder or has no content. Name a file.")
    return document, version


def describe(session: Session, caller: Caller, evidence_id: UUID, values: Values) -> AuditEvidence:
    """Change what is said about a piece of evidence; the file itself never changes."""
    row = records.one(session, caller, EVIDENCE, evidence_id)
    open_audit(session, caller, row.audit_schedule_id)
    return records.change(session, caller, EVIDENCE, evidence_id, values)


def remove_evidence(session: Session, caller: Caller, evidence_id: UUID) -> AuditEvidence:
    """Take evidence out of an audit; the document stays in the library, the row as a tombstone."""
    found = records.one(session, caller, EVIDENCE, evidence_id)
    open_audit(session, caller, found.audit_schedule_id)
    row = records.remove(session, caller, EVIDENCE, evidence_id, "removed through the API")
    joins = select(EvidenceDocument).where(EvidenceDocument.evidence_id == row.id)
    for join in session.scalars(joins):
        join.deleted_at, join.deleted_reason = row.deleted_at, row.deleted_reason
    session.flush()
    return row


def document_ids(session: Session, rows: Sequence[Any]) -> Mapping[UUID, dict[str, Any]]:
    """`document_id` of each piece of evidence that came from the library."""
    query = select(EvidenceDocument.evidence_id, EvidenceDocument.document_id).where(
        EvidenceDocument.evidence_id.in_([row.id for row in rows])
    )
    return {evidence: {"document_id": document} for evidence, document in session.execute(query)}
