"""Findings that the client answers, and how far each is."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.checklist import AuditEvidence
from intact_core.records.clients import Client
from intact_core.records.findings import NonConformity
from intact_core.records.people import User
from intact_core.rules.findings import GRADED


@dataclass(frozen=True)
class AnswerFile:
    """A file of the client's answer, or of its verification."""

    sha256: str
    name: str
    kind: str
    content_type: str


@dataclass(frozen=True)
class FollowUp:
    """One graded finding with its answer, review and verification."""

    id: UUID
    audit_id: UUID
    client: str
    number: str
    severity: str
    status: str
    statement: str
    due_date: date | None
    cause: str
    correction: str
    corrective_action: str
    responded_at: datetime | None
    responded_by: str
    review_notes: str
    reviewed_at: datetime | None
    verification_notes: str
    verified_at: datetime | None
    files: tuple[AnswerFile, ...]
    is_lead: bool


def follow_ups(session: Session, user_id: UUID) -> list[FollowUp]:
    """Graded findings of my audits that are with the client or later; answered ones first."""
    row = NonConformity
    query = (
        select(row, Client.legal_name, AuditTeam.is_lead)
        .join(AuditSchedule, AuditSchedule.id == row.audit_schedule_id)
        .join(Client, Client.id == AuditSchedule.client_id)
        .join(AuditTeam, AuditTeam.audit_schedule_id == AuditSchedule.id)
        .where(
            AuditTeam.user_id == user_id,
            AuditTeam.deleted_at.is_(None),
            AuditSchedule.workflow_status != "draft",
            row.severity.in_(GRADED),
            row.status != "void",
            row.deleted_at.is_(None),
        )
        .order_by(row.status != "responded", row.due_date, row.nc_number)
    )
    names = {user.id: user.full_name for user in session.scalars(select(User))}
    files = _files(session)
    return [
        _row(finding, client, lead, (names, files[finding.id]))
        for finding, client, lead in session.execute(query)
    ]


def _row(
    one: NonConformity,
    client: str,
    is_lead: bool,
    around: tuple[dict[UUID, str], list[AnswerFile]],
) -> FollowUp:
    names, files = around
    return FollowUp(
        id=one.id,
        audit_id=one.audit_schedule_id,
        client=client,
        number=one.nc_number,
        severity=one.severity,
        status=one.status,
        statement=one.description,
        due_date=one.due_date,
        cause=one.cause or "",
        correction=one.correction or "",
        corrective_action=one.corrective_action or "",
        responded_at=one.responded_at,
        responded_by=names.get(one.responded_by, "") if one.responded_by else "",
        review_notes=one.review_notes or "",
        reviewed_at=one.reviewed_at,
        verification_notes=one.verification_notes or "",
        verified_at=one.verified_at,
        files=tuple(files),
        is_lead=is_lead,
    )


def _files(session: Session) -> dict[UUID, list[AnswerFile]]:
    row = AuditEvidence
    query = (
        select(row.non_conformity_id, row.sha256, row.file_name, row.kind, row.content_type)
        .where(row.kind.in_(("response", "verification")), row.deleted_at.is_(None))
        .order_by(row.created_at)
    )
    found: dict[UUID, list[AnswerFile]] = defaultdict(list)
    for finding_id, sha256, name, kind, content_type in session.execute(query):
        if finding_id is not None:
            found[finding_id].append(AnswerFile(sha256, name, kind, content_type))
    return found
