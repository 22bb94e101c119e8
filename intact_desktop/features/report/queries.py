"""What the report's page shows: what is missing, who signs, and the report once it is signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.documents.report_data import Amended, ExpectedSigner, ReportSnapshot
from intact_core.errors import Place, RuleBroken
from intact_core.records.audits import AuditSchedule
from intact_core.records.clients import Client, ClientContact
from intact_core.records.conclusions import AuditReport, ReportAmendment, Signature
from intact_core.records.people import User
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules import signing, workflow
from intact_desktop.features.report import contents
from intact_desktop.features.report.contents import Amending, Terms
from intact_desktop.store.gaps import Gap, gaps
from intact_desktop.store.journal import actor_of
from intact_desktop.store.rows import row_of
from intact_desktop.store.tables import Blob


@dataclass(frozen=True)
class SignatureSeen:
    """One signature on the report, as its record says."""

    kind: str
    name: str
    role: str
    meaning: str
    at: datetime


@dataclass(frozen=True)
class SignedReport:
    """The report that was signed: its file is in the evidence store under `sha256`."""

    id: UUID
    version: int
    sha256: str
    manifest: dict[str, Any]
    signatures: tuple[SignatureSeen, ...]


@dataclass(frozen=True)
class ReportState:
    """Where the report of an audit stands, for the person at this laptop."""

    audit_number: str
    client: str
    my_name: str
    is_lead: bool
    contact_name: str
    contact_role: str
    missing: tuple[Gap, ...]
    files_not_here: int
    signed: SignedReport | None
    amending: Amending | None
    may_amend: bool


def state(session: Session, audit_id: UUID) -> ReportState:
    """Everything the page shows; raises NotFound where the audit is not here."""
    audit = row_of(session, AuditSchedule, audit_id)
    actor, world = actor_of(session), SessionWorld(session, audit.tenant_id)
    me = session.scalar(select(User).where(User.id == actor.user_id))
    name, role = _contact(session, audit.client_id)
    client = session.scalar(select(Client.legal_name).where(Client.id == audit.client_id))
    return ReportState(
        audit_number=audit.audit_number,
        client=client or "",
        my_name=me.full_name if me else "",
        is_lead=workflow.is_lead(world, actor, audit_id),
        contact_name=name,
        contact_role=role,
        missing=tuple(gaps(session, audit.tenant_id, audit_id)),
        files_not_here=_not_here(session, audit_id),
        signed=signed_report(session, audit_id),
        amending=amending(session, audit_id),
        may_amend=workflow.is_lead(world, actor, audit_id) and not _decided(world, audit_id),
    )


def snapshot(session: Session, audit_id: UUID, terms: Terms | None = None) -> ReportSnapshot:
    """The frozen audit that a report is rendered from; without terms nobody is to sign it."""
    return contents.snapshot(session, audit_id, terms or next_terms(session, audit_id, ()))


def next_terms(session: Session, audit_id: UUID, signers: Sequence[ExpectedSigner]) -> Terms:
    """Terms of the next report of the audit, prepared now."""
    count = select(func.count()).where(AuditReport.audit_schedule_id == audit_id)
    version = (session.scalar(count) or 0) + 1
    return contents.new_terms(version, ids.new_id(), signers, amending(session, audit_id))


def amending(session: Session, audit_id: UUID) -> Amending | None:
    """The signed report whose amendment was begun and is not signed yet, or None."""
    newest = session.scalars(_newest(audit_id)).first()
    if newest is None:
        return None
    begun = session.scalar(
        select(ReportAmendment).where(
            ReportAmendment.report_id == newest.id, ReportAmendment.deleted_at.is_(None)
        )
    )
    if begun is None:
        return None
    return Amending(newest.id, Amended(newest.version, newest.sha256, begun.reason))


def refusal(session: Session, audit_id: UUID) -> RuleBroken | None:
    """Why the report may not be signed now by the person at this laptop, or None."""
    audit = row_of(session, AuditSchedule, audit_id)
    world, here = SessionWorld(session, audit.tenant_id), Place("audit_schedules", audit_id)
    if not workflow.is_lead(world, actor_of(session), audit_id):
        sentence = "The report is signed by the audit's lead auditor. Nothing was signed."
        return RuleBroken("lead_only", sentence, place=here)
    if signing.is_signed(world, audit_id):
        sentence = "The report of this audit is signed already. A correction needs an amendment."
        return RuleBroken("signed", sentence, place=here)
    lacking = [one for one in gaps(session, audit.tenant_id, audit_id) if one.blocks]
    if not lacking:
        return None
    more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
    sentence = (
        f"Not ready to be signed. {lacking[0].words}{more}. What is signed cannot be mended later, "
        "so this comes first. Nothing was signed."
    )
    return RuleBroken("not_ready", sentence, place=lacking[0].place)


def signed_report(session: Session, audit_id: UUID) -> SignedReport | None:
    """The newest report of the audit while its signature stands, or None."""
    row = session.scalars(_newest(audit_id)).first()
    if row is None or amending(session, audit_id) is not None:
        return None
    signatures = session.scalars(
        select(Signature)
        .where(Signature.report_id == row.id, Signature.deleted_at.is_(None))
        .order_by(Signature.signed_at, Signature.id)
    )
    seen = tuple(
        SignatureSeen(one.kind, one.signer_name, one.signer_role, one.meaning, one.signed_at)
        for one in signatures
    )
    return SignedReport(row.id, row.version, row.sha256, row.manifest or {}, seen)


def _decided(world: SessionWorld, audit_id: UUID) -> bool:
    return bool(world.find("certification_decisions", audit_schedule_id=audit_id))


def _newest(audit_id: UUID) -> Select[AuditReport]:
    return (
        select(AuditReport)
        .where(AuditReport.audit_schedule_id == audit_id, AuditReport.deleted_at.is_(None))
        .order_by(AuditReport.version.desc())
        .limit(1)
    )


def _contact(session: Session, client_id: UUID) -> tuple[str, str]:
    query = (
        select(ClientContact)
        .where(ClientContact.client_id == client_id, ClientContact.deleted_at.is_(None))
        .order_by(ClientContact.is_primary.desc(), ClientContact.created_at)
    )
    row = session.scalars(query).first()
    return (f"{row.first_name} {row.last_name}".strip(), row.job_title or "") if row else ("", "")


def _not_here(session: Session, audit_id: UUID) -> int:
    query = select(func.count()).where(Blob.audit_id == audit_id, Blob.state == "wanted")
    return session.scalar(query) or 0
