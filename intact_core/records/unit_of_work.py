"""What a session's flush changed in records, for the hooks of both ends."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Select, bindparam, inspect, select
from sqlalchemy.orm import Session

from intact_core.records.base import OfficeRecord, Record
from intact_core.records.catalogue import ORDER, TypeSpec, spec_of


@dataclass(frozen=True)
class Written:
    """One record that a flush wrote. `before` and `after` are rows, `changes` in wire form."""

    spec: TypeSpec
    id: UUID
    before: SimpleNamespace | None
    after: Record
    changes: Mapping[str, tuple[Any, Any]]

    @property
    def kind(self) -> Literal["create", "update", "delete"]:
        """create, update or delete, as an operation says it."""
        if self.before is None:
            return "create"
        gone = self.changes.get("deleted_at")
        return "delete" if gone is not None and gone[1] is not None else "update"


def written(session: Session) -> list[Written]:
    """The records that the flush under way writes, parents before children.

    Call it in `after_flush`: the rows are written, the history of each attribute is still there.
    Raises TypeError for a record that is deleted instead of getting its tombstone.
    """
    if any(isinstance(row, Record) for row in session.deleted):
        raise TypeError("records are never deleted: set deleted_at and deleted_reason")
    found = [_new(row) for row in session.new if isinstance(row, Record)]
    found += [
        changed
        for row in session.dirty
        if isinstance(row, Record) and (changed := _changed(row)) is not None
    ]
    return sorted(found, key=lambda one: ORDER[one.spec.name])


def _new(row: Record) -> Written:
    spec = spec_of(row.__tablename__)
    body = spec.body(row)
    changes = {name: (None, value) for name, value in body.items() if value is not None}
    return Written(spec, row.id, None, row, changes)


def _changed(row: Record) -> Written | None:
    spec = spec_of(row.__tablename__)
    old = dict(_old_values(row, spec))
    if not old:
        return None
    changes = {
        name: (spec.fields[name].to_wire(value), spec.fields[name].to_wire(getattr(row, name)))
        for name, value in old.items()
    }
    values = {name: old.get(name, getattr(row, name)) for name in spec.fields}
    return Written(spec, row.id, SimpleNamespace(**values), row, changes)


def _old_values(row: Record, spec: TypeSpec) -> Iterator[tuple[str, Any]]:
    state = inspect(row)
    for name in spec.fields:
        history = state.attrs[name].history
        if history.has_changes():
            yield name, history.deleted[0] if history.deleted else None


class SessionWorld:
    """The living rows of one tenant around a flush, read through the session.

    Good for one flush: the same question is asked of the database once. The session's info says
    under `office` whether the office's own records are here, too; a laptop sees none of them.
    """

    def __init__(self, session: Session, tenant_id: UUID) -> None:
        self._session = session
        self._tenant_id = tenant_id
        self._found: dict[tuple[str, tuple[tuple[str, Any], ...]], Sequence[Any]] = {}

    def get(self, type_: str, id_: UUID | None) -> Any:
        """The living record of that id, or None."""
        if id_ is None or self._is_elsewhere(type_):
            return None
        row = self._session.get(spec_of(type_).record, (self._tenant_id, id_))
        return row if row is not None and row.deleted_at is None else None

    def find(self, type_: str, **equal: Any) -> Sequence[Any]:
        """Living records whose fields equal the values given."""
        if self._is_elsewhere(type_):
            return ()
        key = (type_, tuple(equal.items()))
        if key not in self._found:
            values = {name: value for name, value in equal.items() if value is not None}
            query = _living(spec_of(type_).record, tuple(values), tuple(equal.keys() - values))
            parameters = values | {"of_tenant": self._tenant_id}
            with self._session.no_autoflush:
                self._found[key] = self._session.scalars(query, parameters).all()
        return self._found[key]

    def _is_elsewhere(self, type_: str) -> bool:
        kept = issubclass(spec_of(type_).record, OfficeRecord)
        return kept and not self._session.info.get("office", False)


@cache
def _living(record: type[Record], given: tuple[str, ...], empty: tuple[str, ...]) -> Select[Any]:
    return select(record).where(
        record.tenant_id == bindparam("of_tenant"),
        record.deleted_at.is_(None),
        *(getattr(record, name) == bindparam(name) for name in given),
        *(getattr(record, name).is_(None) for name in empty),
    )
