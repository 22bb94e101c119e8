"""Corrective actions: the answer to a non-conformity, and its verification (9.4.9, 9.4.10)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotAllowed, RuleBroken
from intact_core.records.findings import NonConformity
from intact_core.records.library import Document
from intact_core.records.quality import CorrectiveAction
from intact_core.rules.clauses import clause
from intact_core.rules.findings import GRADED, RESPONSE_FIELDS
from sync_server.auth.callers import Caller
from sync_server.services import findings, records
from sync_server.services.non_conformities import FINDINGS, responded
from sync_server.services.records import Kind, Values
from sync_server.services.visibility import SEES_ALL

_LONGEST_TITLE = 80
_VERIFIED = ("verified", "closed")


def _visible(caller: Caller) -> ColumnElement[bool]:
    of_findings = CorrectiveAction.non_conformity_id.is_not(None)
    if caller.client_id is None and caller.has(*SEES_ALL):
        return of_findings
    seen = FINDINGS.visible(caller)
    mine = select(NonConformity.id).where(
        NonConformity.tenant_id == caller.tenant, NonConformity.deleted_at.is_(None), seen
    )
    return and_(of_findings, CorrectiveAction.non_conformity_id.in_(mine))


def _may_remove(session: Session, row: CorrectiveAction) -> None:
    del session
    if row.status in _VERIFIED:
        raise RuleBroken("state", "This action is verified; it stays.", clause=clause("records"))


ACTIONS = Kind(
    CorrectiveAction,
    "corrective action",
    search=("capa_number", "title", "action_plan"),
    number=("capa_number", "CAPA"),
    visible=_visible,
    may_remove=_may_remove,
)


def add(session: Session, caller: Caller, values: Values) -> CorrectiveAction:
    """Record what is done about a finding. With cause and correction the answer is complete, and
    the finding counts as responded to.

    Raises RuleBroken: `state`, `auditor_solution` (9.4.5.3); BadInput.
    """
    given = {name: value for name, value in values.items() if value is not None}
    finding = records.named(
        session, caller, FINDINGS, "non_conformity_id", given["non_conformity_id"], lock=True
    )
    if finding.status in ("closed", "void"):
        raise RuleBroken("state", "This finding is closed and takes no further action.")
    said = {name: given.pop(name, None) for name in ("cause", "correction")}
    given.setdefault("title", given["action_plan"].strip()[:_LONGEST_TITLE])
    row = records.create(session, caller, ACTIONS, given)
    if finding.severity in GRADED and finding.status in ("open", "responded"):
        _answer(session, caller, finding, row.action_plan, said)
    return row


def _answer(
    session: Session,
    caller: Caller,
    finding: NonConformity,
    plan: str,
    said: Mapping[str, str | None],
) -> None:
    for name, text in said.items():
        if text:
            setattr(finding, name, text)
    earlier = (finding.corrective_action or "").strip()
    finding.corrective_action = f"{earlier}\n{plan}" if earlier else plan
    whole = all((getattr(finding, name) or "").strip() for name in RESPONSE_FIELDS)
    if whole and finding.status == "open":
        responded(finding, caller)
    session.flush()


def change(session: Session, caller: Caller, action_id: UUID, values: Values) -> CorrectiveAction:
    """Change an action that is not verified yet; the finding's answer follows its plan."""
    found = records.one(session, caller, ACTIONS, action_id)
    finding = _finding(session, caller, found)
    row = records.one(session, caller, ACTIONS, action_id, lock=True)
    if row.status in _VERIFIED:
        raise RuleBroken("state", "This action is verified; it stays as it is.")
    old, row = row.action_plan, records.change(session, caller, ACTIONS, action_id, values)
    told = finding.corrective_action or ""
    if row.action_plan != old and finding.status in ("open", "responded") and old in told:
        finding.corrective_action = told.replace(old, row.action_plan, 1)
        session.flush()
    return row


def _finding(session: Session, caller: Caller, row: CorrectiveAction) -> NonConformity:
    # The finding before its actions, always: so two people wait for each other and never both.
    id_ = row.non_conformity_id
    if id_ is None:
        raise BadInput("This action belongs to no finding.")
    return records.one(session, caller, FINDINGS, id_, lock=True)


@dataclass(frozen=True)
class Seen:
    """What shows that an action works: notes, a document of the library, or both."""

    notes: str | None = None
    document_id: UUID | None = None


def verify(session: Session, caller: Caller, action_id: UUID, seen: Seen) -> CorrectiveAction:
    """Record that an action was seen to work. The last of an accepted finding verifies it, too.

    Raises RuleBroken (`transition`: once only; `verification_evidence`), BadInput, NotAllowed.
    """
    if caller.client_id is not None:
        raise NotAllowed("Actions are verified by the certification body.")
    finding = _finding(session, caller, records.one(session, caller, ACTIONS, action_id))
    row = records.one(session, caller, ACTIONS, action_id, lock=True)
    if row.status not in ("active", "completed"):
        raise RuleBroken("transition", f"Invalid transition from '{row.status}' to 'verified'")
    notes = (seen.notes or "").strip()
    shown_by = _shown_by(session, caller, seen.document_id)
    if not notes and shown_by is None:
        raise RuleBroken(
            "verification_evidence",
            "Say what you saw that shows the action works, or name the document that shows it.",
            clause=clause("verification"),
        )
    values = {
        "status": "verified",
        "verification_notes": notes or None,
        "evidence_document_id": seen.document_id,
        "verified_by": caller.user_id,
        "verified_at": clock.now(),
    }
    row = records.change(session, caller, ACTIONS, action_id, values)
    if finding.status == "accepted" and not _waiting(session, finding.id):
        findings.verify(session, caller, finding.id, notes or shown_by or "")
    return row


def _shown_by(session: Session, caller: Caller, document_id: UUID | None) -> str | None:
    if document_id is None:
        return None
    document = session.get(Document, (caller.tenant, document_id))
    if document is None or document.deleted_at is not None or document.is_folder:
        raise BadInput("evidence_document_id: there is no such file. Check the id.")
    return f"Shown by the document '{document.name}'."


def _waiting(session: Session, finding_id: UUID) -> bool:
    query = select(CorrectiveAction.id).where(
        CorrectiveAction.non_conformity_id == finding_id,
        CorrectiveAction.deleted_at.is_(None),
        CorrectiveAction.status.not_in(_VERIFIED),
    )
    return session.scalar(query.limit(1)) is not None


def states_of_findings(session: Session, rows: Sequence[Any]) -> Mapping[UUID, dict[str, Any]]:
    """`non_conformity_state` of each action: how far its finding is."""
    query = select(NonConformity.id, NonConformity.status).where(
        NonConformity.id.in_({row.non_conformity_id for row in rows})
    )
    states = dict(session.execute(query).all())
    return {row.id: {"non_conformity_state": states.get(row.non_conformity_id)} for row in rows}
