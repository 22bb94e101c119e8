"""The client's answers to findings, their review and their verification (rule 13)."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotFound, Place, RuleBroken
from intact_core.records.checklist import AuditEvidence
from intact_core.records.findings import NC_STEPS, NonConformity
from intact_core.rules.findings import close_problem
from sync_server.auth.callers import Caller
from sync_server.auth.keys import TenantKeys
from sync_server.blobs.store import BlobStore
from sync_server.services import blobs
from sync_server.services.files import Upload, clean_name, content_type_of
from sync_server.services.visibility import audit_of, row_of_audit, shows_findings


@dataclass(frozen=True)
class Answer:
    """What the client answers (17021-1:2015, 9.4.9)."""

    cause: str
    correction: str
    corrective_action: str


@dataclass(frozen=True)
class FileKeeper:
    """Where files go: the content store, and the keys for receipts."""

    store: BlobStore
    keys: TenantKeys


def finding_of(
    session: Session, caller: Caller, finding_id: UUID, *, lock: bool = False
) -> NonConformity:
    """The finding; raises NotFound, also while it is not yet the client's to see."""
    finding: NonConformity = row_of_audit(session, caller, NonConformity, finding_id, lock=lock)
    if not shows_findings(caller, audit_of(session, caller, finding.audit_schedule_id)):
        raise NotFound("There is no such record.")
    return finding


def answer(
    session: Session, caller: Caller, finding_id: UUID, given: Answer, *, submit: bool
) -> NonConformity:
    """Keep the client's answer; with `submit` it goes to the lead and has to be complete.

    Raises RuleBroken (`response_incomplete`, `permission`), BadInput once it was accepted.
    """
    finding = finding_of(session, caller, finding_id, lock=True)
    if finding.status not in ("open", "responded"):
        raise BadInput("This answer was accepted already; it stays as it is.")
    finding.cause = given.cause.strip() or None
    finding.correction = given.correction.strip() or None
    finding.corrective_action = given.corrective_action.strip() or None
    if submit:
        finding.status = "responded"
        finding.responded_at = clock.now()
        finding.responded_by = caller.user_id
    session.flush()
    return finding


def add_file(
    session: Session,
    caller: Caller,
    keeper: FileKeeper,
    finding_id: UUID,
    upload: Upload,
    description: str,
) -> AuditEvidence:
    """Attach a file to an answer (client) or to a verification (team); raises BadInput."""
    content_type = content_type_of(upload)
    finding = finding_of(session, caller, finding_id)
    sha256 = blobs.keep(session, keeper.store, keeper.keys, caller.tenant, upload.content)
    row = AuditEvidence(
        audit_schedule_id=finding.audit_schedule_id,
        kind="response" if caller.client_id is not None else "verification",
        non_conformity_id=finding.id,
        file_name=clean_name(upload.name),
        content_type=content_type,
        size=len(upload.content),
        sha256=sha256,
        taken_at=clock.now(),
        description=description.strip(),
        uploaded_by=caller.user_id,
    )
    session.add(row)
    session.flush()
    return row


def _step(finding: NonConformity, to: str) -> None:
    """Move a finding that is locked; raises RuleBroken where it is there already, or further."""
    if to not in NC_STEPS[finding.status]:
        sentence = f"Invalid transition from '{finding.status}' to '{to}'"
        place = Place("non_conformities", finding.id, "status")
        raise RuleBroken("transition", sentence, place=place)
    finding.status = to


def review(
    session: Session, caller: Caller, finding_id: UUID, *, accept: bool, notes: str
) -> NonConformity:
    """Accept the client's answer, or send it back with the reason (9.4.10)."""
    if not accept and not notes.strip():
        raise BadInput("Say what the answer lacks, so that the client can mend it.")
    finding = finding_of(session, caller, finding_id, lock=True)
    _step(finding, "accepted" if accept else "open")
    finding.review_notes = notes.strip() or None
    finding.reviewed_at = clock.now()
    finding.reviewed_by = caller.user_id
    session.flush()
    return finding


def verify(session: Session, caller: Caller, finding_id: UUID, notes: str) -> NonConformity:
    """Record that the action was seen to work; raises RuleBroken without evidence."""
    finding = finding_of(session, caller, finding_id, lock=True)
    _step(finding, "verified")
    finding.verification_notes = notes.strip() or None
    finding.verified_at = clock.now()
    finding.verified_by = caller.user_id
    session.flush()
    return finding


def close(session: Session, caller: Caller, finding_id: UUID) -> NonConformity:
    """Close a verified finding, or one that is no non-conformity; raises RuleBroken."""
    finding = finding_of(session, caller, finding_id, lock=True)
    problem = close_problem(finding, finding.status)
    if problem is not None:
        raise problem
    _step(finding, "closed")
    finding.closed_at = clock.now()
    session.flush()
    return finding
