"""Conflicts that wait for a choice, and changes that the server did not accept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import Place
from intact_core.records.audits import AuditSchedule
from intact_core.records.base import Merge
from intact_core.records.catalogue import TYPES, FieldSpec, TypeSpec
from intact_core.records.clients import Client
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_core.records.people import User
from intact_core.sync.operations import Operation
from intact_core.sync.settling import INCOMING, SERVER
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Device, Outbox
from intact_desktop.sync import outgoing

_TELLING = ("severity", "clause", "description")
_UNSEEN = frozenset({"id", "tenant_id", "created_at", "audit_schedule_id"})


@dataclass(frozen=True)
class Side:
    """One of the two values: `key` is server or incoming, `is_mine` where this laptop wrote it."""

    key: str
    values: Mapping[str, Any]
    by: str
    at: datetime | None
    is_mine: bool


@dataclass(frozen=True)
class Field:
    """One field in conflict; `kind` is text, choice, yes_no or line."""

    name: str
    kind: str
    choices: tuple[str, ...] = ()
    is_chosen: bool = True
    """False for what is only shown to tell two records apart."""


@dataclass(frozen=True)
class ConflictRow:
    """A conflict with what a person needs to choose; `mine` comes first where it is known."""

    id: UUID
    audit: str
    subject: str
    kind: str
    place: Place
    fields: tuple[Field, ...]
    base: Mapping[str, Any]
    first: Side
    second: Side
    suggestion: str = ""
    """A free number where two records have the same."""


def open_conflicts(session: Session) -> list[ConflictRow]:
    """All that wait for a choice on this laptop: by audit, oldest first."""
    query = (
        select(Conflict)
        .where(Conflict.state == "open", Conflict.deleted_at.is_(None))
        .order_by(Conflict.scope, Conflict.created_at, Conflict.id)
    )
    rows = list(session.scalars(query))
    if not rows:
        return []
    device = this_device(session.connection())
    people, audits = _people(session), _audits(session)
    return [_row(session, one, device, people, audits) for one in rows if one.record_type in TYPES]


def _row(
    session: Session,
    row: Conflict,
    device: Device,
    people: Mapping[UUID, str],
    audits: Mapping[str, str],
) -> ConflictRow:
    spec = TYPES[row.record_type]
    told = _told_apart(session, row, spec)
    server = Side(
        SERVER,
        {**row.server, **told.get(SERVER, {})},
        people.get(row.server_by, "") if row.server_by else "",
        row.server_at,
        row.server_device == device.id,
    )
    incoming = Side(
        INCOMING,
        {**row.incoming, **told.get(INCOMING, {})},
        people.get(row.incoming_by, "") if row.incoming_by else "",
        row.incoming_at,
        row.incoming_device == device.id,
    )
    names = [name for name in {**row.incoming, **row.server, **row.base} if name in spec.fields]
    duplicate = row.kind == "possible_duplicate"
    return ConflictRow(
        id=row.id,
        audit=audits.get(row.scope, ""),
        subject=subject(session, row.record_type, row.record_id),
        kind=row.kind,
        place=Place(row.record_type, row.record_id, names[0] if names else None),
        fields=(
            *(field_of(spec.fields[name]) for name in names if name != "id"),
            *(
                replace(field_of(spec.fields[name]), is_chosen=False)
                for name in told.get(SERVER, {})
            ),
        ),
        base=row.base,
        first=incoming if incoming.is_mine else server,
        second=server if incoming.is_mine else incoming,
        suggestion=_free_number(session, spec, row) if duplicate else "",
    )


def _told_apart(session: Session, row: Conflict, spec: TypeSpec) -> dict[str, dict[str, Any]]:
    """What else two findings with one number say, so that a person can tell them apart."""
    if row.kind != "possible_duplicate" or spec.name != NonConformity.__tablename__:
        return {}
    found = {}
    for key, id_ in ((SERVER, row.server.get("id")), (INCOMING, str(row.record_id))):
        one = session.scalar(select(NonConformity).where(NonConformity.id == UUID(str(id_))))
        found[key] = {name: getattr(one, name, None) for name in _TELLING}
    return found


def field_of(spec: FieldSpec) -> Field:
    """How a field is shown and edited."""
    if spec.choices:
        return Field(spec.name, "choice", spec.choices)
    if spec.merge is Merge.TEXT:
        return Field(spec.name, "text")
    is_flag = spec.name.startswith(("is_", "has_", "plan_", "team_")) or spec.name in (
        "opening",
        "closing",
    )
    return Field(spec.name, "yes_no" if is_flag else "line")


def _people(session: Session) -> dict[UUID, str]:
    return {one.id: one.full_name for one in session.scalars(select(User))}


def _audits(session: Session) -> dict[str, str]:
    query = select(AuditSchedule.id, AuditSchedule.audit_number, Client.legal_name).join(
        Client, Client.id == AuditSchedule.client_id
    )
    return {
        f"audit:{id_}": f"{client} · {number}" for id_, number, client in session.execute(query)
    }


_NAMED_BY = {
    "audit_checklists": "clause_reference",
    "non_conformities": "nc_number",
    "audit_evidence": "file_name",
    "audit_plan_entries": "subject",
    "audit_attendances": "name",
    "audit_schedules": "audit_number",
    "clients": "legal_name",
}


def subject(session: Session, type_: str, id_: UUID) -> str:
    """What distinguishes a record from its like: its number, name or clause; may be empty."""
    name = _NAMED_BY.get(type_)
    if name is None:
        return ""
    record: Any = TYPES[type_].record
    return str(session.scalar(select(getattr(record, name)).where(record.id == id_)) or "")


def _free_number(session: Session, spec: TypeSpec, row: Conflict) -> str:
    name = row.field_group
    record: Any = spec.record
    taken = set(session.scalars(select(getattr(record, name))))
    number = str(row.incoming.get(name) or "")
    stem = number.rstrip("0123456789")
    width, count = len(number) - len(stem), int(number[len(stem) :] or 0)
    while number in taken:
        count += 1
        number = f"{stem}{count:0{width}}"
    return number


@dataclass(frozen=True)
class RefusedChange:
    """One record of an action that the server did not accept: what was to be written."""

    n: int
    type: str
    record_id: UUID
    subject: str
    kind: str
    values: Mapping[str, Any]


@dataclass(frozen=True)
class Refused:
    """One action that the server did not accept: why, and what was in it."""

    txn_id: UUID
    at: datetime
    sentence: str
    changes: tuple[RefusedChange, ...]
    can_put_back: bool


def refused(session: Session) -> list[Refused]:
    """Actions that the server did not accept and that were not made again, newest first."""
    groups: dict[UUID, list[tuple[Operation, Mapping[str, Any]]]] = {}
    for _, _, raw, receipt in outgoing.quarantined(session.connection()):
        operation = msgspec.convert(raw, Operation)
        groups.setdefault(operation.txn_id, []).append((operation, receipt or {}))
    found = [_refused(session, txn_id, group) for txn_id, group in groups.items()]
    return [one for one in reversed(found) if not _made_again(session, one)]


def _refused(
    session: Session, txn_id: UUID, group: Sequence[tuple[Operation, Mapping[str, Any]]]
) -> Refused:
    sentences = [
        str(receipt.get("sentence") or "")
        for _, receipt in group
        if receipt.get("reason") != "group"
    ]
    # Until the next pull what was refused still stands in the working rows.
    settled = session.scalars(select(Device.settled_n)).one() >= group[-1][0].n
    known = all(operation.type in TYPES for operation, _ in group)
    return Refused(
        txn_id=txn_id,
        at=group[0][0].wall_time,
        sentence=next((one for one in sentences if one), ""),
        changes=tuple(_change(session, operation) for operation, _ in group),
        can_put_back=settled and known,
    )


def _change(session: Session, operation: Operation) -> RefusedChange:
    known = operation.type in TYPES
    values = {
        name: value
        for name, value in operation.new_values().items()
        if name not in _UNSEEN and value not in (None, "")
    }
    return RefusedChange(
        n=operation.n,
        type=operation.type,
        record_id=operation.id,
        subject=subject(session, operation.type, operation.id) if known else "",
        kind=operation.kind,
        values=values,
    )


def _made_again(session: Session, one: Refused) -> bool:
    """Whether a later operation, not refused itself, wrote the same."""
    first = one.changes[0]
    query = select(Outbox.raw).where(
        Outbox.n > one.changes[-1].n,
        Outbox.type == first.type,
        Outbox.kind == first.kind,
        Outbox.verdict.is_distinct_from("quarantined"),
    )
    for raw in session.scalars(query):
        new = msgspec.json.decode(raw, type=Operation).new_values()
        if all(new.get(name) == value for name, value in first.values.items()):
            return True
    return False
