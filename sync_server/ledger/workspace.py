"""A batch's rows: read once, changed in memory, written as sets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Select, bindparam, select
from sqlalchemy.engine import Connection

from intact_core import canonical, clock
from intact_core.records.catalogue import ORDER, spec_of
from intact_core.sync.merge import Current, FieldRev
from sync_server.database.sets import insert_rows, rows_by_key, update_rows
from sync_server.ledger.feed import Head, Put, Ref, load_heads
from sync_server.tables.base import table_of
from sync_server.tables.ledger import FeedChange

_KEYS = ("tenant_id", "id")


class Row(SimpleNamespace):
    """A record's column values as attributes, with its wire body beside them."""

    body: dict[str, Any]


class Tracked:
    """A record that a batch touches: its row as it is now, staged changes included."""

    __slots__ = ("fields", "field_rev", "is_new", "ref", "rev", "row", "spec")

    def __init__(self, ref: Ref) -> None:
        self.ref = ref
        self.spec = spec_of(ref[0])
        self.row: Row | None = None
        self.rev = 0
        self.field_rev: FieldRev = {}
        self.is_new = False
        self.fields: set[str] = set()
        """The fields that groups which stand wrote."""

    @property
    def current(self) -> Current | None:
        """What the merge needs of the record, or None when there is none."""
        return None if self.row is None else Current(self.row.body, self.rev, self.field_rev)

    @property
    def scope(self) -> str | None:
        """Its scope key, or None when there is none."""
        return None if self.row is None else self.spec.scope.key(self.row.body)


class _Step(msgspec.Struct, frozen=True):
    """A staged change, with what it takes to undo it."""

    tracked: Tracked
    put: Put
    row: Row | None
    rev: int
    field_rev: FieldRev


class Workspace:
    """The rows that a batch of operations touches, and the world that its rules see.

    Changes are staged group by group: `keep` makes the present group's final, `drop` undoes it.
    """

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._tenant_text = str(tenant_id)
        self._records: dict[Ref, Tracked] = {}
        self._heads: dict[Ref, Head] = {}
        self._staged: dict[str, dict[UUID, Row]] = {}
        self._found: dict[tuple[str, tuple[tuple[str, Any], ...]], Sequence[Row]] = {}
        self._written: list[Tracked] = []
        self._puts: list[Put] = []
        self._group: list[_Step] = []

    def load(self, refs: Iterable[Ref]) -> None:
        """Lock and read the records named; those missing are remembered as missing."""
        wanted: dict[str, list[UUID]] = {}
        for ref in refs:
            if ref not in self._records:
                wanted.setdefault(ref[0], []).append(ref[1])
                self._records[ref] = Tracked(ref)
        for type_ in sorted(wanted, key=ORDER.__getitem__):
            table = spec_of(type_).table
            mine = {table.c.tenant_id: self._tenant_id}
            found = rows_by_key(
                self._connection, tuple(table.c), mine, table.c.id, wanted[type_], lock=True
            )
            for values in found:
                row = self._row(type_, values)
                self._records[type_, row.id].row = row
        pairs = [(type_, id_) for type_, ids in wanted.items() for id_ in ids]
        for ref, head in load_heads(self._connection, self._tenant_id, pairs).items():
            self._heads[ref] = head
            tracked = self._records[ref]
            tracked.rev = head.rev
            tracked.field_rev = head.field_rev

    def _row(self, type_: str, columns: Iterable[Any]) -> Row:
        spec = spec_of(type_)
        # By our names: SQLAlchemy's are a subclass of str, which JSON encoders refuse.
        values = dict(zip(spec.fields, columns, strict=True))
        return Row(**values, body=spec.wire(dict(values)))

    def record(self, ref: Ref) -> Tracked:
        """A record of the batch, be it there or missing."""
        found = self._records.get(ref)
        if found is None:
            found = self._records[ref] = Tracked(ref)
        return found

    def author(self, ref: Ref, rev: int) -> tuple[UUID | None, datetime | None]:
        """Who made the record's version `rev`, and when (the feed knows)."""
        feed = table_of(FeedChange)
        query = select(feed.c.actor, feed.c.at).where(
            feed.c.tenant_id == self._tenant_id,
            feed.c.record_id == ref[1],
            feed.c.type == ref[0],
            feed.c.rev == rev,
        )
        found = self._connection.execute(query).first()
        return (found[0], found[1]) if found else (None, None)

    def candidate(self, record: Tracked, patch: Mapping[str, Any]) -> Row:
        """The record as it would be with the patch (wire form)."""
        row = record.row
        if row is None:
            return self._new(record, patch)
        merged = Row(**vars(row))
        merged.body = row.body | dict(patch)
        vars(merged).update(record.spec.values(patch))
        return merged

    def _new(self, record: Tracked, patch: Mapping[str, Any]) -> Row:
        spec, id_ = record.spec, record.ref[1]
        values = {**spec.blank, **spec.values(patch)}
        values["tenant_id"], values["id"] = self._tenant_id, id_
        body = {**spec.blank_body, **patch, "tenant_id": self._tenant_text, "id": str(id_)}
        if values["created_at"] is None:
            values["created_at"] = now = clock.now()
            body["created_at"] = canonical.moment(now)
        return Row(**values, body=body)

    def stage(self, record: Tracked, row: Row, put: Put) -> None:
        """Make the candidate the present state, for this group."""
        self._group.append(_Step(record, put, record.row, record.rev, record.field_rev))
        rev = record.rev + 1
        record.row, record.rev = row, rev
        record.field_rev = {**record.field_rev, **dict.fromkeys(put.groups, (rev, put.device))}
        self._staged.setdefault(record.ref[0], {})[record.ref[1]] = row

    def keep(self) -> None:
        """The present group stands."""
        for step in self._group:
            record = step.tracked
            if not record.fields:
                record.is_new = step.put.is_new
                self._written.append(record)
            record.fields.update(step.put.patch)
            self._puts.append(step.put)
        self._group = []

    def drop(self) -> None:
        """Undo the present group."""
        for step in reversed(self._group):
            record = step.tracked
            record.row, record.rev, record.field_rev = step.row, step.rev, step.field_rev
            staged = self._staged[record.ref[0]]
            if step.row is None:
                del staged[record.ref[1]]
            else:
                staged[record.ref[1]] = step.row
        self._group = []

    def get(self, type_: str, id_: UUID | None) -> Row | None:
        """World: the living record of that id, or None."""
        if id_ is None:
            return None
        found = self.find(type_, id=id_)
        return found[0] if found else None

    def find(self, type_: str, **equal: Any) -> Sequence[Row]:
        """World: living records whose fields equal the values given."""
        stored = self._stored(type_, equal)
        staged = self._staged.get(type_)
        if not staged:
            return stored
        rows = [row for row in stored if row.id not in staged]
        return rows + [
            row
            for row in staged.values()
            if row.deleted_at is None
            and all(getattr(row, name) == value for name, value in equal.items())
        ]

    def _stored(self, type_: str, equal: Mapping[str, Any]) -> Sequence[Row]:
        key = (type_, tuple(equal.items()))
        found = self._found.get(key)
        if found is None:
            known = tuple(name for name, value in equal.items() if value is not None)
            query = _living(type_, known, tuple(name for name in equal if equal[name] is None))
            values = {"tenant": self._tenant_id, **{f"is_{name}": equal[name] for name in known}}
            rows = self._connection.execute(query, values)
            found = self._found[key] = [self._row(type_, one) for one in rows]
        return found

    @property
    def heads(self) -> Mapping[Ref, Head]:
        """The heads of all records read."""
        return self._heads

    @property
    def puts(self) -> Sequence[Put]:
        """What the groups that stand wrote, in order."""
        return self._puts

    def write(self) -> None:
        """Write all rows: one statement per table and set of columns, parents first."""
        by_type: dict[str, list[Tracked]] = {}
        for record in self._written:
            by_type.setdefault(record.ref[0], []).append(record)
        for type_ in sorted(by_type, key=ORDER.__getitem__):
            self._insert(type_, [one for one in by_type[type_] if one.is_new])
            self._update(type_, [one for one in by_type[type_] if not one.is_new])

    def _insert(self, type_: str, records: Sequence[Tracked]) -> None:
        spec = spec_of(type_)
        filled = {"id", "created_at"}.union(spec.defaults, *(one.fields for one in records))
        names = [name for name in spec.fields if name in filled and name != "tenant_id"]
        rows = [_values(record, names) for record in records]
        insert_rows(self._connection, spec.table, rows, {"tenant_id": self._tenant_id})

    def _update(self, type_: str, records: Sequence[Tracked]) -> None:
        by_columns: dict[tuple[str, ...], list[Tracked]] = {}
        for record in records:
            columns = (*_KEYS, *sorted(record.fields.difference(_KEYS)))
            by_columns.setdefault(columns, []).append(record)
        for columns, ones in by_columns.items():
            rows = [_values(record, columns) for record in ones]
            update_rows(self._connection, spec_of(type_).table, _KEYS, rows)


@cache
def _living(type_: str, known: Sequence[str], empty: Sequence[str]) -> Select[Any]:
    """Records of the tenant that are there: fields equal to what is bound, fields without value."""
    table = spec_of(type_).table
    return select(table).where(
        table.c.tenant_id == bindparam("tenant"),
        table.c.deleted_at.is_(None),
        *(table.c[name] == bindparam(f"is_{name}") for name in known),
        *(table.c[name].is_(None) for name in empty),
    )


def _values(record: Tracked, names: Iterable[str]) -> dict[str, Any]:
    values = vars(record.row)
    return {name: values[name] for name in names}
