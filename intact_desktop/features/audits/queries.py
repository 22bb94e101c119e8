"""The audits on this laptop, and what of each is here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.base import Record
from intact_core.records.checklist import AuditChecklist
from intact_core.records.clients import Client, ClientContact, ClientSite
from intact_core.records.conclusions import AuditReport
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_core.records.standards import Standard, StandardClause
from intact_desktop.store.tables import Blob

HERE = ("here", "sent", "pending")


@dataclass(frozen=True)
class AuditRow:
    """One audit in the list; `files_here` of `files` are on this laptop."""

    id: UUID
    client_id: UUID
    standard_id: UUID
    number: str
    client: str
    standard: str
    kind: str
    stage: str | None
    status: str
    workflow: str
    first_day: date | None
    last_day: date | None
    done: int
    items: int
    conflicts: int
    files_here: int
    files: int

    @property
    def is_ready(self) -> bool:
        """Whether all that work without a network needs is on this laptop."""
        return self.items > 0 and self.files_here == self.files


def audits(session: Session, user_id: UUID) -> list[AuditRow]:
    """The audits whose team the person is on: those still on site first, then by date."""
    mine = select(AuditTeam.audit_schedule_id).where(
        AuditTeam.user_id == user_id, AuditTeam.deleted_at.is_(None)
    )
    query = (
        select(AuditSchedule, Client.legal_name, Standard.standard_code, Standard.version)
        .join(Client, Client.id == AuditSchedule.client_id)
        .join(Standard, Standard.id == AuditSchedule.standard_id)
        .where(AuditSchedule.id.in_(mine), AuditSchedule.deleted_at.is_(None))
        .order_by(
            AuditSchedule.workflow_status != "draft",
            AuditSchedule.scheduled_start_date.desc(),
            AuditSchedule.audit_number,
        )
    )
    progress, conflicts, files = _progress(session), _conflicts(session), _files(session)
    found = []
    for audit, client, code, version in session.execute(query):
        done, items = progress.get(audit.id, (0, 0))
        here, whole = files.get(audit.id, (0, 0))
        standard = f"{code}:{version}" if version else code
        waiting = conflicts.get(f"audit:{audit.id}", 0)
        found.append(_row(audit, (client, standard), (done, items, waiting, here, whole)))
    return found


def _row(audit: AuditSchedule, named: tuple[str, str], counts: tuple[int, ...]) -> AuditRow:
    return AuditRow(
        audit.id,
        audit.client_id,
        audit.standard_id,
        audit.audit_number,
        *named,
        audit.audit_type,
        audit.audit_stage,
        audit.status,
        audit.workflow_status,
        audit.actual_start_date or audit.scheduled_start_date,
        audit.actual_end_date or audit.scheduled_end_date,
        *counts,
    )


def _progress(session: Session) -> Mapping[UUID, tuple[int, int]]:
    query = (
        select(AuditChecklist.audit_schedule_id, func.count(AuditChecklist.rating), func.count())
        .where(AuditChecklist.deleted_at.is_(None))
        .group_by(AuditChecklist.audit_schedule_id)
    )
    return {audit_id: (done, items) for audit_id, done, items in session.execute(query)}


def _conflicts(session: Session) -> Mapping[str, int]:
    query = (
        select(Conflict.scope, func.count())
        .where(Conflict.state == "open", Conflict.deleted_at.is_(None))
        .group_by(Conflict.scope)
    )
    return dict(iter(session.execute(query)))


def _files(session: Session) -> Mapping[UUID, tuple[int, int]]:
    here = func.sum(case((Blob.state.in_(HERE), 1), else_=0))
    query = select(Blob.audit_id, here, func.count()).group_by(Blob.audit_id)
    return {audit_id: (int(one), whole) for audit_id, one, whole in session.execute(query)}


@dataclass(frozen=True)
class Pack:
    """What of an audit is on this laptop, in numbers."""

    items: int
    clauses: int
    earlier_findings: int
    client_records: int
    documents: int
    files_here: int
    files: int


def pack(session: Session, audit: AuditRow) -> Pack:
    """What is behind the tick "ready offline"."""
    earlier = (
        select(func.count())
        .select_from(NonConformity)
        .join(AuditSchedule, AuditSchedule.id == NonConformity.audit_schedule_id)
        .where(AuditSchedule.client_id == audit.client_id, AuditSchedule.id != audit.id)
    )
    people = _number(session, ClientContact, ClientContact.client_id == audit.client_id)
    sites = _number(session, ClientSite, ClientSite.client_id == audit.client_id)
    return Pack(
        items=audit.items,
        clauses=_number(session, StandardClause, StandardClause.standard_id == audit.standard_id),
        earlier_findings=session.scalar(earlier) or 0,
        client_records=1 + people + sites,
        documents=_number(session, AuditReport, AuditReport.audit_schedule_id == audit.id),
        files_here=audit.files_here,
        files=audit.files,
    )


def _number(session: Session, record: type[Record], which: ColumnElement[bool]) -> int:
    query: Select[Any] = select(func.count()).select_from(record)
    return session.scalar(query.where(which, record.deleted_at.is_(None))) or 0
