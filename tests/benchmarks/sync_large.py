"""Large tenants on PostgreSQL: a small pull beside many rows, and a first sync of 100,000 rows."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.engine import Connection

from intact_core import ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.catalogue import spec_of
from intact_core.records.checklist import AuditChecklist
from intact_core.rules.kernel import SYSTEM
from sync_server.database.engine import Database, make_engine
from sync_server.database.sets import insert_rows
from sync_server.ledger.feed import Put, append, record_written
from tests.benchmarks import raw
from tests.benchmarks.measuring import Figure, Goal, peak_megabytes, seconds_of
from tests.benchmarks.running import apart
from tests.benchmarks.served import KEY, Laptop, Server, enrol, migrate, serving
from tests.benchmarks.sync_broken import broken_sync
from tests.fixtures.postgres import SUPERUSER, PostgresServer, running_server

LEAD, AUDITOR = "lead@demo.example", "auditor@demo.example"
CHANGES, TIMES = 100, 21
MANY, HELD, AT_ONCE = 1_000_000, 100_000, 2_000
_SPEC = spec_of("audit_checklists")
FOREIGN = (
    # As one who need not ask for parents and policies: these rows are only to be in the way.
    "SET session_replication_role = replica",
    "CREATE TEMP TABLE one AS SELECT * FROM audit_checklists ORDER BY id LIMIT 1",
    "CREATE TEMP TABLE new AS SELECT gen_random_uuid() AS id, place,"
    " md5((place % 500)::text)::uuid AS audit FROM generate_series(1, :rows) AS place",
    "INSERT INTO audit_checklists (tenant_id, id, created_at, audit_schedule_id, clause_reference,"
    " requirement, position) SELECT tenant_id, new.id, created_at, audit, clause_reference,"
    " requirement, place FROM new CROSS JOIN one",
    "INSERT INTO record_head (tenant_id, type, id, scope, rev, field_rev, hash, serial,"
    " updated_at) SELECT tenant_id, 'audit_checklists', new.id, 'audit:' || audit, 1, '[]', '',"
    " 10000000 + place, created_at FROM new CROSS JOIN one",
    "INSERT INTO change (tenant_id, scope, seq, type, record_id, rev, kind, patch, at) SELECT"
    " tenant_id, 'audit:' || audit, place, 'audit_checklists', new.id, 1, 'put', '{}', created_at"
    " FROM new CROSS JOIN one",
)


@dataclass(frozen=True)
class Tenant:
    """A server with two laptops whose people work on one audit of 1,000 rows."""

    server: Server
    url: str
    superuser: str
    lead: Laptop
    auditor: Laptop
    audit_id: UUID

    def pull(self) -> float:
        """Seconds that the one's round takes, of what the other made."""
        _add(self.lead, self.audit_id, CHANGES)
        return seconds_of(self.auditor.sync.round)


def measure() -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as name,
        running_server(durable=True) as postgres,
        _tenant(postgres, Path(name) / "small") as small,
        _tenant(postgres, Path(name) / "large") as large,
    ):
        _crowd(large)
        pulls = _small_pulls(small, large)
        folder, url = Path(name), large.server.url
        _fill(large.url, enrol(large.server, folder / "other", LEAD))
        fresh = apart(first_sync, url, folder / "fresh")
        return [pulls, *fresh, *apart(broken_sync, url, folder / "line", AUDITOR)]


@contextmanager
def _tenant(postgres: PostgresServer, folder: Path) -> Iterator[Tenant]:
    database = postgres.create_database()
    urls = postgres.urls(database)
    migrate(urls.owner, folder / "server")
    with serving(folder / "server", urls.app) as server:
        lead, auditor = (enrol(server, folder / one, one) for one in (LEAD, AUDITOR))
        lead.sync.round()
        audit_id = lead.audit_id()
        _add(lead, audit_id, 1_000)
        auditor.sync.round()
        superuser = postgres.url(database, SUPERUSER)
        yield Tenant(server, urls.app, superuser, lead, auditor, audit_id)


def _crowd(tenant: Tenant) -> None:
    """So many rows of other audits, behind the back of the planner's statistics."""
    engine = make_engine(tenant.superuser)
    with engine.begin() as connection:
        for statement in FOREIGN:
            connection.execute(text(statement), {"rows": MANY})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # Else the disk is still busy with the rows when the pulls are timed.
        connection.execute(text("CHECKPOINT"))
    engine.dispose()


def _small_pulls(small: Tenant, large: Tenant) -> Figure:
    """Both in turns: the machine is quicker in one minute than in the next."""
    taken = [(small.pull(), large.pull()) for _ in range(TIMES)]
    few, many = map(min, zip(*taken, strict=True))
    return Figure(
        f"pull of {CHANGES} changes, tenant of {MANY:,} rows",
        many * 1000,
        "ms",
        Goal(1.2, of_ratio=True),
        few * 1000,
        "the same pull of a tenant of 1,000 rows, in turns with these",
        "a whole round; the fastest of some; the rows came in after the planner's statistics",
    )


def _add(laptop: Laptop, audit_id: UUID, count: int) -> None:
    with laptop.sessions.begin() as session:
        session.add_all(_item(audit_id, place) for place in range(count))
    laptop.sync.round()


def _item(audit_id: UUID, place: int) -> AuditChecklist:
    return AuditChecklist(
        id=ids.new_id(),
        audit_schedule_id=audit_id,
        clause_reference=f"8.{place % 40}",
        clause_title="Control of what is made",
        requirement=f"Question {place}: how is it shown that this is done as planned?",
        position=1000 + place,
    )


def _fill(url: str, lead: Laptop) -> None:
    """Rows of the audit that the auditor works on, straight through the ledger."""
    database = Database(url, record_written)
    with database.write(lead.tenant_id) as session:
        query = select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
        audit_id = session.scalars(query).one()
    for start in range(0, HELD, AT_ONCE):
        with database.write(lead.tenant_id) as session:
            _write(session.connection(), lead.tenant_id, audit_id, start)
    database.engine.dispose()


def _write(connection: Connection, tenant_id: UUID, audit_id: UUID, start: int) -> None:
    bodies = []
    for place in range(start, start + AT_ONCE):
        item = _item(audit_id, place)
        item.tenant_id, item.created_at = tenant_id, item.created_at
        bodies.append(_SPEC.normal({**_SPEC.blank_body, **_stored(item)}))
    rows = [{**_SPEC.blank, **_SPEC.values(body)} for body in bodies]
    insert_rows(connection, _SPEC.table, rows)
    puts = [
        Put(_SPEC, row["id"], body, body, is_new=True)
        for row, body in zip(rows, bodies, strict=True)
    ]
    append(connection, tenant_id, SYSTEM, puts, {})


def _stored(item: AuditChecklist) -> dict[str, object]:
    return {name: value for name, value in _SPEC.body(item).items() if value is not None} | {
        "created_at": "2026-11-21T08:00:00.000000Z"
    }


def first_sync(url: str, folder: Path) -> list[Figure]:
    """In a process of its own, so that its memory is what one laptop takes."""
    server = Server(url, folder, None, 0)  # type: ignore[arg-type]
    laptop = enrol(server, folder, AUDITOR)
    before = peak_megabytes()
    seconds = seconds_of(laptop.sync.round)
    peak = peak_megabytes()
    items = AuditChecklist.__table__
    with laptop.engine.connect() as connection:
        rows = raw.rows_of(connection, [items], 1 << 20)
    held = len(rows[items])
    if held < HELD:
        raise RuntimeError(f"only {held} rows came")
    bare = raw.seconds_into(folder / "bare.db", rows, AT_ONCE, KEY)
    what = f"first sync of {HELD:,} rows"
    words = "the same rows by the driver's executemany, SQLCipher"
    detail = f"{held:,} rows came"
    return [
        Figure(f"{what}, PostgreSQL", seconds, "s", Goal(30), bare, words, detail),
        Figure(f"{what}: the laptop's memory", peak, "MB", Goal(300), before, "before it"),
    ]
