"""A busy server: pulls are worked out ahead of slow lines, and refused in time to come again."""

import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from intact_core.sync.protocol import PROTOCOL_VERSION
from sync_server.api.sync import bodies
from sync_server.api.sync.bodies import Ahead
from tests.server.conftest import Laptop, Server

PULL = {"protocol": PROTOCOL_VERSION, "epoch": "", "cursors": []}


def nothing() -> None:
    pass


def test_the_work_is_done_before_its_parts_are_taken() -> None:
    done = threading.Event()

    def parts() -> Generator[bytes, None, None]:
        yield from (b"a", b"b", b"c")
        done.set()

    with ThreadPoolExecutor(1) as pool:
        ahead = Ahead(pool, parts(), nothing)
        assert ahead.first() == b"a"
        assert done.wait(5)
        assert list(ahead) == [b"b", b"c"]


def test_the_work_ends_when_nobody_takes_its_parts() -> None:
    go_on, closed = threading.Event(), threading.Event()

    def parts() -> Generator[bytes, None, None]:
        try:
            yield b"first"
            go_on.wait(5)
            while True:
                yield b"more"
        finally:
            closed.set()

    with ThreadPoolExecutor(1) as pool:
        ahead = Ahead(pool, parts(), nothing)
        assert ahead.first() == b"first"
        ahead.stop()
        go_on.set()
        assert closed.wait(5)


@pytest.mark.parametrize("place", [0, 1])
def test_what_goes_wrong_reaches_whoever_takes_the_parts(place: int) -> None:
    def parts() -> Generator[bytes, None, None]:
        yield from [b"part"] * place
        raise ValueError("broken")

    with ThreadPoolExecutor(1) as pool:
        ahead = Ahead(pool, parts(), nothing)
        with pytest.raises(ValueError, match="broken"):
            list(ahead)


def test_a_pull_that_gets_no_turn_is_told_to_come_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Laptop(server, "lead@demo.example").connect()
    free = threading.Event()
    taken = [server.app.state.pulls.submit(free.wait, 30) for _ in range(4)]
    with monkeypatch.context() as patch:
        patch.setattr(bodies, "PATIENCE_SECONDS", 0.2)
        refused = client.post("/sync/v1/pull", json=PULL)
    free.set()
    assert all(one.result() for one in taken)
    assert refused.status_code == 503
    assert "later" in refused.json()["sentence"]
    assert client.post("/sync/v1/pull", json=PULL).status_code == 200
