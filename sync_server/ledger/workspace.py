"""A batch's rows: read once, changed in memory, written as sets."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.engine import Connection

from intact_core import clock
from intact_core.records.catalogue import ORDER, TypeSpec, spec_of
from intact_core.sync.merge import Current
from sync_server.database.sets import insert_rows, rows_by_key, update_rows
from sync_server.ledger.feed import Head, Put, Ref, load_heads
from sync_server.tables.base import table_of
from sync_server.tables.ledger import FeedChange

_KEYS = ("tenant_id", "id")


class Row(SimpleNamespace):
    """A record's column values as attributes, with its wire body beside them."""

    body: dict[str, Any]


class Workspace:
    """The rows that a batch of operations touches, and the world that its rules see.

    Changes are staged group by group: `keep` makes the present group's final, `drop` undoes it.
    """

    def __init__(self, connection: Connection, tenant_id: UUID) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._rows: dict[Ref, Row | None] = {}
        self._heads: dict[Ref, Head] = {}
        self._staged: dict[str, dict[UUID, Row]] = {}
        self._found: dict[tuple[str, tuple[tuple[str, Any], ...]], Sequence[Row]] = {}
        self._puts: list[Put] = []
        self._group: list[tuple[Ref, Row | None, Row | None]] = []
        self._group_puts: list[Put] = []
        self._revs: dict[Ref, tuple[int, dict[str, tuple[int, str]]]] = {}

    def load(self, refs: Iterable[Ref]) -> None:
        """Lock and read the records named; those missing are remembered as missing."""
        wanted: dict[str, set[UUID]] = {}
        for type_, id_ in refs:
            if (type_, id_) not in self._rows:
                wanted.setdefault(type_, set()).add(id_)
                self._rows[type_, id_] = None
        for type_ in sorted(wanted, key=ORDER.__getitem__):
            table = spec_of(type_).table
            mine = {table.c.tenant_id: self._tenant_id}
            found = rows_by_key(
                self._connection, tuple(table.c), mine, table.c.id, wanted[type_], lock=True
            )
            for values in found:
                row = self._row(type_, values)
                self._rows[type_, row.id] = row
        pairs = [(type_, id_) for type_, ids in wanted.items() for id_ in ids]
        self._heads |= load_heads(self._connection, self._tenant_id, pairs)

    def _row(self, type_: str, columns: Iterable[Any]) -> Row:
        spec = spec_of(type_)
        # By our names: SQLAlchemy's are a subclass of str, which JSON encoders refuse.
        values = dict(zip(spec.fields, columns, strict=True))
        return Row(**values, body=spec.wire(dict(values)))

    def row(self, ref: Ref) -> Row | None:
        """The record as it is now, staged changes included; tombstones too."""
        staged = self._staged.get(ref[0], {}).get(ref[1])
        return staged if staged is not None else self._rows.get(ref)

    def current(self, ref: Ref) -> Current | None:
        """What the merge needs of a record, or None when there is none."""
        row = self.row(ref)
        if row is None:
            return None
        rev, field_rev = self._version(ref)
        return Current(row.body, rev, field_rev)

    def _version(self, ref: Ref) -> tuple[int, dict[str, tuple[int, str]]]:
        if ref not in self._revs:
            head = self._heads.get(ref)
            revs = {key: (rev, who) for key, (rev, who) in head.field_rev.items()} if head else {}
            self._revs[ref] = (head.rev if head else 0, revs)
        return self._revs[ref]

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

    def scope_of(self, ref: Ref) -> str | None:
        """The scope key of a record, or None when there is none."""
        row = self.row(ref)
        return None if row is None else spec_of(ref[0]).scope.key(row.body)

    def candidate(self, spec: TypeSpec, ref: Ref, patch: Mapping[str, Any]) -> Row:
        """The record as it would be with the patch (wire form)."""
        row = self.row(ref)
        if row is None:
            return self._new(spec, ref, patch)
        merged = Row(**vars(row))
        merged.body = row.body | dict(patch)
        vars(merged).update(spec.values(patch))
        return merged

    def _new(self, spec: TypeSpec, ref: Ref, patch: Mapping[str, Any]) -> Row:
        values = {**spec.blank, **spec.values(patch), "tenant_id": self._tenant_id, "id": ref[1]}
        values["created_at"] = values["created_at"] or clock.now()
        fixed = {name: values[name] for name in ("tenant_id", "id", "created_at")}
        return Row(**values, body={**spec.blank_body, **patch, **spec.wire(fixed)})

    def stage(self, ref: Ref, row: Row, put: Put) -> None:
        """Make the candidate the present state, for this group."""
        staged = self._staged.setdefault(ref[0], {})
        self._group.append((ref, staged.get(ref[1]), row))
        staged[ref[1]] = row
        self._group_puts.append(put)
        rev, field_rev = self._version(ref)
        self._revs[ref] = (rev + 1, field_rev | dict.fromkeys(put.groups, (rev + 1, put.device)))

    def keep(self) -> None:
        """The present group stands."""
        self._puts += self._group_puts
        self._group, self._group_puts = [], []

    def drop(self) -> None:
        """Undo the present group."""
        for ref, before, _ in reversed(self._group):
            if before is None:
                del self._staged[ref[0]][ref[1]]
            else:
                self._staged[ref[0]][ref[1]] = before
            self._revs.pop(ref, None)
        for ref in {ref for ref, _, _ in self._group}:
            self._replay(ref)
        self._group, self._group_puts = [], []

    def _replay(self, ref: Ref) -> None:
        rev, field_rev = self._version(ref)
        for put in self._puts:
            if (put.spec.name, put.id) == ref:
                rev += 1
                field_rev = field_rev | dict.fromkeys(put.groups, (rev, put.device))
        self._revs[ref] = (rev, field_rev)

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
        key = (type_, tuple(sorted(equal.items())))
        if key not in self._found:
            table = spec_of(type_).table
            query = select(table).where(
                table.c.tenant_id == self._tenant_id,
                table.c.deleted_at.is_(None),
                *(table.c[name] == value for name, value in equal.items()),
            )
            self._found[key] = [
                self._row(type_, values) for values in self._connection.execute(query)
            ]
        return self._found[key]

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
        last = {(put.spec.name, put.id): put for put in self._puts}
        new = {(put.spec.name, put.id) for put in self._puts if put.is_new}
        fields: dict[Ref, set[str]] = {}
        for put in self._puts:
            fields.setdefault((put.spec.name, put.id), set()).update(put.patch)
        for type_ in sorted({ref[0] for ref in last}, key=ORDER.__getitem__):
            refs = [ref for ref in last if ref[0] == type_]
            self._insert(type_, [ref for ref in refs if ref in new])
            self._update(type_, {ref: fields[ref] for ref in refs if ref not in new})

    def _insert(self, type_: str, refs: Sequence[Ref]) -> None:
        if refs:
            spec = spec_of(type_)
            rows = [self._staged[type_][ref[1]] for ref in refs]
            values = [{name: getattr(row, name) for name in spec.fields} for row in rows]
            insert_rows(self._connection, spec.table, values)

    def _update(self, type_: str, fields: Mapping[Ref, set[str]]) -> None:
        table = spec_of(type_).table
        by_columns: dict[tuple[str, ...], list[Row]] = {}
        for ref, names in fields.items():
            columns = tuple(sorted(names - set(_KEYS)))
            by_columns.setdefault(columns, []).append(self._staged[type_][ref[1]])
        for columns, rows in by_columns.items():
            wanted = (*_KEYS, *columns)
            values = [{name: getattr(row, name) for name in wanted} for row in rows]
            update_rows(self._connection, table, _KEYS, values)
