"""The Intact API on PostgreSQL with 100,000 rows: a list beside a bare answer."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import psycopg

from tests.benchmarks.measuring import Figure, Goal, median_of
from tests.benchmarks.served import PASSWORD, migrate, serving
from tests.fixtures.postgres import SUPERUSER, running_server

ROWS = 100_000
ASKED = 40
_FILL = (
    "INSERT INTO clients (tenant_id, id, created_at, client_code, legal_name, industry_sector,"
    " employee_count, annual_revenue, currency, status)"
    " SELECT %(tenant)s, gen_random_uuid(), now(), 'B' || n, 'Client number ' || n, 'Metal', n,"
    " n * 100.5, 'KES', 'active' FROM generate_series(1, %(rows)s) AS n",
    "INSERT INTO record_head (tenant_id, type, id, scope, rev, field_rev, hash, serial, updated_at)"
    " SELECT tenant_id, 'clients', id, 'client:' || id, 1, '{}', '', 1000 + employee_count, now()"
    " FROM clients WHERE client_code LIKE 'B%%' AND industry_sector = 'Metal'",
)


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, running_server(durable=True) as postgres:
        folder, database = Path(name), postgres.create_database()
        urls, above = postgres.urls(database), postgres.url(database, SUPERUSER)
        migrate(urls.owner, folder / "server")
        with serving(folder / "server", urls.app) as server:
            signed_in = _sign_in(server.url)
            tenant = UUID(signed_in["user"]["tenant_id"])
            fill(above, tenant)
            headers = {"Authorization": f"Bearer {signed_in['token']}"}
            with (
                httpx.Client(base_url=server.url, headers=headers, timeout=60) as ours,
                bare(above, tenant) as theirs,
            ):
                return [_list(ours, theirs)]


def _sign_in(url: str) -> dict:
    given = {"email": "cbadmin@demo.example", "password": PASSWORD}
    answer = httpx.post(f"{url}/api/v1/auth/login", json=given)
    answer.raise_for_status()
    return answer.json()


def fill(database: str, tenant: UUID) -> None:
    """A hundred thousand clients, written by the database itself."""
    with psycopg.connect(database, autocommit=True) as connection:
        for statement in _FILL:
            connection.execute(statement, {"tenant": tenant, "rows": ROWS})
        connection.execute("ANALYZE")


@contextmanager
def bare(database: str, tenant: UUID) -> Iterator[httpx.Client]:
    """The bare application in a process of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "tests.benchmarks.bare_asgi:app"]
    surroundings = {**os.environ, "BARE_DATABASE": database, "BARE_TENANT": str(tenant)}
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "warning"], env=surroundings
    )
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
            _wait_for(client)
            yield client
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            client.get("/")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return


def _list(ours: httpx.Client, theirs: httpx.Client) -> Figure:
    def ask(client: httpx.Client) -> None:
        for _ in range(ASKED):
            client.get("/api/v1/clients").raise_for_status()

    bare_seconds = median_of(lambda: ask(theirs)) / ASKED
    seconds = median_of(lambda: ask(ours)) / ASKED
    return Figure(
        f"list of 50 of {ROWS:,} rows, PostgreSQL",
        seconds * 1000,
        "ms",
        Goal(3, of_ratio=True),
        bare_seconds * 1000,
        "the same page and count by a bare ASGI application and the driver",
    )
