"""The Intact API on PostgreSQL with 100,000 rows: a list, the dashboard, and workers."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import psycopg

from tests.benchmarks import office_rows
from tests.benchmarks.measuring import Figure, Goal, median_of, seconds_of
from tests.benchmarks.served import PASSWORD, migrate, serving
from tests.fixtures.postgres import SUPERUSER, running_server

ROWS = 100_000
ASKED = 40
ASKERS, WARM_UP, EACH = 8, 25, 150
_FILL = (
    "INSERT INTO clients (tenant_id, id, created_at, client_code, legal_name, industry_sector,"
    " employee_count, annual_revenue, currency, status)"
    " SELECT %(tenant)s, gen_random_uuid(), now(), 'B' || n, 'Client number ' || n, 'Metal', n,"
    " n * 100.5, 'KES', 'active' FROM generate_series(1, %(rows)s) AS n",
    "INSERT INTO record_head (tenant_id, type, id, scope, rev, field_rev, hash, serial, updated_at)"
    " SELECT tenant_id, 'clients', id, 'client:' || id, 1, '[]', '', 1000 + employee_count, now()"
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
                figures = [_list(ours, theirs)]
                one = ours.get("/api/v1/clients").json()["data"][0]["id"]
                office_rows.fill(above, tenant)
                figures.append(_dashboard(ours))
        return [*figures, _workers(folder / "server", urls.app, f"/api/v1/clients/{one}")]


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


def _workers(folder: Path, database: str, path: str) -> Figure:
    """Answers each second of four processes beside those of one."""
    rates = {}
    for workers in (1, 4):
        with serving(folder, database, workers) as server:
            token = _sign_in(server.url)["token"]
            rates[workers] = _rate(server.url, path, token)
    return Figure(
        "one record, eight askers, four processes",
        rates[4],
        "/s",
        Goal(1.7, at_least=True, of_ratio=True),
        rates[1],
        "one process",
    )


def _rate(url: str, path: str, token: str) -> float:
    address = urlsplit(url).netloc

    def ask(times: int) -> None:
        # The bare client of the standard library: it takes the least of the two cores.
        connection = HTTPConnection(address, timeout=60)
        for _ in range(times):
            connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            answer.read()
            if answer.status != HTTPStatus.OK:
                raise RuntimeError(f"{path} answered {answer.status}")
        connection.close()

    with ThreadPoolExecutor(ASKERS) as pool:
        list(pool.map(ask, [WARM_UP] * ASKERS))
        seconds = seconds_of(lambda: list(pool.map(ask, [EACH] * ASKERS)))
    return ASKERS * EACH / seconds


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


def _dashboard(ours: httpx.Client) -> Figure:
    """The figures of the office, where five kinds of record have that many rows each."""

    def ask() -> None:
        for _ in range(ASKED):
            ours.get("/api/v1/dashboard/stats").raise_for_status()

    return Figure(
        f"dashboard over {ROWS:,} rows of each kind, PostgreSQL",
        median_of(ask) / ASKED * 1000,
        "ms",
        Goal(50),
    )
