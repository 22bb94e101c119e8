"""What waits to be sent, what was proved, and what happened."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Blob, Outbox, SyncLog
from intact_desktop.sync.outgoing import Waiting, waiting
from intact_desktop.sync.refused import LEFT, Refused, refused

_MOST = 200


@dataclass(frozen=True)
class Proof:
    """What equal hashes proved to be on the server, and when."""

    operations: int
    files: int
    at: datetime


@dataclass(frozen=True)
class LogLine:
    """One round in words."""

    at: datetime
    outcome: str
    words: str


@dataclass(frozen=True)
class WaitingLine:
    """One thing that waits: `kind` is a kind of record, or `file`; `size` in bytes."""

    kind: str
    at: datetime
    size: int = 0
    sent: int = 0


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
    query = select(SyncLog).where(SyncLog.outcome != LEFT).order_by(SyncLog.id.desc()).limit(_MOST)
    return SyncStatus(
        waiting(connection),
        _operations(session) + _files(session),
        _proof(device.proof),
        device.clock_offset_seconds,
        [LogLine(one.at, one.outcome, one.words) for one in session.scalars(query)],
        refused(session),
    )


def _proof(kept: Mapping[str, Any] | None) -> Proof | None:
    if not kept:
        return None
    return Proof(kept["operations"], kept["files"], datetime.fromisoformat(kept["at"]))


def _operations(session: Session) -> list[WaitingLine]:
    query = (
        select(Outbox.type, Outbox.wall_time)
        .where(Outbox.verdict.is_(None))
        .order_by(Outbox.n)
        .limit(_MOST)
    )
    return [WaitingLine(type_, at) for type_, at in session.execute(query)]


def _files(session: Session) -> list[WaitingLine]:
    query = (
        select(Blob.added_at, Blob.size, Blob.sent)
        .where(Blob.state == "pending")
        .order_by(Blob.added_at)
        .limit(_MOST)
    )
    return [WaitingLine("file", at, size, sent) for at, size, sent in session.execute(query)]
