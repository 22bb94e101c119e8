"""Push, pull and a round with nothing to do, over loopback against a real server process."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import ids
from intact_core.records.checklist import RATINGS, AuditChecklist
from sync_server.database.engine import Database
from sync_server.ledger.feed import record_written
from sync_server.tables.base import table_of
from sync_server.tables.ledger import AuditLog, FeedChange, OpReceipt, RecordHead
from tests.benchmarks import raw
from tests.benchmarks.measuring import Figure, Goal, median_of, processor_seconds, seconds_of
from tests.benchmarks.served import KEY, Laptop, Server, enrol

CREATES = 10_000
EDITS = 5_000
PER_ACTION = 500
"""Records that one user action writes, so that making them is quick."""
BATCH = 500


@dataclass(frozen=True)
class Setting:
    """Where the server's rows are, and what to call it."""

    name: str
    database_url: str


class Stages:
    """When a round came to each of its stages, by the words that it shows."""

    def __init__(self, server: Server) -> None:
        self.processes = {"laptop": os.getpid(), "server": server.process_id}
        self.used = {name: processor_seconds(pid) for name, pid in self.processes.items()}
        self.started = time.perf_counter()
        self.at: dict[str, float] = {}

    def __call__(self, words: str, done: int, whole: int) -> None:
        self.at.setdefault(words, time.perf_counter())

    @property
    def pushing(self) -> float:
        return self.at["Receiving changes"] - self.started

    @property
    def pulling(self) -> float:
        return time.perf_counter() - self.at["Receiving changes"]

    @property
    def processor(self) -> str:
        """What both sides worked, which says more than the clock on a busy machine."""
        spent = {
            name: processor_seconds(pid) - self.used[name] for name, pid in self.processes.items()
        }
        return ", ".join(f"{name} {seconds:.2f} s" for name, seconds in spent.items())


_PUSH, _PULL, _IDLE = Goal(5_000, at_least=True), Goal(20_000, at_least=True), Goal(10)


def measure_on(server: Server, setting: Setting, folder: Path) -> list[Figure]:
    """All figures of one server; its folder takes the laptops."""
    lead = enrol(server, folder / "lead", "lead@demo.example")
    auditor = enrol(server, folder / "auditor", "auditor@demo.example")
    for laptop in (lead, auditor):
        laptop.sync.round()
    audit_id, name = lead.audit_id(), setting.name
    made = CREATES / seconds_of(lambda: _create(lead, audit_id))
    words = f"{PER_ACTION} records in one action; rules and hash chain included"
    figures = [
        Figure(f"write to the outbox ({name} run)", made, "op/s", detail=words),
        _push(server, lead, CREATES, f"push creates, {name}"),
        _pull(server, auditor, f"pull, {name}"),
    ]
    bare_push, bare_pull = _bare(setting, lead, folder)
    _edit(lead, audit_id)
    figures.append(_push(server, lead, EDITS, f"push edits, {name}"))
    fresh = enrol(server, folder / "fresh", "auditor@demo.example")
    figures.append(_pull(server, fresh, f"first sync of a laptop, {name}"))
    idle = median_of(lead.sync.round, 20) * 1000
    bare_idle = median_of(lambda: _twice(server), 20) * 1000
    by_driver = "the same rows by the driver's executemany, SQLCipher"
    return [
        *(
            replace(one, baseline=bare, baseline_is=by_driver)
            for one, bare in zip(
                figures, (None, bare_push, bare_pull, bare_push, bare_pull), strict=True
            )
        ),
        Figure(
            f"sync with nothing to do, {name}", idle, "ms", _IDLE, bare_idle,
            "two requests of the server's health",
        ),
    ]  # fmt: skip


def _create(laptop: Laptop, audit_id: UUID) -> None:
    for start in range(0, CREATES, PER_ACTION):
        with laptop.sessions.begin() as session:
            session.add_all(_item(audit_id, start + place) for place in range(PER_ACTION))


def _item(audit_id: UUID, place: int) -> AuditChecklist:
    return AuditChecklist(
        id=ids.new_id(),
        audit_schedule_id=audit_id,
        clause_reference=f"8.{place % 40}",
        clause_title="Control of what is made",
        requirement=f"Question {place}: how is it shown that this is done as planned?",
        position=1000 + place,
    )


def _edit(laptop: Laptop, audit_id: UUID) -> None:
    for start in range(0, EDITS, PER_ACTION):
        with laptop.sessions.begin() as session:
            for place, item in enumerate(_items(session, audit_id, start)):
                item.rating = RATINGS[place % len(RATINGS)]
                item.auditor_finding = f"Seen at bench {place}: signed by the shift lead."


def _items(session: Session, audit_id: UUID, start: int) -> Iterator[AuditChecklist]:
    query = (
        select(AuditChecklist)
        .where(AuditChecklist.audit_schedule_id == audit_id, AuditChecklist.position >= 1000)
        .order_by(AuditChecklist.position)
        .offset(start)
        .limit(PER_ACTION)
    )
    yield from session.scalars(query)


def _push(server: Server, laptop: Laptop, expected: int, what: str) -> Figure:
    """Operations per second, from the start of the round until all have their receipt."""
    stages = Stages(server)
    done = laptop.sync.round(stages)
    if done.sent != expected or done.proof is None:
        raise RuntimeError(f"{done.sent} operations were sent instead of {expected}")
    detail = f"{expected:,} and back; processor: {stages.processor}"
    return Figure(what, expected / stages.pushing, "op/s", _PUSH, detail=detail)


def _pull(server: Server, laptop: Laptop, what: str) -> Figure:
    """Rows per second, from the request until they are applied and durable."""
    stages = Stages(server)
    done = laptop.sync.round(stages)
    seconds = stages.pulling
    if done.received < CREATES:
        raise RuntimeError(f"only {done.received} rows came")
    detail = f"{done.received:,} rows; processor: {stages.processor}"
    return Figure(what, done.received / seconds, "rows/s", _PULL, detail=detail)


def _twice(server: Server) -> None:
    server.gateway.health()
    server.gateway.health()


def _bare(setting: Setting, laptop: Laptop, folder: Path) -> tuple[float, float]:
    """(operations per second into the server's tables, rows per second into the laptop's)."""
    database = Database(setting.database_url, record_written)
    ours = [table_of(one) for one in (OpReceipt, RecordHead, FeedChange, AuditLog)]
    items = AuditChecklist.__table__
    with database.read(laptop.tenant_id) as session:
        server_rows = raw.rows_of(session.connection(), [*ours, items], CREATES)
    database.engine.dispose()
    with laptop.engine.connect() as connection:
        local_rows = raw.rows_of(connection, [items], CREATES)
    into_server = raw.seconds_into(folder / "bare-server.db", server_rows, BATCH)
    into_laptop = raw.seconds_into(folder / "bare-laptop.db", local_rows, CREATES, KEY)
    return CREATES / into_server, CREATES / into_laptop
