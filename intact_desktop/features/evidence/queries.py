"""Evidence of an audit, and what it can be linked to."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.findings import NonConformity
from intact_core.records.people import User
from intact_desktop.store.tables import Blob


@dataclass(frozen=True)
class Piece:
    """One piece of evidence; `state` is that of its file: pending, sent, here, wanted."""

    id: UUID
    kind: str
    name: str
    content_type: str
    size: int
    sha256: str
    decodable: bool
    taken_at: datetime | None
    caption: str
    item_id: UUID | None
    finding_id: UUID | None
    clause: str
    finding: str
    by: str
    state: str


def pieces(session: Session, audit_id: UUID, item_id: UUID | None = None) -> list[Piece]:
    """The evidence of an audit, or of one item of it, newest first."""
    row = AuditEvidence
    query = (
        select(
            row,
            AuditChecklist.clause_reference,
            NonConformity.nc_number,
            User.first_name,
            User.last_name,
            Blob.state,
        )
        .outerjoin(AuditChecklist, AuditChecklist.id == row.audit_checklist_id)
        .outerjoin(NonConformity, NonConformity.id == row.non_conformity_id)
        .outerjoin(User, User.id == row.uploaded_by)
        .outerjoin(Blob, (Blob.sha256 == row.sha256) & (Blob.audit_id == row.audit_schedule_id))
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.created_at.desc(), row.id.desc())
    )
    if item_id is not None:
        query = query.where(row.audit_checklist_id == item_id)
    return [
        _piece(one, clause, number, (first, last), state)
        for one, clause, number, first, last, state in session.execute(query)
    ]


def _piece(
    row: AuditEvidence,
    clause: str | None,
    number: str | None,
    name: tuple[str | None, str | None],
    state: str | None,
) -> Piece:
    return Piece(
        id=row.id,
        kind=row.kind,
        name=row.file_name,
        content_type=row.content_type,
        size=row.size,
        sha256=row.sha256,
        decodable=row.decodable,
        taken_at=row.taken_at,
        caption=row.description,
        item_id=row.audit_checklist_id,
        finding_id=row.non_conformity_id,
        clause=clause or "",
        finding=number or "",
        by=" ".join(part for part in name if part),
        state=state or "wanted",
    )


@dataclass(frozen=True)
class Target:
    """Something that evidence can be linked to."""

    id: UUID
    words: str


def item_targets(session: Session, audit_id: UUID) -> list[Target]:
    """The items of an audit."""
    row = AuditChecklist
    query = (
        select(row.id, row.clause_reference, row.requirement)
        .where(row.audit_schedule_id == audit_id, row.deleted_at.is_(None))
        .order_by(row.position)
    )
    return [Target(id_, f"{clause}  {text[:70]}") for id_, clause, text in session.execute(query)]


def finding_targets(session: Session, audit_id: UUID) -> list[Target]:
    """The findings of an audit that are not void."""
    row = NonConformity
    query = (
        select(row.id, row.nc_number, row.description)
        .where(
            row.audit_schedule_id == audit_id,
            row.deleted_at.is_(None),
            row.status != "void",
        )
        .order_by(row.nc_number)
    )
    return [Target(id_, f"{number}  {text[:70]}") for id_, number, text in session.execute(query)]
