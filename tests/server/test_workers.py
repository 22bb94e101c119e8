"""Several processes serve as one: whoever dies is replaced, and none outlives the first."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from sync_server import workers
from tests.server.test_command_line import free_port

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], httpx2.Client]]:
    port = free_port()
    arguments = ["serve", "--data", str(tmp_path), "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sync_server", *arguments], env={**os.environ, "PYTHONPATH": "."}
    )
    # Each question comes over a connection of its own: any process may take it.
    limits = httpx2.Limits(max_keepalive_connections=0)
    with httpx2.Client(base_url=f"http://127.0.0.1:{port}", limits=limits) as client:
        try:
            in_time(lambda: process.poll() is not None or answers(client))
            yield process, client
        finally:
            process.terminate()
            process.wait(60)


def workers_of(process_id: int) -> list[int]:
    """The processes that serve, by their parent."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = int((path / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == process_id and b"spawn_main" in (path / "cmdline").read_bytes():
                found.append(int(path.name))
    return found


def in_time(what: Callable[[], object]) -> None:
    """On a busy machine each process takes many seconds to load."""
    end = time.monotonic() + 120
    while not what():
        if time.monotonic() > end:
            pytest.fail("it did not happen")
        time.sleep(0.1)


def answers(client: httpx2.Client) -> bool:
    try:
        return client.get("/api/health").status_code == 200
    except httpx2.TransportError:
        return False


def test_a_process_that_dies_is_replaced(served) -> None:
    process, client = served
    in_time(lambda: len(workers_of(process.pid)) == 2)
    first, second = workers_of(process.pid)
    os.kill(first, signal.SIGKILL)
    in_time(lambda: len(set(workers_of(process.pid)) - {first, second}) == 1)
    assert answers(client)
    process.terminate()
    assert process.wait(60) in (0, -signal.SIGTERM)
    assert not any(Path(f"/proc/{one}").exists() for one in (first, second))


def test_none_outlives_the_first(served) -> None:
    process, client = served
    in_time(lambda: len(workers_of(process.pid)) == 2)
    serving = workers_of(process.pid)
    process.kill()
    process.wait()
    in_time(lambda: not any(Path(f"/proc/{one}").exists() for one in serving))
    assert not answers(client)


def test_the_number_suits_machine_and_database() -> None:
    assert workers.fitting("sqlite:////data/intact-server.db") == 1
    wanted = min((os.cpu_count() or 1) + 1, workers.MOST_BY_DEFAULT)
    assert workers.fitting("postgresql://intact@/intact") == wanted
