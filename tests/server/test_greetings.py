"""A greeting of a laptop: what it asks of the database, and how the connection is left."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, text

from sync_server.database.engine import make_engine
from sync_server.ledger.standing import stand_of
from tests.fixtures.postgres import OWNER
from tests.server.conftest import Laptop, Server
from tests.server.test_laptops import LEAD, hello

QUESTIONS = ("auth_tokens", "app.tenant", "tenants", "granted", "tenant_keys")
"""What each names: whose token, the limit to the tenant, the caller, the scopes, the key."""
HEADS = """
INSERT INTO scope_head (tenant_id, scope, seq, digest)
SELECT :tenant, 'client:' || place, 1, '' FROM generate_series(1, 20000) AS place
"""
HEADS_READ = """
SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
FROM pg_stat_xact_user_tables WHERE relname = 'scope_head'
"""
on_postgres = pytest.mark.parametrize(
    "fresh", [pytest.param("postgres", marks=pytest.mark.postgres)], indirect=True
)


@contextmanager
def asked(server: Server) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        if statement != "BEGIN":
            statements.append(statement)

    event.listen(server.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(server.database.engine, "before_cursor_execute", note)


def test_a_laptop_with_nothing_to_do_asks_little(server: Server) -> None:
    client = Laptop(server, LEAD).connect()
    with asked(server) as statements:
        answer = client.post("/sync/v1/hello", content=json.dumps(hello()))
    assert answer.status_code == 200
    limits = server.database.is_postgres
    expected = [one for one in QUESTIONS if limits or one != "app.tenant"]
    assert len(statements) == len(expected)
    assert all(part in one for part, one in zip(expected, statements, strict=True))


def test_the_heads_are_those_of_a_pull(server: Server) -> None:
    client = Laptop(server, LEAD).connect()
    greeted = client.post("/sync/v1/hello", content=json.dumps(hello())).json()
    pull = {"protocol": 3, "epoch": "", "cursors": []}
    lines = client.post("/sync/v1/pull", content=json.dumps(pull)).text.splitlines()
    heads = json.loads(lines[-1])["cursors"]
    assert greeted["heads"] == heads
    assert {one["scope"].partition(":")[0] for one in heads} == {"audit", "client", "reference"}
    assert all(one["seq"] for one in heads)


@on_postgres
def test_after_a_greeting_the_connection_plans_as_before(server: Server) -> None:
    client = Laptop(server, LEAD).connect()

    def plans() -> tuple[int, str]:
        with server.database.engine.connect() as connection:
            driver = connection.connection.dbapi_connection
            return driver.prepare_threshold, connection.scalar(text("SHOW plan_cache_mode"))

    before = plans()
    assert before == (5, "auto")
    for one, status in ((hello(), 200), (hello(protocol=0), 426), (hello(chain_hash="b"), 409)):
        assert client.post("/sync/v1/hello", content=json.dumps(one)).status_code == status
        assert plans() == before


@on_postgres
def test_a_greeting_planned_before_the_tenant_grew_looks_at_the_same(server: Server) -> None:
    tenant_id, user_id = server.tenant_of(LEAD), server.account(LEAD).user_id
    owner = make_engine(str(server.database.engine.url.set(username=OWNER)))
    with owner.begin() as connection:
        connection.execute(text("ANALYZE"))
    owner.dispose()

    def heads_read() -> int:
        with server.database.look_up() as session:
            server.database.enter(session, tenant_id)
            connection = session.connection()
            earlier = connection.scalar(text(HEADS_READ))
            stand_of(connection, tenant_id, user_id)
            return connection.scalar(text(HEADS_READ)) - earlier

    before = heads_read()
    with server.database.write(tenant_id) as session:
        session.connection().execute(text(HEADS), {"tenant": tenant_id})
    assert heads_read() == before
