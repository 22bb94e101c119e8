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
_WRITTEN_AT_ONCE = 50
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
    touched: Collection[Ref],
    came: Mapping[Ref, Base],
    gone: Collection[Ref] = (),
    rest: Rest = lambda: None,
) -> WorkingRows:
    """The working rows of the records named: confirmed by what `came`, or else by what is here.

    Those in `gone` have no confirmed state any more. `rest` is called often.
    """
    pending = pending_changes(connection) if touched else {}
    work = _Work(connection, came, gone, pending, rest)
    # All rows of a large scope at once would take too much memory.
    for part in chunks(list(touched), _BOUND_AT_ONCE):
        work.add(part)
    return work.done()


def pending_changes(connection: Connection) -> dict[Ref, list[Body]]:
    """What own operations without a receipt changed, by record, the oldest first."""
    found: dict[Ref, list[Body]] = {}
    for type_, id_, raw in connection.execute(_PENDING):
        changes = msgspec.json.decode(raw)["changes"]
        values = {name: pair[1] for name, pair in changes.items()}
        found.setdefault((type_, id_), []).append(values)
    return found


@dataclass
class _Work:
    connection: Connection
    came: Mapping[Ref, Base]
    gone: Collection[Ref]
    pending: Mapping[Ref, Sequence[Body]]
    rest: Rest
    found: WorkingRows = field(default_factory=WorkingRows)
    writes: dict[str, list[Many]] = field(default_factory=dict)

    def add(self, part: Sequence[Ref]) -> None:
        self.rest()
        here = bases.load(self.connection, [ref for ref in part if ref not in self.came], self.rest)
        beside = bases.texts(self.connection, part)
        rows: dict[str, tuple[list[Body], list[int | None]]] = {}
        for ref in part:
            self.rest()
            base = None if ref in self.gone else self.came.get(ref) or here.get(ref)
            body, rev = self._state(ref, base, ref in beside)
            if ref[0] not in TYPES:
                continue
            if "id" in body:
                bodies, revs = rows.setdefault(ref[0], ([], []))
                bodies.append(body)
                revs.append(rev)
            else:
                self.found.hidden.append(ref)
        for type_, (bodies, revs) in rows.items():
            self.rest()
            many, is_news = working(type_).news(self.connection, bodies, revs)
            self.writes.setdefault(type_, []).append(many)
            self.found.is_news |= is_news

    def done(self) -> WorkingRows:
        for type_ in sorted(self.writes, key=ORDER.__getitem__):
            self.found.writes += self.writes[type_]
        return self.found

    def _state(self, ref: Ref, base: Base | None, is_beside: bool) -> tuple[Body, int | None]:
        """The working state, and its version where it is just what the server confirmed."""
        if base is None:
            return _laid({}, self.pending.get(ref, ())), None
        body, changes = base.body, self.pending.get(ref)
        if not changes and ref[0] in TYPES and working(ref[0]).gives_back(body):
            if is_beside:
                self.found.bare.append(ref)
            return body, base.rev
        if ref in self.came or base.in_row:
            self.found.beside[ref] = base
        return _laid(body, changes or ()), None


def _laid(body: Body, changes: Sequence[Body]) -> Body:
    for one in changes:
        body = {**body, **one}
    return body
