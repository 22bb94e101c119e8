"""What the pages show of one finding, and what the caller may do with it now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.clients import Client
from intact_core.records.findings import FindingItem, NonConformity
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.findings import GRADED
from intact_core.rules.workflow import is_lead
from sync_server.auth.callers import OFFICE, Caller
from sync_server.services.audit_views import people
from sync_server.services.findings import finding_of
from sync_server.services.visibility import audit_of


@dataclass(frozen=True)
class FindingView:
    """A finding with its files and items. `action` is what the caller does next with it:
    `answer`, `review`, `verify`, `close`, or nothing.
    """

    finding: NonConformity
    audit: AuditSchedule
    client: Client
    items: Sequence[AuditChecklist]
    evidence: Sequence[AuditEvidence]
    answers: Sequence[AuditEvidence]
    verification: Sequence[AuditEvidence]
    people: Mapping[UUID, str]
    action: str


def finding_view(session: Session, caller: Caller, finding_id: UUID) -> FindingView:
    """Everything about one finding; raises NotFound."""
    finding = finding_of(session, caller, finding_id)
    audit = audit_of(session, caller, finding.audit_schedule_id)
    files = session.scalars(
        select(AuditEvidence).where(
            AuditEvidence.non_conformity_id == finding.id, AuditEvidence.deleted_at.is_(None)
        )
    ).all()
    return FindingView(
        finding=finding,
        audit=audit,
        client=session.get_one(Client, (caller.tenant, audit.client_id)),
        items=_items(session, finding.id),
        evidence=[] if caller.client_id else [one for one in files if one.kind == "evidence"],
        answers=[one for one in files if one.kind == "response"],
        verification=[one for one in files if one.kind == "verification"],
        people={id_: name for id_, name in people(session).items() if id_ is not None},
        action=_action(session, caller, finding),
    )


def _items(session: Session, finding_id: UUID) -> Sequence[AuditChecklist]:
    query = (
        select(AuditChecklist)
        .join(FindingItem, FindingItem.audit_checklist_id == AuditChecklist.id)
        .where(FindingItem.non_conformity_id == finding_id, FindingItem.deleted_at.is_(None))
        .order_by(AuditChecklist.position)
    )
    return session.scalars(query).all()


def _action(session: Session, caller: Caller, finding: NonConformity) -> str:
    if finding.severity not in GRADED:
        return ""
    if caller.client_id is not None:
        return "answer" if finding.status in ("open", "responded") else ""
    world = SessionWorld(session, caller.tenant)
    lead = is_lead(world, caller.actor, finding.audit_schedule_id)
    if not lead and not caller.has(*OFFICE):
        return ""
    return {"responded": "review", "accepted": "verify", "verified": "close"}.get(
        finding.status, ""
    )
