"""Working rows worked out anew: what the server confirmed, with own waiting operations on top."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec
from sqlalchemy import select
from sqlalchemy.engine import Connection

from intact_core.records.catalogue import ORDER, TYPES
from intact_core.records.sets import Many
from intact_desktop.store import bases
from intact_desktop.store.bases import Base, Ref, Rest
from intact_desktop.store.tables import Device, Outbox, chunks, table_of
from intact_desktop.store.working import working
from intact_desktop.sync import leaving

Body = Mapping[str, Any]
Came = tuple[Ref, Base | None]
_WRITTEN_AT_ONCE = 200
_BOUND_AT_ONCE = 100
_OUTBOX = table_of(Outbox)
_PENDING = (
    select(_OUTBOX.c.type, _OUTBOX.c.record_id, _OUTBOX.c.raw)
    .where(_OUTBOX.c.n > select(table_of(Device).c.acknowledged_n).scalar_subquery())
    .order_by(_OUTBOX.c.n)
)


@dataclass
class WorkingRows:
    """What is to be written: rows, parents first, and what stands beside them from now on.

    `hidden` are records that are none any more; `is_news` says whether a row says something new.
    """

    writes: list[Many] = field(default_factory=list)
    beside: dict[Ref, Base] = field(default_factory=dict)
    bare: list[Ref] = field(default_factory=list)
    hidden: list[Ref] = field(default_factory=list)
    is_news: bool = False

    def write(self, connection: Connection, give_way: Callable[[], None] = lambda: None) -> None:
        """Write it all in the caller's transaction; `give_way` is asked every few milliseconds."""
        kept = iter(self.beside.items())
        while part := dict(islice(kept, _WRITTEN_AT_ONCE)):
            bases.put(connection, part)
            give_way()
        for many in self.writes:
            for few in many.parts(_WRITTEN_AT_ONCE):
                few.run(connection)
                give_way()
        bases.drop_texts(connection, self.bare)
        for ref in self.hidden:
            leaving.hide(connection, ref)


def work_out(
    connection: Connection,
    records: Sequence[Came],
    gone: Collection[Ref] = (),
    rest: Rest = lambda: None,
) -> WorkingRows:
    """The working rows of records, confirmed as they came or, without that, as they are here.

    Those in `gone` have no confirmed state any more. `rest` is called often.
    """
    work = _Work(connection, gone, rest)
    # All rows of a large scope at once would take too much memory.
    for part in chunks(records, _BOUND_AT_ONCE):
        work.add(part)
    return work.done()


def pending_changes(connection: Connection) -> dict[Ref, list[Body]]:
    """What own operations without a receipt changed, by record, the oldest first."""
    found: dict[Ref, list[Body]] = {}
    for type_, id_, raw in connection.execute(_PENDING):
        changes = msgspec.json.decode(raw)["changes"]
        values = {name: pair[1] for name, pair in changes.items()}
        found.setdefault((type_, str(id_)), []).append(values)
    return found


class _Work:
    def __init__(self, connection: Connection, gone: Collection[Ref], rest: Rest) -> None:
        self._connection, self._gone, self._rest = connection, gone, rest
        self._pending = pending_changes(connection)
        self._beside = bases.texts(connection)
        self._found = WorkingRows()
        self._writes: dict[str, list[Many]] = {}
        self._bound: dict[tuple[str, tuple[str, ...]], list[tuple[Any, ...]]] = {}

    def add(self, part: Sequence[Came]) -> None:
        self._rest()
        here = bases.load(self._connection, [ref for ref, came in part if came is None], self._rest)
        rows: dict[str, tuple[list[Body], list[int | None]]] = {}
        for ref, came in part:
            base = came or (None if ref in self._gone else here.get(ref))
            # To look something up by a record takes longer than to see that there is nothing.
            changes = self._pending.get(ref, ()) if self._pending else ()
            if base is not None and base.is_new and base.bound and not changes:
                names, row = base.bound
                self._bound.setdefault((ref[0], names), []).append(row)
                continue
            body, rev = self._state(ref, base, changes, came is not None)
            if ref[0] not in TYPES:
                continue
            if "id" in body:
                bodies, revs = rows.setdefault(ref[0], ([], []))
                bodies.append(body)
                revs.append(rev)
            else:
                self._found.hidden.append(ref)
        for type_, (bodies, revs) in rows.items():
            self._rest()
            many, is_news = working(type_).news(self._connection, bodies, revs)
            self._writes.setdefault(type_, []).append(many)
            self._found.is_news |= is_news

    def done(self) -> WorkingRows:
        for (type_, names), rows in self._bound.items():
            self._writes.setdefault(type_, []).append(working(type_).of_new(names, rows))
            self._found.is_news = True
        for type_ in sorted(self._writes, key=ORDER.__getitem__):
            self._found.writes += self._writes[type_]
        return self._found

    def _state(
        self, ref: Ref, base: Base | None, changes: Sequence[Body], has_come: bool
    ) -> tuple[Body, int | None]:
        """The working state, and its version where it is just what the server confirmed."""
        if base is None:
            return _laid({}, changes), None
        if not changes and ref[0] in TYPES and working(ref[0]).gives_back(base.body):
            if ref in self._beside:
                self._found.bare.append(ref)
            return base.body, base.rev
        if has_come or base.in_row:
            self._found.beside[ref] = base
        return _laid(base.body, changes), None


def _laid(body: Body, changes: Sequence[Body]) -> Body:
    for one in changes:
        body = {**body, **one}
    return body
