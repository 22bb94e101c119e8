"""What can be done with every kind of record alike: list, read, make, change, remove."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    ForeignKeyConstraint,
    Table,
    UniqueConstraint,
    and_,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput, IntactError, NotFound, Place, RuleBroken
from intact_core.records.base import Record
from intact_core.records.catalogue import spec_of
from sync_server.auth.callers import Caller
from sync_server.services.numbers import next_number
from sync_server.tables.base import table_of
from sync_server.tables.ledger import RecordHead

R = TypeVar("R", bound=Record)
Values = Mapping[str, Any]
Condition = ColumnElement[bool]
_HEADS = table_of(RecordHead)


def staff_only(caller: Caller) -> Condition:
    """Everything of the tenant for its staff, nothing for a client's representative."""
    return false() if caller.client_id is not None else true()


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True)
class Kind(Generic[R]):
    """A kind of record as the services list and change it.

    `noun` names one in sentences. `search` are the columns that a search looks in. `number` is
    the column of the human number and its prefix: left out, it is given from the sequence.
    `visible` says which rows a caller may see. `computed` finds what is not stored, such as an
    overdue invoice: a condition for each filter by name. `unlisted` are columns too large for
    lists. `check` is asked before a row is written, `may_remove` before it is removed; both raise
    RuleBroken or BadInput.
    """

    record: type[R]
    noun: str
    search: tuple[str, ...] = ()
    number: tuple[str, str] | None = None
    visible: Callable[[Caller], Condition] = staff_only
    order: tuple[Any, ...] = ()
    computed: Mapping[str, Callable[[Any], Condition]] = field(default_factory=dict)
    unlisted: frozenset[str] = frozenset()
    check: Callable[[Session, R], None] = _nothing
    may_remove: Callable[[Session, R], None] = _nothing

    @property
    def table(self) -> Table:
        """The table of the kind."""
        return cast(Table, self.record.__table__)

    @property
    def name(self) -> str:
        """The table's name, which is the kind's in the feed and the log."""
        return str(self.table.name)


@dataclass(frozen=True)
class Asked:
    """Which page of a list, from 1, of how many rows (1 to 100), and what is looked for."""

    page: int = 1
    limit: int = 50
    search: str | None = None
    filters: Values = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """Rows of one page, each with `updated_at`, and how many there are in all."""

    rows: Sequence[Any]
    total: int


def listed(session: Session, caller: Caller, kind: Kind[Any], asked: Asked) -> Page:
    """One page of the living rows that the caller may see, newest first unless said."""
    table = kind.table
    where = and_(_living(caller, kind), *_wanted(kind, asked))
    connection = session.connection()
    total = connection.scalar(select(func.count()).select_from(table).where(where)) or 0
    shown = (column for column in table.c if column.name not in kind.unlisted)
    query = (
        select(*shown, _HEADS.c.updated_at)
        .join(_HEADS, _head_of(kind))
        .where(where)
        .order_by(*(kind.order or (table.c.id.desc(),)))
        .limit(asked.limit)
        .offset((asked.page - 1) * asked.limit)
    )
    return Page(connection.execute(query).all(), total)


def _living(caller: Caller, kind: Kind[Any]) -> Condition:
    table = kind.table
    mine = and_(table.c.tenant_id == caller.tenant, table.c.deleted_at.is_(None))
    return and_(mine, kind.visible(caller))


def _head_of(kind: Kind[Any]) -> Condition:
    table = kind.table
    return and_(
        _HEADS.c.tenant_id == table.c.tenant_id,
        _HEADS.c.type == kind.name,
        _HEADS.c.id == table.c.id,
    )


def _wanted(kind: Kind[Any], asked: Asked) -> list[Condition]:
    found = [
        kind.computed[name](value) if name in kind.computed else kind.table.c[name] == value
        for name, value in asked.filters.items()
    ]
    if asked.search:
        columns = (kind.table.c[name] for name in kind.search)
        found.append(or_(*(one.icontains(asked.search, autoescape=True) for one in columns)))
    return found


def one(session: Session, caller: Caller, kind: Kind[R], id_: UUID, *, lock: bool = False) -> R:
    """The row, locked when it is about to change. Raises NotFound, also for a foreign one."""
    query = select(kind.record).where(_living(caller, kind), kind.table.c.id == id_)
    if lock:
        # Ids stay as they are, so that others may refer to the row meanwhile.
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    row = session.scalar(query)
    if row is None:
        raise NotFound(f"There is no such {kind.noun}.")
    return row


def referred(session: Session, caller: Caller, kind: Kind[R], values: Values, column: str) -> R:
    """The row that a new one belongs to, locked. Raises BadInput where there is none."""
    try:
        return one(session, caller, kind, values[column], lock=True)
    except NotFound:
        raise BadInput(f"{column}: there is no such {kind.noun}. Check the id.") from None


def step(kind: Kind[Any], row: Any, status: str) -> None:
    """Move a row, which is locked, on. Raises RuleBroken, also where it is there already."""
    old = str(row.status)
    steps = spec_of(kind.name).fields["status"].steps or {}
    if status not in steps.get(old, frozenset()):
        raise RuleBroken(
            "transition",
            f"This {kind.noun} is '{old}' and cannot become '{status}'. Nothing was changed.",
            place=Place(kind.name, row.id, "status"),
        )
    row.status = status


def head_of(session: Session, kind: Kind[Any], row: Record) -> Any:
    """`rev` (its version, from 1) and `updated_at` of a row."""
    mine = _HEADS.c.tenant_id == row.tenant_id
    query = select(_HEADS.c.rev, _HEADS.c.updated_at).where(
        mine, _HEADS.c.type == kind.name, _HEADS.c.id == row.id
    )
    return session.connection().execute(query).one()


def require_version(
    session: Session, caller: Caller, kind: Kind[Any], id_: UUID, tag: str | None
) -> None:
    """Lock a row that is about to change and compare its version with an entity tag.

    Raises NotFound, and StaleVersion where somebody changed it since (RFC 9110, 13.1.1). Without
    a tag, or with "*", every version will do.
    """
    row = one(session, caller, kind, id_, lock=True)
    if tag is None or tag.strip() == "*":
        return
    if f'"{head_of(session, kind, row).rev}"' not in (part.strip() for part in tag.split(",")):
        raise StaleVersion(
            f"Somebody changed this {kind.noun} since you read it. Nothing was changed. "
            "Read it again and repeat your change."
        )


class StaleVersion(IntactError):
    """The record has another version than the one that a change was made for."""


def create(session: Session, caller: Caller, kind: Kind[R], values: Values) -> R:
    """Make a row. Raises BadInput for a reference to nothing, RuleBroken (`duplicate`)."""
    given = {name: value for name, value in values.items() if value is not None}
    if kind.number is not None:
        column, prefix = kind.number
        given.setdefault(column, None)
        given[column] = given[column] or next_number(session, caller.tenant, prefix)
    row = kind.record(**{**spec_of(kind.name).defaults, "id": ids.new_id(), **given})
    row.tenant_id = caller.tenant
    _ask(session, kind, row, given.keys())
    session.add(row)
    session.flush()
    return row


def change(session: Session, caller: Caller, kind: Kind[R], id_: UUID, values: Values) -> R:
    """Change some fields of a row. Raises NotFound, and what making one raises."""
    row = one(session, caller, kind, id_, lock=True)
    with session.no_autoflush:
        for name, value in values.items():
            setattr(row, name, value)
        _ask(session, kind, row, values.keys())
    session.flush()
    return row


def remove(session: Session, caller: Caller, kind: Kind[R], id_: UUID, reason: str) -> R:
    """Give a row its tombstone; the row stays, and so does its number (17021-1, 9.9)."""
    row = one(session, caller, kind, id_, lock=True)
    kind.may_remove(session, row)
    row.deleted_at, row.deleted_reason = clock.now(), reason
    session.flush()
    return row


def _ask(session: Session, kind: Kind[R], row: R, names: Collection[str]) -> None:
    fields = spec_of(kind.name).fields
    for name in names:
        if getattr(row, name) is None and fields[name].required:
            raise BadInput(f"{name} must not be empty.")
    _check_references(session, kind, row, names)
    _check_unique(session, kind, row, names)
    kind.check(session, row)


def _check_references(
    session: Session, kind: Kind[Any], row: Record, names: Collection[str]
) -> None:
    for key in kind.table.constraints:
        if not isinstance(key, ForeignKeyConstraint):
            continue
        column, target = key.column_keys[1], key.referred_table
        value = getattr(row, column)
        if column not in names or value is None:
            continue
        there = select(target.c.id).where(
            target.c.tenant_id == row.tenant_id, target.c.id == value, target.c.deleted_at.is_(None)
        )
        if session.connection().scalar(there) is None:
            raise BadInput(f"{column}: there is no such record in {target.name}. Check the id.")


def _check_unique(session: Session, kind: Kind[Any], row: Record, names: Collection[str]) -> None:
    table = kind.table
    for rule in table.constraints:
        columns = [column for column in getattr(rule, "columns", ()) if column.name != "tenant_id"]
        if not isinstance(rule, UniqueConstraint) or not {c.name for c in columns} & set(names):
            continue
        values = {column.name: getattr(row, column.name) for column in columns}
        same = (table.c[name] == value for name, value in values.items())
        taken = select(table.c.id).where(table.c.tenant_id == row.tenant_id, *same)
        if session.connection().scalar(taken.where(table.c.id != row.id)) is not None:
            last = list(values)[-1]
            raise RuleBroken(
                "duplicate",
                f"{last} '{values[last]}' is taken already, also when it was of something that "
                "was removed. Use another one.",
                place=Place(kind.name, row.id, last),
            )
