"""Conflicts that wait, with both sides named; and what the server did not accept."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.catalogue import TYPES
from intact_core.records.clients import Client
from intact_core.records.conflicts import Conflict
from intact_core.records.people import User
from intact_desktop.sync.outgoing import quarantined

_NAMES = {
    "audit_checklists": ("clause_reference", "requirement"),
    "non_conformities": ("nc_number", "description"),
    "audit_evidence": ("file_name", "description"),
    "clients": ("legal_name",),
    "audit_schedules": ("audit_number",),
}
_LONGEST = 80


@dataclass(frozen=True)
class Side:
    """What one person wrote: field to wire value, and `resolution` is how choosing it is called."""

    resolution: str
    name: str
    at: datetime | None
    values: dict[str, Any]
    is_mine: bool


@dataclass(frozen=True)
class Field:
    """A field in conflict; `choices` are empty for free text, `is_text` where it can be edited."""

    name: str
    choices: tuple[str, ...]
    is_text: bool


@dataclass(frozen=True)
class ConflictRow:
    """One conflict: my side first, where one of them is mine."""

    id: UUID
    audit: str
    record_type: str
    record_id: UUID
    record: str
    kind: str
    fields: tuple[Field, ...]
    base: dict[str, Any]
    sides: tuple[Side, Side]


def conflicts(session: Session, user_id: UUID) -> list[ConflictRow]:
    """All conflicts on this laptop that wait for a choice, oldest first."""
    query = (
        select(Conflict)
        .where(Conflict.state == "open", Conflict.deleted_at.is_(None))
        .order_by(Conflict.created_at, Conflict.id)
    )
    names = {user.id: user.full_name for user in session.scalars(select(User))}
    audits = _audits(session)
    return [_row(session, one, (user_id, names, audits)) for one in session.scalars(query)]


def _row(
    session: Session, one: Conflict, around: tuple[UUID, dict[UUID, str], dict[str, str]]
) -> ConflictRow:
    user_id, names, audits = around
    sides = [
        _side("server", one.server, (one.server_by, one.server_at), (names, user_id)),
        _side("incoming", one.incoming, (one.incoming_by, one.incoming_at), (names, user_id)),
    ]
    mine, theirs = sorted(sides, key=lambda side: not side.is_mine)
    return ConflictRow(
        id=one.id,
        audit=audits.get(one.scope, ""),
        record_type=one.record_type,
        record_id=one.record_id,
        record=_record(session, one.record_type, one.record_id),
        kind=one.kind,
        fields=tuple(_field(one.record_type, name) for name in _differing(one)),
        base=one.base,
        sides=(mine, theirs),
    )


def _side(
    resolution: str,
    values: dict[str, Any],
    written: tuple[UUID | None, datetime | None],
    around: tuple[dict[UUID, str], UUID],
) -> Side:
    by, at = written
    names, user_id = around
    name = names.get(by, "") if by else ""
    return Side(resolution, name, at, values, by == user_id)


def _differing(one: Conflict) -> list[str]:
    found = [name for name in one.server if one.server.get(name) != one.incoming.get(name)]
    return found or list(one.server)


def _field(record_type: str, name: str) -> Field:
    spec = TYPES[record_type].fields[name]
    is_text = isinstance(TYPES[record_type].table.columns[name].type, Text) and not spec.choices
    return Field(name, spec.choices if spec.steps is None else (), is_text)


def _audits(session: Session) -> dict[str, str]:
    query = select(AuditSchedule.id, AuditSchedule.audit_number, Client.legal_name).join(
        Client, Client.id == AuditSchedule.client_id
    )
    return {
        f"audit:{id_}": f"{client} · {number}" for id_, number, client in session.execute(query)
    }


def _record(session: Session, type_: str, id_: UUID) -> str:
    record = TYPES[type_].record
    row = session.scalar(select(record).where(record.id == id_))
    parts = [str(getattr(row, name, None) or "") for name in _NAMES.get(type_, ())]
    text = "  ".join(part for part in parts if part)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"


@dataclass(frozen=True)
class Refused:
    """An operation that the server keeps but did not accept, with its reason and content."""

    n: int
    record_type: str
    record: str
    kind: str
    at: datetime
    reason: str
    values: dict[str, Any]


def refused(session: Session) -> list[Refused]:
    """What the server did not accept, oldest first; nothing of it is lost."""
    found = []
    for n, record_id, raw, receipt in quarantined(session.connection()):
        changes = raw["changes"]
        found.append(
            Refused(
                n,
                raw["type"],
                _record(session, raw["type"], record_id) if raw["type"] in TYPES else "",
                raw["kind"],
                datetime.fromisoformat(raw["wall_time"]),
                str(receipt.get("sentence") or receipt.get("reason") or ""),
                {name: pair[1] for name, pair in changes.items()},
            )
        )
    return found
