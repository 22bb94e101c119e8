"""How PostgreSQL finds rows in a tenant that grew since its statistics were taken."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.engine import Connection

from intact_core.sync.protocol import Cursor, Pull
from sync_server.database.engine import make_engine
from sync_server.database.migrate import migrate
from sync_server.ledger.feed import load_heads
from sync_server.ledger.giving import lines
from sync_server.ledger.standing import Stand
from sync_server.ledger.workspace import Workspace

TENANT, ROWS, SCOPES = uuid4(), 20_000, 20
MORE_THAN_KEEP_A_PLAN = 12
"""Executions after which driver and server keep a statement's plan: five each, and some."""
pytestmark = pytest.mark.postgres

HEADS = """
INSERT INTO record_head (tenant_id, type, id, scope, rev, field_rev, hash, serial, updated_at)
SELECT :tenant, 'clients', gen_random_uuid(), 'client:' || place % :scopes, 1, '[]', '', place,
    now()
FROM generate_series(1, :rows) AS place
"""
ROWS_OF_HEADS = """
INSERT INTO clients (tenant_id, id, created_at, client_code, legal_name, status)
SELECT tenant_id, id, now(), 'C' || serial, 'Client', 'active' FROM record_head
"""
FEED = """
INSERT INTO change (tenant_id, scope, seq, type, record_id, rev, kind, patch, at)
SELECT tenant_id, scope, (serial + :scopes - 1) / :scopes, type, id, 1, 'put', '{}', now()
FROM record_head
"""
SCOPE_HEADS = """
INSERT INTO scope_head (tenant_id, scope, seq, digest)
SELECT :tenant, 'client:' || place, :rows / :scopes, ''
FROM generate_series(0, :scopes - 1) AS place
"""


@pytest.fixture
def empty(postgres_database) -> Iterator[Connection]:
    """A tenant without rows, as the application sees it."""
    migrate(postgres_database.owner)
    engine = make_engine(postgres_database.app)
    with engine.connect() as connection, connection.begin():
        connection.execute(
            text("SELECT set_config('app.tenant', :tenant, false)"), {"tenant": str(TENANT)}
        )
        yield connection
    engine.dispose()


@pytest.fixture
def grown(empty: Connection) -> Connection:
    """A tenant with many rows of which the planner knows nothing."""
    given = {"tenant": TENANT, "rows": ROWS, "scopes": SCOPES}
    for statement in (HEADS, ROWS_OF_HEADS, FEED, SCOPE_HEADS):
        empty.execute(text(statement), given)
    return empty


class Plans:
    """Explains each SELECT as it is made: the most rows that one of its steps looked at."""

    def __init__(self, engine: Engine) -> None:
        self.largest: dict[str, int] = {}
        event.listen(engine, "before_cursor_execute", self._explain)

    def _explain(
        self, connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any
    ) -> None:
        if not statement.startswith("SELECT"):
            return
        with cursor.connection.cursor() as other:
            other.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters)
            plan = other.fetchone()[0][0]["Plan"]
        self.largest[statement] = max(self._looked_at(plan), self.largest.get(statement, 0))

    def _looked_at(self, step: dict[str, Any]) -> int:
        own = step["Actual Rows"] + step.get("Rows Removed by Filter", 0)
        own *= step["Actual Loops"]
        return int(max([own, *map(self._looked_at, step.get("Plans", ()))]))


def some_ids(connection: Connection, count: int) -> list[UUID]:
    query = text("SELECT id FROM record_head ORDER BY serial LIMIT :count")
    return list(connection.execute(query, {"count": count}).scalars())


def test_a_push_looks_at_its_own_records_alone(grown: Connection) -> None:
    ids = some_ids(grown, 300)
    plans = Plans(grown.engine)
    work = Workspace(grown, TENANT)
    work.load(("clients", one) for one in ids)
    assert all(work.record(("clients", one)).rev == 1 for one in ids)
    assert len(load_heads(grown, TENANT, [("clients", one) for one in ids])) == 300
    assert len(plans.largest) >= 2
    assert max(plans.largest.values()) <= 300


def heads_fetched(connection: Connection) -> int:
    """Rows of the table that this connection's statements took up so far, by index or without."""
    counted = "coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)"
    query = f"SELECT {counted} FROM pg_stat_xact_user_tables WHERE relname = 'record_head'"
    return connection.execute(text(query)).scalar_one()


def test_a_connection_from_before_the_growth_looks_at_the_same(empty: Connection) -> None:
    given = {"tenant": TENANT, "rows": 300, "scopes": SCOPES}
    empty.execute(text(HEADS), given)
    refs = [("clients", one) for one in some_ids(empty, 300)]
    for _ in range(MORE_THAN_KEEP_A_PLAN):
        assert len(load_heads(empty, TENANT, refs)) == 300
    empty.execute(text(HEADS.replace("place,", "place + 300,")), given | {"rows": ROWS})
    refs = [("clients", one) for one in some_ids(empty, 300)]
    before = heads_fetched(empty)
    assert len(load_heads(empty, TENANT, refs)) == 300
    assert heads_fetched(empty) - before <= 300


def pulled(connection: Connection, cursors: list[Cursor]) -> tuple[int, int]:
    """(changes that came, most rows that one step looked at)."""
    plans = Plans(connection.engine)
    scopes = [f"client:{place}" for place in range(3)]
    stand = Stand("e", {scope: Cursor(scope, ROWS // SCOPES, "") for scope in scopes})
    came = list(lines(connection, TENANT, stand, Pull(2, "e", cursors)))
    return len(came) - 2, max(plans.largest.values())


def test_a_pull_of_some_changes_looks_at_those_alone(grown: Connection) -> None:
    seq = ROWS // SCOPES - 100
    cursors = [Cursor(f"client:{place}", seq, "") for place in range(3)]
    came, looked_at = pulled(grown, cursors)
    assert came == 300
    assert looked_at <= 100


def test_a_first_sync_looks_at_its_scopes_alone(grown: Connection) -> None:
    came, looked_at = pulled(grown, [])
    assert came == looked_at == 3 * ROWS // SCOPES
