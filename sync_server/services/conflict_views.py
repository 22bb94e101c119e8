"""What a page shows of conflicts: both sides in words, and what the caller may choose."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.records.audits import AuditSchedule
from intact_core.records.base import Merge
from intact_core.records.catalogue import TYPES, FieldSpec
from intact_core.records.clients import Client
from intact_core.records.conflicts import Conflict
from intact_core.sync import texts
from intact_core.sync.settling import free_number
from intact_core.sync.texts import Part
from sync_server.auth.callers import Caller
from sync_server.services.audit_views import people
from sync_server.services.conflicts import may_settle, open_for
from sync_server.services.visibility import audit_of

_TELLING = ("severity", "clause", "description")
_NAMED_BY = {
    "audit_checklists": "clause_reference",
    "non_conformities": "nc_number",
    "audit_evidence": "file_name",
    "audit_plan_entries": "subject",
    "audit_attendances": "name",
    "audit_schedules": "audit_number",
    "clients": "legal_name",
}
Marked = Sequence[tuple[Part, str]]


@dataclass(frozen=True)
class FieldView:
    """One field: what it was, both sides marked against it, and what an editor begins with.

    `kind` is text, choice or line; empty where a form cannot edit it.
    """

    name: str
    kind: str
    base: str
    server: Marked | None
    incoming: Marked | None
    start: str = ""
    clashes: int = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class ConflictView:
    """A conflict as a page shows it. `removed_by` is the side that removed the record."""

    conflict: Conflict
    subject: str
    audit: AuditSchedule | None
    client: str
    server_by: str
    incoming_by: str
    fields: Sequence[FieldView]
    may_settle: bool
    removed_by: str = ""
    others: Mapping[str, Sequence[str]] = field(default_factory=dict)


def conflict_views(
    session: Session, caller: Caller, audit_id: UUID | None = None
) -> list[ConflictView]:
    """Open conflicts that the caller may see, of one audit or of all; by audit, oldest first.

    Raises NotFound for an audit that is not the caller's.
    """
    rows = open_for(session, caller, audit_id)
    names = people(session)
    return [_view(session, caller, row, names) for row in rows if row.record_type in TYPES]


def _view(
    session: Session, caller: Caller, row: Conflict, names: Mapping[UUID | None, str]
) -> ConflictView:
    kind, _, id_ = row.scope.partition(":")
    audit = audit_of(session, caller, UUID(id_)) if kind == "audit" else None
    client_id = audit.client_id if audit else UUID(id_) if kind == "client" else None
    client = session.get(Client, (caller.tenant, client_id)) if client_id else None
    by = (names.get(row.server_by, ""), names.get(row.incoming_by, ""))
    gone = [key for key in ("server", "incoming") if getattr(row, key).get("deleted_at")]
    return ConflictView(
        conflict=row,
        subject=_subject(session, caller, row),
        audit=audit,
        client=client.legal_name if client else "",
        server_by=by[0],
        incoming_by=by[1],
        fields=_fields(session, row, (by[1] or "Laptop", by[0] or "Server")),
        may_settle=may_settle(session, caller, row),
        removed_by=gone[0] if gone else "",
        others=_others(session, caller, row),
    )


def _subject(session: Session, caller: Caller, row: Conflict) -> str:
    record = session.get(TYPES[row.record_type].record, (caller.tenant, row.record_id))
    name = _NAMED_BY.get(row.record_type)
    return str(getattr(record, name) or "") if record is not None and name else ""


def _fields(session: Session, row: Conflict, names: tuple[str, str]) -> list[FieldView]:
    spec = TYPES[row.record_type]
    taken = _taken(session, row) if row.kind == "possible_duplicate" else None
    keys = [key for key in {**row.incoming, **row.server, **row.base} if key in spec.fields]
    return [
        _field(row, spec.fields[key], names, taken)
        for key in keys
        if key not in ("id", "deleted_at")
    ]


def _taken(session: Session, row: Conflict) -> set[str]:
    record: Any = TYPES[row.record_type].record
    return set(session.scalars(select(getattr(record, row.field_group))))


def _field(
    row: Conflict, spec: FieldSpec, names: tuple[str, str], taken: Collection[str] | None
) -> FieldView:
    sides = (row.base, row.server, row.incoming)
    base, server, incoming = (_words(side.get(spec.name)) for side in sides)
    start, clashes = server, 0
    if taken is not None:
        start = free_number(incoming, taken)
    elif spec.merge is Merge.TEXT and incoming and server:
        merged = texts.merge(base, incoming, server)
        start, clashes = merged.text(*names), merged.clashes
    elif server == base:
        start = incoming
    plain = taken is not None
    return FieldView(
        name=spec.name,
        kind=_kind(row, spec),
        base=base,
        server=_marked(base, server, spec, plain) if spec.name in row.server else None,
        incoming=_marked(base, incoming, spec, plain) if spec.name in row.incoming else None,
        start=start,
        clashes=clashes,
        choices=spec.choices,
    )


def _words(value: Any) -> str:
    if isinstance(value, bool):
        return "Yes" if value else "No"
    return "" if value is None else str(value)


def _kind(row: Conflict, spec: FieldSpec) -> str:
    sides = (row.server.get(spec.name), row.incoming.get(spec.name))
    if row.kind not in ("edit", "possible_duplicate") or not any(
        isinstance(side, str) for side in sides
    ):
        return ""
    if spec.choices:
        return "choice"
    return "text" if spec.merge is Merge.TEXT else "line"


def _marked(base: str, value: str, spec: FieldSpec, plain: bool) -> Marked:
    if plain or not base or value == base:
        return [(Part.SAME, value)]
    if spec.merge is Merge.TEXT:
        return list(_spaced(texts.differences(base, value)))
    return [(Part.ADDED, value)] if value else [(Part.GONE, base)]


def _spaced(parts: Iterable[tuple[Part, str]]) -> Iterator[tuple[Part, str]]:
    """The space before a marked word is not marked; two marked words never run into one."""
    before = Part.SAME
    for part, text in parts:
        words = text.lstrip()
        space = text[: len(text) - len(words)]
        if part is not Part.SAME and (space or before is Part.GONE):
            yield Part.SAME, space or " "
            text = words
        yield part, text
        before = part


def _others(session: Session, caller: Caller, row: Conflict) -> dict[str, list[str]]:
    """What tells two findings with one number apart: the words of each, by side."""
    if row.kind != "possible_duplicate" or row.record_type != "non_conformities":
        return {}
    record: Any = TYPES[row.record_type].record
    found = {}
    for key, id_ in (("server", row.server.get("id")), ("incoming", row.record_id)):
        one = session.get(record, (caller.tenant, UUID(str(id_)))) if id_ else None
        words = [_words(getattr(one, name, "")) for name in _TELLING] if one else []
        found[key] = [word for word in words if word]
    return found
