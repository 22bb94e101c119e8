"""What distinguishes a record from its like, for lists and sentences."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.catalogue import TYPES
from intact_core.records.clients import Client
from intact_core.records.people import User

NAMED_BY = {
    "audit_checklists": "clause_reference",
    "non_conformities": "nc_number",
    "audit_evidence": "file_name",
    "audit_plan_entries": "subject",
    "audit_attendances": "name",
    "audit_schedules": "audit_number",
    "clients": "legal_name",
}
"""The field that tells a record of a kind from its like."""


def subject(session: Session, type_: str, id_: UUID) -> str:
    """A record's number, name or clause; may be empty."""
    name = NAMED_BY.get(type_)
    if name is None:
        return ""
    record: Any = TYPES[type_].record
    return str(session.scalar(select(getattr(record, name)).where(record.id == id_)) or "")


def audits(session: Session) -> dict[str, str]:
    """Client and number of each audit on this laptop, by its scope."""
    query = select(AuditSchedule.id, AuditSchedule.audit_number, Client.legal_name).join(
        Client, Client.id == AuditSchedule.client_id
    )
    return {
        f"audit:{id_}": f"{client} · {number}" for id_, number, client in session.execute(query)
    }


def clients(session: Session) -> dict[str, str]:
    """The name of each client organisation on this laptop, by its scope."""
    rows = session.execute(select(Client.id, Client.legal_name))
    return {f"client:{id_}": name for id_, name in rows}


def people(session: Session) -> dict[UUID, str]:
    """The full name of everybody that this laptop knows of."""
    return {one.id: one.full_name for one in session.scalars(select(User))}
