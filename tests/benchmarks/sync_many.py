"""Many laptops at once on PostgreSQL: eight that push, a hundred that sync for the first time."""

import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from uuid import UUID

from intact_core import clock, ids
from intact_core.errors import Offline, ServerFault
from intact_core.records.checklist import AuditChecklist
from intact_core.sync.operations import GENESIS, Operation, link, raw_bytes
from intact_desktop.sync.outgoing import Batch
from tests.benchmarks import raw
from tests.benchmarks.measuring import Figure, Goal, processor_seconds, seconds_of
from tests.benchmarks.served import (
    KEY,
    PASSWORD,
    Laptop,
    Server,
    enrol,
    migrate,
    new_store,
    serving,
)
from tests.fixtures.postgres import running_server

WRITERS, ROUNDS, BATCHES, BATCH = 8, 5, 5, 500
NEWCOMERS, ROWS = 100, 2_000
LEAD, AUDITOR = "lead@demo.example", "auditor@demo.example"


def measure() -> list[Figure]:
    """Each on a server of its own: what a hundred laptops leave behind slows the eight down."""
    return [_alone(_push_together), _alone(_first_syncs)]


def _alone(take: Callable[[Server, Path], Figure]) -> Figure:
    with tempfile.TemporaryDirectory() as name, running_server(durable=True) as postgres:
        folder, urls = Path(name), postgres.urls(postgres.create_database())
        migrate(urls.owner, folder / "server")
        with serving(folder / "server", urls.app) as server:
            return take(server, folder)


def _push_together(server: Server, folder: Path) -> Figure:
    """Operations per second of eight laptops that write into one audit, prepared beforehand.

    The median of some rounds, between which one laptop pushes alone.
    """
    like = new_store(folder / "new")
    lone = enrol(server, folder / "alone", LEAD, like=like)
    lone.sync.round()
    audit_id = lone.audit_id()
    laptops = _many(server, folder / "writers", like, LEAD, WRITERS)
    bodies = [prepared(laptop, audit_id, 1 + ROUNDS * BATCHES) for laptop in laptops]
    alone = prepared(lone, audit_id, 1 + ROUNDS * BATCHES)
    for laptop, sent in zip([*laptops, lone], [*bodies, alone], strict=True):
        _taken(laptop, sent[:1])
    seconds, single, spent = [], [], 0.0
    for start in range(1, 1 + ROUNDS * BATCHES, BATCHES):
        part = slice(start, start + BATCHES)
        writers = zip(laptops, bodies, strict=True)
        started = processor_seconds(server.process_id)
        seconds.append(_together([partial(_taken, one, sent[part]) for one, sent in writers]))
        spent += processor_seconds(server.process_id) - started
        single.append(seconds_of(partial(_taken, lone, alone[part])))
    count = BATCHES * BATCH
    rates = sorted(WRITERS * count / one for one in seconds)
    return Figure(
        f"push creates, {WRITERS} devices at once, PostgreSQL",
        statistics.median(rates),
        "op/s",
        Goal(10_000, at_least=True),
        count / statistics.median(single),
        "one device alone",
        f"{ROUNDS} rounds of {WRITERS * count:,} operations into one audit: {rates[0]:,.0f} to "
        f"{rates[-1]:,.0f}; processor: server {spent / ROUNDS:.2f} s a round",
    )


def _first_syncs(server: Server, folder: Path) -> Figure:
    """Seconds until a hundred laptops hold everything; whoever is refused comes again."""
    like = new_store(folder / "new")
    first = enrol(server, folder / "first", LEAD, like=like)
    first.sync.round()
    _taken(first, prepared(first, first.audit_id(), ROWS // BATCH))
    laptops = _many(server, folder / "newcomers", like, AUDITOR, NEWCOMERS)
    refused: list[int] = []
    started = processor_seconds(server.process_id)
    seconds = _together([lambda one=one: refused.append(_synced(one)) for one in laptops])
    spent = processor_seconds(server.process_id) - started
    items = AuditChecklist.__table__
    with laptops[0].engine.connect() as connection:
        rows = raw.rows_of(connection, [items], 1_000_000)
    held = len(rows[items])
    if held < ROWS:
        raise RuntimeError(f"only {held} rows came")
    bare = raw.seconds_into(folder / "bare.db", rows, held, KEY)
    return Figure(
        f"first sync, {NEWCOMERS} devices at once, PostgreSQL",
        seconds,
        "s",
        Goal(60),
        bare * NEWCOMERS,
        "the same rows by the driver's executemany, SQLCipher, one laptop after the other",
        f"{held:,} rows each, {sum(refused)} refusals; processor: server {spent:.2f} s",
    )


def _many(server: Server, folder: Path, like: Path, email: str, count: int) -> list[Laptop]:
    token = server.gateway.sign_in(email, PASSWORD)["token"]
    return [
        enrol(server, folder / str(place), email, token=token, like=like) for place in range(count)
    ]


def _together(work: Sequence[Callable[[], object]]) -> float:
    with ThreadPoolExecutor(len(work)) as pool:
        return seconds_of(lambda: [one.result() for one in [pool.submit(do) for do in work]])


def _synced(laptop: Laptop) -> int:
    """Sync as the application does, coming again when the server is busy; how often it was."""
    for refusals in range(100):
        try:
            laptop.sync.round()
        except (ServerFault, Offline):
            time.sleep(random.uniform(0.5, 1.5))
        else:
            return refusals
    raise RuntimeError("a laptop was refused for ever")


def _taken(laptop: Laptop, bodies: Sequence[bytes]) -> None:
    for body in bodies:
        receipts = laptop.gateway.push(body).receipts
        if any(one.verdict != "applied" for one in receipts):
            raise RuntimeError(f"not applied: {receipts[0]}")


def prepared(laptop: Laptop, audit_id: UUID, batches: int) -> list[bytes]:
    """The pushes of so many batches of new checklist items, signed and ready."""
    n, chain, bodies = 0, GENESIS, []
    for _ in range(batches):
        before, raws, txn_id = chain, [], ids.new_id()
        for _ in range(BATCH):
            n += 1
            content = raw_bytes(_operation(laptop, audit_id, n, txn_id))
            chain = link(chain, content)
            raws.append(content.decode())
        batch = Batch(n - BATCH + 1, BATCH, before, chain, raws)
        bodies.append(batch.body(laptop.sign(chain.encode())))
    return bodies


def _operation(laptop: Laptop, audit_id: UUID, n: int, txn_id: UUID) -> Operation:
    id_ = ids.new_id()
    values = {
        "tenant_id": str(laptop.tenant_id),
        "id": str(id_),
        "created_at": "2026-11-21T08:00:00.000000Z",
        "audit_schedule_id": str(audit_id),
        "clause_reference": f"8.{n % 40}",
        "clause_title": "Control of what is made",
        "requirement": f"Question {n}: how is it shown that this is done as planned?",
        "position": 1000 + n,
    }
    changes = {name: (None, value) for name, value in values.items()}
    return Operation(
        n, ids.new_id(), txn_id, "audit_checklists", id_, "create", 0, changes, clock.now(), "0.1.0"
    )
