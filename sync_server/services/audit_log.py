"""The audit log for those who read it, and entries for what writes no record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.errors import NotFound
from intact_core.records.catalogue import ORDER
from intact_core.sync.operations import GENESIS
from sync_server.auth.callers import Caller
from sync_server.ledger.audit_log import LOG_SCOPE, Act, append_acts, entry_hash
from sync_server.services.records import Page, staff_only
from sync_server.tables.base import table_of
from sync_server.tables.ledger import AuditLog, ScopeHead

_LOG = table_of(AuditLog)
_HEADS = table_of(ScopeHead)
_SEQ_BITS = 62
_AT_ONCE = 1_000


def note(
    session: Session,
    caller: Caller,
    action: str,
    kind: str,
    id_: UUID | None,
    values: Mapping[str, Any] | None = None,
) -> None:
    """Write into the log of the caller's tenant what it did, such as a DOWNLOAD.

    `action` in capitals (LOGIN, LOGOUT, DOWNLOAD, EXPORT), `kind` the table's name, `values`
    without secrets. The address is the caller's. Call it last in the transaction: the counter
    row of the log is taken after everything else, so that writers queue and never deadlock.
    """
    plain = {name: canonical.to_wire(value) for name, value in (values or {}).items()}
    act = Act(action, kind, id_, plain)
    append_acts(session.connection(), caller.tenant, caller.actor, clock.now(), [act])


@dataclass(frozen=True)
class Wanted:
    """Which entries are looked for; the days are inclusive, in UTC."""

    page: int = 1
    limit: int = 50
    action: str | None = None
    resource_type: str | None = None
    user_id: UUID | None = None
    start_date: date | None = None
    end_date: date | None = None


def entries(session: Session, caller: Caller, wanted: Wanted) -> Page:
    """One page of the log of the caller's tenant, newest first."""
    where = list(_where(caller, wanted))
    connection = session.connection()
    total = connection.scalar(select(func.count()).select_from(_LOG).where(*where)) or 0
    start = (wanted.page - 1) * wanted.limit
    query = select(_LOG).where(*where).order_by(_LOG.c.seq.desc()).limit(wanted.limit).offset(start)
    return Page(connection.execute(query).all(), total)


def _where(caller: Caller, wanted: Wanted) -> Iterable[ColumnElement[bool]]:
    yield from _mine(caller)
    if wanted.action is not None:
        yield _LOG.c.action == wanted.action.upper()
    if wanted.resource_type is not None:
        yield _LOG.c.resource_type == _TABLES.get(wanted.resource_type, wanted.resource_type)
    if wanted.user_id is not None:
        yield _LOG.c.user_id == wanted.user_id
    if wanted.start_date is not None:
        yield _LOG.c.at >= _midnight(wanted.start_date)
    if wanted.end_date is not None and wanted.end_date < date.max:
        yield _LOG.c.at < _midnight(wanted.end_date + timedelta(days=1))


def _mine(caller: Caller) -> Iterable[ColumnElement[bool]]:
    yield _LOG.c.tenant_id == caller.tenant
    yield staff_only(caller)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def entry(session: Session, caller: Caller, id_: UUID) -> Any:
    """One entry; raises NotFound, also for one of another tenant."""
    seq = id_.int & (1 << _SEQ_BITS) - 1
    query = select(_LOG).where(*_mine(caller), _LOG.c.seq == seq)
    row = session.connection().execute(query).first()
    if row is None or id_of(row) != id_:
        raise NotFound("There is no such entry in the audit log.")
    return row


def id_of(row: Any) -> UUID:
    """The id of an entry, which has none of its own: a UUIDv8 of its tenant and its number.

    48 bits of the tenant's id, and its number in the 62 bits at the end (RFC 9562, 5.8).
    """
    head = row.tenant_id.int & (1 << 48) - 1
    return UUID(int=head << 80 | 8 << 76 | 2 << _SEQ_BITS | row.seq)


def word_of(kind: str) -> str:
    """One of a kind of record in the words of permissions: `audit_schedules` is audit_schedule."""
    return _WORDS.get(kind) or _singular(kind)


def _singular(kind: str) -> str:
    if kind.endswith("ies"):
        return f"{kind[:-3]}y"
    return kind[:-1] if kind.endswith("s") else kind


_WORDS = {name: _singular(name) for name in (*ORDER, "devices", "operations")}
_TABLES = {word: name for name, word in _WORDS.items()}


@dataclass(frozen=True)
class Checked:
    """What a check of the whole log found: how many entries are whole, from the first on.

    `last_hash` is that of the last whole one; `broken_at` the number of the first entry that is
    missing or not as it was written.
    """

    entries: int
    last_hash: str
    broken_at: int | None


def check(session: Session, tenant_id: UUID) -> Checked:
    """Recompute the chain (SHA-256) from the first entry to the end that the counter row knows.

    An entry that was changed, dropped or slipped in breaks it there; the session reads one cut.
    """
    heads = select(_HEADS.c.seq, _HEADS.c.digest).where(
        _HEADS.c.tenant_id == tenant_id, _HEADS.c.scope == LOG_SCOPE
    )
    end = session.connection().execute(heads).first() or (0, GENESIS)
    last, count = GENESIS, 0
    query = select(_LOG).where(_LOG.c.tenant_id == tenant_id).order_by(_LOG.c.seq)
    for row in session.connection().execute(query, execution_options={"yield_per": _AT_ONCE}):
        counted = entry_hash(last, row._asdict())
        if (row.seq, row.prev_hash, row.hash) != (count + 1, last, counted):
            return Checked(count, last, count + 1)
        last, count = row.hash, row.seq
    return Checked(count, last, None if (count, last) == tuple(end) else count + 1)
