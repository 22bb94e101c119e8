"""kill -9 of laptop and server between any two steps: nothing is lost, nothing doubled."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from intact_core.errors import Offline, ServerFault
from tests.journeys.headless import Headless, enrol, open_laptop
from tests.journeys.processes import ServerProcess

EDITS = 3
_STEPS = (1, 2, 4, 7)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "server")
    process.start()
    yield process
    process.stop()


def _operations(laptop: Headless) -> list[tuple[str, str | None]]:
    with laptop.engine.connect() as connection:
        rows = connection.execute(text("SELECT raw, verdict FROM outbox ORDER BY n")).all()
    return [(raw, verdict) for raw, verdict in rows]


def _held_by_server(server: ServerProcess) -> list[str]:
    engine = create_engine(f"sqlite:///{server.data / 'intact-server.db'}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT raw FROM op_receipt ORDER BY device_id, n")).all()
    engine.dispose()
    return [raw for (raw,) in rows]


def _nothing_lost(server: ServerProcess, laptop: Headless, made: int) -> None:
    operations = _operations(laptop)
    assert len(operations) == made
    assert {verdict for _, verdict in operations} == {"applied"}
    assert _held_by_server(server) == [raw for raw, _ in operations]
    texts = [json.loads(raw)["changes"]["auditor_finding"][1] for raw, _ in operations]
    assert len(set(texts)) == made


def test_a_laptop_killed_at_any_step(server: ServerProcess, tmp_path: Path) -> None:
    laptop = enrol(tmp_path / "laptop", server.url, "lead@demo.example")
    laptop.sync.round()
    laptop.close()
    step, finished = 0, False
    while not finished:
        step += 3
        command = [sys.executable, "-m", "tests.journeys.headless", str(tmp_path / "laptop")]
        command += [server.url, str(EDITS), str(step)]
        result = subprocess.run(
            command, capture_output=True, check=False, cwd=Path(__file__).parents[2]
        )
        finished = result.returncode == 0
        assert result.returncode in (0, -9), result.stderr.decode()[-2000:]
    laptop = open_laptop(tmp_path / "laptop", server.url)
    laptop.sync.round()
    assert step > EDITS
    _nothing_lost(server, laptop, len(_operations(laptop)))
    laptop.close()


@pytest.mark.parametrize("point", ["begin", "commit", "checkin"])
def test_a_server_killed_at_each_step(server: ServerProcess, tmp_path: Path, point: str) -> None:
    laptop = enrol(tmp_path / "laptop", server.url, "lead@demo.example")
    laptop.sync.round()
    server.stop()
    died = 0
    for step in _STEPS:
        laptop.rate(step, f"{point} {step}")
        server.module, server.more = "tests.faults.dying_server", [f"{point}:{step}"]
        server.start()
        with suppress(Offline, ServerFault):
            laptop.sync.round()
        died += not server.running
        server.kill()
    server.module, server.more = "sync_server", []
    server.start()
    laptop.sync.round()
    assert died
    _nothing_lost(server, laptop, len(_STEPS))
    laptop.close()
