"""What waits to be sent, what was proved, what was refused, and what happened."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from intact_core.errors import Place
from intact_core.records.catalogue import TYPES
from intact_desktop.store import naming
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Blob, Device, Outbox, SyncLog, table_of
from intact_desktop.sync import parallel
from intact_desktop.sync.outgoing import Waiting, waiting
from intact_desktop.sync.refused import LEFT, Refused, refused

_MOST = 300
_COUNTED = re.compile(r"(\d+) sent, (\d+) received")
_OUTBOX, _BLOB, _DEVICE = table_of(Outbox), table_of(Blob), table_of(Device)


@dataclass(frozen=True)
class Proof:
    """What equal hashes proved to be on the server, and when."""

    operations: int
    files: int
    at: datetime


@dataclass(frozen=True)
class BothKept:
    """Fields of one record that two people changed at once, neither touching the other's."""

    place: Place
    subject: str
    by: str
    mine: tuple[str, ...]
    theirs: tuple[str, ...]


@dataclass(frozen=True)
class LogLine:
    """What happened; `times` counts what happened in the same way since `first`."""

    at: datetime
    outcome: str
    words: str
    first: datetime
    times: int = 1
    sent_received: tuple[int, int] | None = None
    both: BothKept | None = None


@dataclass(frozen=True)
class WaitingLine:
    """What waits of one audit, or of everything that belongs to none: `size` in bytes."""

    audit: str
    operations: int = 0
    files: int = 0
    size: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True)
class SyncStatus:
    """Everything that the page shows."""

    waiting: Waiting
    lines: list[WaitingLine]
    proof: Proof | None
    clock_offset_seconds: int | None
    log: list[LogLine]
    refused: list[Refused]


def totals(session: Session) -> tuple[Waiting, Proof | None]:
    """The little that the status bar shows."""
    connection = session.connection()
    return waiting(connection), _proof(this_device(connection).proof)


def status(session: Session) -> SyncStatus:
    """What waits, what was proved, and the last rounds."""
    connection = session.connection()
    device = this_device(connection)
    return SyncStatus(
        waiting(connection),
        _waiting_by_audit(session),
        _proof(device.proof),
        device.clock_offset_seconds,
        list(_log(session)),
        refused(session),
    )


def _proof(kept: Mapping[str, Any] | None) -> Proof | None:
    if not kept:
        return None
    return Proof(kept["operations"], kept["files"], datetime.fromisoformat(kept["at"]))


def _waiting_by_audit(session: Session) -> list[WaitingLine]:
    names = naming.audits(session)
    found: dict[str, WaitingLine] = {}
    for scope, count, oldest in _operations(session):
        name = names.get(scope, "")
        before = found.get(name, WaitingLine(name))
        found[name] = replace(
            before,
            operations=before.operations + count,
            oldest=min(one for one in (before.oldest, oldest) if one is not None),
        )
    for audit_id, count, size, oldest in _files(session):
        name = names.get(f"audit:{audit_id}", "")
        before = found.get(name, WaitingLine(name))
        times = [one for one in (before.oldest, oldest) if one is not None]
        found[name] = replace(before, files=count, size=size, oldest=min(times))
    return sorted(found.values(), key=lambda line: (not line.audit, line.audit))


def _operations(session: Session) -> Iterator[tuple[str, int, datetime]]:
    """By kind of record one statement: scope, how many wait, the oldest's time."""
    after = select(_DEVICE.c.acknowledged_n).scalar_subquery()
    pending = _OUTBOX.c.n > after
    for type_ in session.scalars(select(_OUTBOX.c.type).where(pending).distinct()):
        spec = TYPES.get(type_)
        if spec is None:
            continue
        column = spec.table.c[spec.scope.column]
        query = (
            select(column, func.count(), func.min(_OUTBOX.c.wall_time))
            .select_from(_OUTBOX.outerjoin(spec.table, spec.table.c.id == _OUTBOX.c.record_id))
            .where(pending, _OUTBOX.c.type == type_)
            .group_by(column)
        )
        for value, count, oldest in session.execute(query):
            yield spec.scope.key({spec.scope.column: value}), count, oldest


def _files(session: Session) -> Iterator[tuple[UUID, int, int, datetime]]:
    query = (
        select(
            _BLOB.c.audit_id,
            func.count(),
            func.sum(_BLOB.c.size - _BLOB.c.sent),
            func.min(_BLOB.c.added_at),
        )
        .where(_BLOB.c.state == "pending")
        .group_by(_BLOB.c.audit_id)
    )
    yield from session.execute(query)


def _log(session: Session) -> Iterator[LogLine]:
    """Newest first; what happened again and again in the same way is one line."""
    query = select(SyncLog).where(SyncLog.outcome != LEFT).order_by(SyncLog.id.desc()).limit(_MOST)
    people: dict[UUID, str] = {}
    for (outcome, words), group in groupby(
        session.scalars(query), key=lambda one: (one.outcome, one.words)
    ):
        rows = list(group)
        line = LogLine(rows[0].at, outcome, words, rows[-1].at, len(rows))
        if outcome == parallel.OUTCOME:
            people = people or naming.people(session)
            line = replace(line, both=_both_kept(session, words, people))
        elif counted := _COUNTED.fullmatch(words):
            line = replace(line, sent_received=(int(counted[1]), int(counted[2])))
        yield line


def _both_kept(session: Session, words: str, people: Mapping[UUID, str]) -> BothKept:
    met = parallel.Met.read(words)
    subject = naming.subject(session, met.type, met.id) if met.type in TYPES else ""
    place = Place(met.type, met.id, met.mine[0] if met.mine else None)
    return BothKept(place, subject, people.get(met.by, ""), met.mine, met.theirs)
