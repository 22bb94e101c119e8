"""Working rows with colleagues' unsent work in them: what the server said, then all in turn.

A colleague's change shows where what they saw stands; where this person changed the same, theirs
stays on this screen, and the server will decide. Own changes always show.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Engine, select
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from intact_core.errors import IntactError
from intact_core.records.catalogue import ORDER, TYPES
from intact_core.records.sets import Many
from intact_core.sync.merge import Current, Merged, merge
from intact_core.sync.operations import Operation
from intact_desktop.store import bases
from intact_desktop.store.bases import Ref
from intact_desktop.store.engine import reading
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import (
    Carried,
    CarriedChain,
    Device,
    Outbox,
    SyncCursor,
    table_of,
)
from intact_desktop.store.working import working
from intact_desktop.sync.files import note_wanted

_CARRIED = table_of(Carried)
_CHAINS = table_of(CarriedChain)
_OUTBOX = table_of(Outbox)
_CURSORS = table_of(SyncCursor)
_ANY_CARRIED = select(_CARRIED.c.seq).limit(1)


@dataclass(frozen=True)
class Meeting:
    """A value that two people changed, unseen by each other; wire values of the fields."""

    type: str
    id: UUID
    name: str
    shown: Mapping[str, Any]
    other: Mapping[str, Any]


@dataclass(frozen=True)
class _Layer:
    """One operation in the order in which this laptop learned of it; `device` is None for own."""

    place: tuple[int, int, int]
    operation: Operation
    device: UUID | None
    name: str


def show(engine: Engine) -> None:
    """Bring the working rows of all carried operations up to date, in a transaction."""
    with reading(engine).connect() as connection:
        if connection.scalar(_ANY_CARRIED) is None:
            return
    with engine.begin() as connection:
        show_carried(connection)


def show_carried(connection: Connection) -> None:
    """The same; joins the caller's transaction.

    What cannot be shown (its audit is not here, or something that it refers to) is left out and
    carried all the same.
    """
    rows = sorted(_rows(connection), key=lambda one: ORDER[one[0][0]])
    bases.keep(connection, [ref for ref, _ in rows])
    for _, row in rows:
        try:
            with connection.begin_nested():
                row.run(connection)
        except IntegrityError:
            continue
    note_wanted(connection)


def meetings(connection: Connection) -> list[Meeting]:
    """Where people changed the same since they last reached the server."""
    return [met for fold in _folds(connection) for met in fold.met]


def _rows(connection: Connection) -> Iterator[tuple[Ref, Many]]:
    held = set(connection.scalars(select(_CURSORS.c.scope)))
    for fold in _folds(connection):
        spec = fold.spec
        try:
            if "id" in fold.body and spec.scope.key(fold.body) in held:
                yield (spec.name, str(fold.id)), working(spec.name).rows([fold.body])
        except (IntactError, KeyError):
            continue


class _Fold:
    """A record as it is worked out, layer upon layer."""

    def __init__(self, ref: Ref, base: Mapping[str, Any], me: UUID) -> None:
        self.spec, self.id = TYPES[ref[0]], UUID(ref[1])
        self.body = dict(base)
        self.met: list[Meeting] = []
        self._me = me
        # Whose the value of each group is: the server's at first. There is no rev to compare.
        self._owners = dict.fromkeys(self.spec.groups, "")
        self._seen: set[UUID] = set()

    def lay(self, layer: _Layer) -> None:
        operation = layer.operation
        if operation.op_id in self._seen:
            return
        self._seen.add(operation.op_id)
        if layer.device is None:
            self._write(operation.new_values(), self._me)
            return
        merged = self._merged(operation, layer.device)
        if merged.refused:
            return
        self._write(merged.patch, layer.device)
        self.met += [
            Meeting(self.spec.name, self.id, layer.name, one.server, one.incoming)
            for one in merged.clashes
        ]

    def _merged(self, operation: Operation, device: UUID) -> Merged:
        revs = {group: (1, owner) for group, owner in self._owners.items()}
        current = Current(self.body, 1, revs) if "id" in self.body else None
        return merge(msgspec.structs.replace(operation, base_rev=1), self.spec, current, device)

    def _write(self, values: Mapping[str, Any], device: UUID) -> None:
        self.body |= values
        fields = self.spec.fields
        self._owners |= {fields[name].group: str(device) for name in values if name in fields}


def _folds(connection: Connection) -> Iterator[_Fold]:
    layers: dict[Ref, list[_Layer]] = {}
    for ref, layer in [*_theirs(connection), *_own(connection)]:
        layers.setdefault(ref, []).append(layer)
    confirmed = bases.load(connection, layers)
    me = this_device(connection)
    for ref, found in layers.items():
        base = confirmed.get(ref)
        fold = _Fold(ref, base.body if base else {}, me.id)
        for layer in sorted(found, key=lambda one: one.place):
            fold.lay(layer)
        yield fold


def _theirs(connection: Connection) -> Iterator[tuple[Ref, _Layer]]:
    query = (
        select(
            _CARRIED.c.seq, _CARRIED.c.own_n, _CARRIED.c.raw, _CARRIED.c.device_id, _CHAINS.c.name
        )
        .join(_CHAINS, _CHAINS.c.device_id == _CARRIED.c.device_id)
        .where(_CARRIED.c.type.in_(TYPES))
    )
    for row in connection.execute(query):
        operation = msgspec.json.decode(row.raw, type=Operation)
        place = (row.own_n, 1, row.seq)
        yield (operation.type, str(operation.id)), _Layer(place, operation, row.device_id, row.name)


def _own(connection: Connection) -> Iterator[tuple[Ref, _Layer]]:
    """Own operations on those records whose outcome no pull has brought yet."""
    settled_n = select(table_of(Device).c.settled_n).scalar_subquery()
    about = select(_CARRIED.c.record_id)
    query = select(_OUTBOX.c.n, _OUTBOX.c.raw).where(
        _OUTBOX.c.n > settled_n, _OUTBOX.c.record_id.in_(about)
    )
    for n, raw in connection.execute(query):
        operation = msgspec.json.decode(raw, type=Operation)
        yield (operation.type, str(operation.id)), _Layer((n, 0, 0), operation, None, "")
