"""kill -9 of laptop, server and PostgreSQL between any two steps: nothing is lost or doubled."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.forking import ForkedServer
from tests.faults.killing import (
    EDITS,
    POINTS,
    kill_laptop,
    kill_server,
    many_databases,
    nothing_lost,
    operations_of,
    prepared_server,
    server_over,
)
from tests.journeys.headless import enrol, open_laptop
from tests.simulation.stage import scratch_folder

_STEPS = (1, 2, 4, 7)


@pytest.fixture(scope="session")
def prepared() -> Iterator[Path]:
    with prepared_server() as folder:
        yield folder


@pytest.fixture
def server(prepared: Path, tmp_path: Path) -> Iterator[ForkedServer]:
    process = server_over(prepared, tmp_path / "server")
    yield process
    process.stop()


def test_a_laptop_killed_at_any_step(server: ForkedServer, tmp_path: Path) -> None:
    laptop = enrol(tmp_path / "laptop", server.url, "lead@demo.example")
    laptop.sync.round()
    laptop.close()
    step = 1
    while kill_laptop(server, tmp_path / "laptop", step):
        step += 3
    laptop = open_laptop(tmp_path / "laptop", server.url)
    laptop.sync.round()
    assert step > EDITS
    nothing_lost(server, laptop, len(operations_of(laptop)))
    laptop.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_server_killed_at_each_step(server: ForkedServer, tmp_path: Path, point: str) -> None:
    laptop = enrol(tmp_path / "laptop", server.url, "lead@demo.example")
    laptop.sync.round()
    died = sum(kill_server(server, laptop, f"{point}:{step}") for step in _STEPS)
    server.dies = ""
    server.start()
    laptop.sync.round()
    assert died
    nothing_lost(server, laptop, len(_STEPS))
    laptop.close()


@pytest.mark.postgres
def test_a_database_killed_while_it_writes() -> None:
    with scratch_folder("kills") as folder:
        assert many_databases(folder, 3, random.Random(1)) == 3
