"""Sync with a server on PostgreSQL."""

import tempfile
from pathlib import Path

from tests.benchmarks.measuring import Figure
from tests.benchmarks.served import migrate, serving
from tests.benchmarks.syncing import Setting, measure_on
from tests.fixtures.postgres import running_server


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, running_server(durable=True) as postgres:
        folder, urls = Path(name), postgres.urls(postgres.create_database())
        migrate(urls.owner, folder / "server")
        with serving(folder / "server", urls.app) as server:
            return measure_on(server, Setting("PostgreSQL", urls.app), folder)
