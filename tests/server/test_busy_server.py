"""A busy server: pulls are worked out ahead of slow lines, and refused in time to come again."""

import asyncio
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import pytest

from intact_core.sync.protocol import PROTOCOL_VERSION
from sync_server.api.sync import bodies
from sync_server.api.sync.bodies import Ahead
from tests.server.conftest import Laptop, Server

PULL = {"protocol": PROTOCOL_VERSION, "epoch": "", "cursors": []}


async def taken(pool: ThreadPoolExecutor, parts: Generator[bytes, None, None]) -> list[bytes]:
    ahead = Ahead(pool, parts)
    return [part async for part in ahead.parts(await ahead.first())]


def test_the_work_is_done_before_its_parts_are_taken() -> None:
    done = threading.Event()

    def parts() -> Generator[bytes, None, None]:
        yield from (b"a", b"b", b"c")
        done.set()

    async def take(pool: ThreadPoolExecutor) -> list[bytes]:
        ahead = Ahead(pool, parts())
        first = await ahead.first()
        assert await asyncio.to_thread(done.wait, 5)
        return [part async for part in ahead.parts(first)]

    with ThreadPoolExecutor(1) as pool:
        assert asyncio.run(take(pool)) == [b"a", b"b", b"c"]


def test_an_answer_without_any_part_ends() -> None:
    def parts() -> Generator[bytes, None, None]:
        yield from ()

    with ThreadPoolExecutor(1) as pool:
        assert asyncio.run(asyncio.wait_for(taken(pool, parts()), 5)) == [b""]


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

    async def leave(pool: ThreadPoolExecutor) -> None:
        ahead = Ahead(pool, parts())
        async for part in ahead.parts(await ahead.first()):
            assert part == b"first"
            break
        ahead.stop()
        go_on.set()
        assert await asyncio.to_thread(closed.wait, 5)

    with ThreadPoolExecutor(1) as pool:
        asyncio.run(leave(pool))


@pytest.mark.parametrize("place", [0, 1])
def test_what_goes_wrong_reaches_whoever_takes_the_parts(place: int) -> None:
    def parts() -> Generator[bytes, None, None]:
        yield from [b"part"] * place
        raise ValueError("broken")

    with ThreadPoolExecutor(1) as pool, pytest.raises(ValueError, match="broken"):
        asyncio.run(asyncio.wait_for(taken(pool, parts()), 5))


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
