"""What the page of the team room reads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist
from intact_core.records.clients import Client
from intact_core.records.findings import NonConformity
from intact_desktop.store.tables import Carried, CarriedChain
from intact_desktop.sync.showing import Meeting, meetings


@dataclass(frozen=True)
class AuditChoice:
    """An audit that a room can be opened for, or that can be handed over."""

    id: UUID
    title: str


@dataclass(frozen=True)
class BothChanged:
    """A record of which two people changed the same, unseen by each other."""

    type: str
    id: UUID
    subject: str
    name: str
    mine: Mapping[str, Any]
    theirs: Mapping[str, Any]


@dataclass(frozen=True)
class CarriedLine:
    """A colleague's changes that wait here for the server, and why it did not take them."""

    name: str
    operations: int
    met_at: datetime
    refused: str | None


@dataclass(frozen=True)
class RoomStatus:
    """All that the page reads at once."""

    audits: Sequence[AuditChoice]
    both: Sequence[BothChanged]
    carried: Sequence[CarriedLine]


def status(session: Session) -> RoomStatus:
    """What the page shows below the room."""
    both = [_named(session, one) for one in meetings(session.connection())]
    return RoomStatus(_audits(session), both, _carried(session))


def _audits(session: Session) -> list[AuditChoice]:
    query = (
        select(AuditSchedule.id, Client.legal_name, AuditSchedule.audit_number)
        .join(Client, Client.id == AuditSchedule.client_id)
        .where(AuditSchedule.deleted_at.is_(None), AuditSchedule.status != "cancelled")
        .order_by(Client.legal_name, AuditSchedule.audit_number)
    )
    return [
        AuditChoice(id_, f"{client} · {number}") for id_, client, number in session.execute(query)
    ]


def _named(session: Session, met: Meeting) -> BothChanged:
    names = {
        "audit_checklists": (AuditChecklist, AuditChecklist.clause_reference),
        "non_conformities": (NonConformity, NonConformity.nc_number),
    }
    subject = ""
    if met.type in names:
        record, column = names[met.type]
        subject = session.scalar(select(column).where(record.id == met.id)) or ""
    return BothChanged(met.type, met.id, subject, met.name, met.shown, met.other)


def _carried(session: Session) -> list[CarriedLine]:
    chain = CarriedChain
    query = (
        select(chain.name, func.count(Carried.seq), chain.met_at, chain.refused)
        .join(Carried, Carried.device_id == chain.device_id)
        .group_by(chain.device_id)
        .order_by(chain.name)
    )
    return [CarriedLine(*row) for row in session.execute(query)]
