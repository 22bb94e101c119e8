"""Records as the server last confirmed them: `base_row`, or the working row itself.

A working row with nothing of this laptop on it says by its `base_rev` which version of the record
it is, and is read back where the server's state is asked for. Only what a working row cannot give
back stands beside it as text: the state under own or carried changes, and fields or kinds that
this version does not know. A record has the one or the other, never both.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    Column,
    Integer,
    MetaData,
    Select,
    Table,
    Text,
    Update,
    bindparam,
    delete,
    func,
    null,
    select,
    update,
)
from sqlalchemy.engine import Connection

from intact_core import canonical
from intact_core.records.catalogue import TYPES, TypeSpec
from intact_core.records.sets import Many, upserting
from intact_core.sync import digest
from intact_desktop.store.tables import BaseRow, Device, chunks, table_of

Ref = tuple[str, str]
"""Kind and id of a record, the id in the form of RFC 9562: as text it is quicker than a UUID."""
Rest = Callable[[], None]
_AT_ONCE = 500
# The body stays text here: most bodies are only handed on.
_BASE = Table(
    BaseRow.__tablename__,
    MetaData(),
    *(
        Column(column.name, Text if column.name == "body" else column.type, key=column.key)
        for column in table_of(BaseRow).columns
    ),
)
_IDS = func.json_each(bindparam("ids", type_=Text)).table_valued("value")
# One list as one parameter: rendering many took longer than finding their rows.
_AMONG = select(_IDS.c.value)
_TEXTS = select(_BASE).where(_BASE.c.id.in_(_AMONG))
_ALL_TEXTS = select(_BASE.c.type, _BASE.c.id)
_IN_SCOPES = select(_BASE.c.type, _BASE.c.id).where(
    _BASE.c.scope.in_(bindparam("scopes", expanding=True))
)
_DROP = delete(_BASE).where(_BASE.c.type == bindparam("of_type"), _BASE.c.id.in_(_AMONG))
_TENANT = select(table_of(Device).c.tenant_id).scalar_subquery()


class Base(msgspec.Struct, gc=False):
    """A record as the server has it, the body as text or read, whichever is at hand."""

    scope: str
    rev: int
    hash: str
    said: str
    """The body as canonical JSON; empty where it is held as it was read."""
    read: Mapping[str, Any] | None = None
    in_row: bool = False
    """Whether the working row is all there is of it."""
    is_new: bool = False
    """Whether it is sure that nothing of the record is here."""
    bound: tuple[tuple[str, ...], tuple[Any, ...]] | None = None
    """Its working row as the driver takes it, by column, where that was made already."""

    @property
    def body(self) -> Mapping[str, Any]:
        return self.read or canonical.loads(self.said)

    @property
    def text(self) -> str:
        """The body as canonical JSON."""
        return self.said or canonical.dumps(self.read).decode()


def confirmed(
    ref: Ref, scope: str, rev: int, body: Mapping[str, Any], *, as_text: bool = True
) -> Base:
    """A record in a version that the server confirmed; the wire body as the server says it.

    As text it takes less memory, else the body itself is held.
    """
    filled = digest.filled(body)
    text = canonical.dumps(filled)
    value = digest.text_hash(ref[0], body.get("id", ref[1]), rev, text)
    if not as_text:
        return Base(scope, rev, value, "", body)
    if filled is not body:
        text = canonical.dumps(body)
    return Base(scope, rev, value, text.decode())


@cache
def rows_of(type_: str) -> Table:
    """The working rows of a kind as they are stored: with `base_rev`, which no mapping names."""
    columns = (Column(one.name, one.type, key=one.key) for one in TYPES[type_].table.columns)
    return Table(type_, MetaData(), *columns, Column("base_rev", Integer))


def load(
    connection: Connection, refs: Collection[Ref], rest: Rest = lambda: None
) -> dict[Ref, Base]:
    """The confirmed states of those records that have one; `rest` is called often."""
    found: dict[Ref, Base] = {}
    if not refs:
        return found
    beside = texts(connection).intersection(refs)
    for ids in _parts([id_ for _, id_ in beside], rest):
        for row in connection.execute(_TEXTS, {"ids": ids}):
            found[row.type, str(row.id)] = Base(row.scope, row.rev, row.hash, row.body)
    for type_, of_type in _by_known_type(refs):
        for ids in _parts(of_type, rest):
            for row in connection.execute(_confirmed(type_), {"ids": ids}):
                found[type_, str(row.id)] = _read_back(TYPES[type_], row)
    return found


def texts(connection: Connection) -> set[Ref]:
    """The records whose confirmed state stands beside the working row; they are few."""
    return {(type_, str(id_)) for type_, id_ in connection.execute(_ALL_TEXTS)}


def held(connection: Connection, scopes: Sequence[str]) -> Iterator[Ref]:
    """The records that the server gave this laptop in these scopes."""
    if not scopes:
        return
    for type_, id_ in connection.execute(_IN_SCOPES, {"scopes": scopes}):
        yield type_, str(id_)
    for spec in TYPES.values():
        wanted = _scope_values(spec, scopes)
        if wanted:
            rows = rows_of(spec.name)
            mine = rows.c[spec.scope.column].in_(wanted) & rows.c.base_rev.is_not(None)
            for id_ in connection.scalars(select(rows.c.id).where(mine)):
                yield spec.name, str(id_)


def keep(connection: Connection, refs: Collection[Ref]) -> None:
    """Write beside what stands in working rows alone: something is about to be laid on them."""
    alone = {ref: base for ref, base in load(connection, refs).items() if base.in_row}
    put(connection, alone)
    _no_more_confirmed(connection, alone)


def put(connection: Connection, bases: Mapping[Ref, Base]) -> None:
    """Store confirmed states as text; joins the caller's transaction."""
    rows = [
        (UUID(id_).hex, type_, base.scope, base.rev, base.hash, base.text)
        for (type_, id_), base in bases.items()
    ]
    names = _BASE.columns.keys()
    Many(upserting(connection.dialect, _BASE, ("type", "id"), names), rows).run(connection)


def drop_texts(connection: Connection, refs: Collection[Ref]) -> None:
    """The text beside is of no use any more: the working row says the same."""
    for type_, of_type in _by_type(refs).items():
        for ids in _parts(of_type):
            connection.execute(_DROP, {"of_type": type_, "ids": ids})


def forget(connection: Connection, refs: Collection[Ref]) -> None:
    """The server does not give these any more; the working rows stay as they are."""
    drop_texts(connection, refs)
    _no_more_confirmed(connection, refs)


def forget_scope(connection: Connection, scope: str) -> None:
    """The texts of a scope; its working rows are for the caller to remove."""
    connection.execute(delete(_BASE).where(_BASE.c.scope == scope))


@cache
def _confirmed(type_: str) -> Select[Any]:
    rows = rows_of(type_)
    # The whole key: by ids alone SQLite may read all rows of a table.
    return select(rows).where(
        rows.c.tenant_id == _TENANT, rows.c.id.in_(_AMONG), rows.c.base_rev.is_not(None)
    )


@cache
def _unconfirm(type_: str) -> Update:
    rows = rows_of(type_)
    mine = (rows.c.tenant_id == _TENANT) & rows.c.id.in_(_AMONG)
    return update(rows).where(mine).values(base_rev=null())


def _read_back(spec: TypeSpec, row: Any) -> Base:
    body = digest.filled(spec.body(row))
    base = confirmed((spec.name, str(row.id)), spec.scope.key(body), row.base_rev, body)
    base.in_row = True
    return base


def _no_more_confirmed(connection: Connection, refs: Collection[Ref]) -> None:
    for type_, of_type in _by_known_type(refs):
        for ids in _parts(of_type):
            connection.execute(_unconfirm(type_), {"ids": ids})


def _scope_values(spec: TypeSpec, scopes: Sequence[str]) -> list[Any]:
    if not spec.scope.kind:
        return list(scopes)
    parts = (scope.partition(":") for scope in scopes)
    return [UUID(id_) for kind, _, id_ in parts if kind == spec.scope.kind]


def _by_known_type(refs: Iterable[Ref]) -> Iterator[tuple[str, list[str]]]:
    return ((type_, ids) for type_, ids in _by_type(refs).items() if type_ in TYPES)


def _by_type(refs: Iterable[Ref]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for type_, id_ in refs:
        found.setdefault(type_, []).append(id_)
    return found


def _parts(ids: Sequence[str], rest: Rest = lambda: None) -> Iterator[str]:
    for part in chunks(ids, _AT_ONCE):
        rest()
        yield canonical.dumps(part).decode().replace("-", "")
