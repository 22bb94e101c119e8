"""The rule-based state machine over real client and server code, on SQLite and on PostgreSQL."""

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.fixtures.postgres import PostgresServer
from tests.simulation.machine import Machine, Place, PostgresMachine
from tests.simulation.stage import build, scratch_folder

MORE = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "prove" else 1
_SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def test_on_sqlite() -> None:
    profile = settings(max_examples=25 * MORE, stateful_step_count=20, suppress_health_check=_SLOW)
    run_state_machine_as_test(Machine, settings=profile)


@pytest.mark.postgres
def test_on_postgres(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database()
    urls = postgres_server.urls(template)
    profile = settings(max_examples=6 * MORE, stateful_step_count=15, suppress_health_check=_SLOW)
    with scratch_folder("stage") as folder:
        stage = build(folder, urls.app, urls.owner)

        def place() -> Place:
            return stage, postgres_server.urls(postgres_server.create_database(template)).app

        run_state_machine_as_test(lambda: PostgresMachine(place), settings=profile)
