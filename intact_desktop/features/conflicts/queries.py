"""Conflicts that wait for a choice, with all that a person needs to choose."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import Place
from intact_core.records.base import Merge
from intact_core.records.catalogue import TYPES, FieldSpec, TypeSpec
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_core.sync import texts
from intact_core.sync.settling import INCOMING, SERVER, free_number
from intact_core.sync.texts import Merged
from intact_desktop.store import naming
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Device

_TELLING = ("severity", "clause", "description")


@dataclass(frozen=True)
class Side:
    """One of the two values: `key` is server or incoming.

    `is_mine` where this laptop wrote it, `is_me` where the same person did, here or elsewhere.
    """

    key: str
    values: Mapping[str, Any]
    by: str
    at: datetime | None
    is_mine: bool
    is_me: bool

    @property
    def removes(self) -> bool:
        """Whether this side removed the record."""
        return self.values.get("deleted_at") is not None


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
    merged: Mapping[str, Merged] = field(default_factory=dict)
    """Both changes together, of each text that both changed: a proposal, nothing more."""

    @property
    def counts(self) -> Side:
        """The side whose value everybody sees until somebody chooses."""
        return self.first if self.first.key == SERVER else self.second


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
    known = _Known(
        this_device(session.connection()), naming.people(session), naming.audits(session)
    )
    return [_row(session, one, known) for one in rows if one.record_type in TYPES]


@dataclass(frozen=True)
class _Known:
    device: Device
    people: Mapping[UUID, str]
    audits: Mapping[str, str]


def _row(session: Session, row: Conflict, known: _Known) -> ConflictRow:
    spec = TYPES[row.record_type]
    told = _told_apart(session, row, spec)
    server, incoming = (_side(row, key, told, known) for key in (SERVER, INCOMING))
    first, second = (incoming, server) if incoming.is_mine else (server, incoming)
    names = [name for name in {**row.incoming, **row.server, **row.base} if name in spec.fields]
    fields = [field_of(spec.fields[name]) for name in names if name != "id"]
    return ConflictRow(
        id=row.id,
        audit=known.audits.get(row.scope, ""),
        subject=naming.subject(session, row.record_type, row.record_id),
        kind=row.kind,
        place=Place(row.record_type, row.record_id, names[0] if names else None),
        fields=(
            *fields,
            *(
                replace(field_of(spec.fields[name]), is_chosen=False)
                for name in told.get(SERVER, {})
            ),
        ),
        base=row.base,
        first=first,
        second=second,
        suggestion=_free_number(session, spec, row) if row.kind == "possible_duplicate" else "",
        merged=_merged(row.base, first, second, fields) if row.kind == "edit" else {},
    )


def _side(row: Conflict, key: str, told: Mapping[str, Mapping[str, Any]], known: _Known) -> Side:
    by: UUID | None = getattr(row, f"{key}_by")
    return Side(
        key,
        {**getattr(row, key), **told.get(key, {})},
        known.people.get(by, "") if by else "",
        getattr(row, f"{key}_at"),
        getattr(row, f"{key}_device") == known.device.id,
        by == known.device.user_id,
    )


def _merged(
    base: Mapping[str, Any], first: Side, second: Side, fields: Iterable[Field]
) -> dict[str, Merged]:
    """Only texts that both changed, each in its own way: for all others there is no question."""
    found = {}
    for one in (one for one in fields if one.kind == "text"):
        old, mine, theirs = (
            str(values.get(one.name) or "") for values in (base, first.values, second.values)
        )
        if len({old, mine, theirs}) == 3 and mine and theirs:
            found[one.name] = texts.merge(old, mine, theirs)
    return found


def together(row: ConflictRow, mine: str, theirs: str) -> dict[str, Any]:
    """A value for each field to begin with: both changes where they fit, else the first side's.

    Where texts clash both stand in the value, marked with these two names.
    """
    found = {}
    for name in (one.name for one in row.fields if one.is_chosen):
        old, first = row.base.get(name), row.first.values.get(name)
        found[name] = row.second.values.get(name) if first == old else first
        if name in row.merged:
            found[name] = row.merged[name].text(mine, theirs)
    return found


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


def _free_number(session: Session, spec: TypeSpec, row: Conflict) -> str:
    name = row.field_group
    record: Any = spec.record
    taken = set(session.scalars(select(getattr(record, name))))
    return free_number(str(row.incoming.get(name) or ""), taken)
