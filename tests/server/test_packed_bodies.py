"""Bodies packed as gzip: taken up to the limit of what they unpack to, and answered in kind."""

import gzip
import json
import tracemalloc

import pytest

from intact_core.sync.protocol import PROTOCOL_VERSION
from tests.server.conftest import Laptop, Server

PULL = json.dumps({"protocol": PROTOCOL_VERSION, "epoch": "", "cursors": []}).encode()
MEGABYTE = 1 << 20


@pytest.fixture
def laptop(server: Server) -> Laptop:
    laptop = Laptop(server, "lead@demo.example")
    laptop.connect()
    return laptop


def send(laptop: Laptop, body: bytes, encoding: str = "gzip", path: str = "/sync/v1/pull"):
    return laptop.client.post(path, content=body, headers={"Content-Encoding": encoding})


def test_a_packed_message_is_the_same_as_a_plain_one(laptop: Laptop) -> None:
    plain = laptop.client.post("/sync/v1/pull", content=PULL, headers={"Accept-Encoding": ""})
    packed = send(laptop, gzip.compress(PULL))
    assert plain.status_code == packed.status_code == 200
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content
    assert packed.num_bytes_downloaded < len(plain.content) / 3


def test_a_body_that_unpacks_beyond_the_limit_is_refused_without_being_held(laptop: Laptop) -> None:
    bomb = gzip.compress(bytes(300 * MEGABYTE), 6)
    assert len(bomb) < MEGABYTE
    tracemalloc.start()
    answer = send(laptop, bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert answer.status_code == 400
    assert "at most" in answer.json()["sentence"]
    assert peak < 200 * MEGABYTE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        PULL,
        gzip.compress(PULL)[:-1],
        gzip.compress(PULL) + b"more",
        gzip.compress(PULL)[:-8] + bytes(8),
    ],
    ids=["nothing", "not packed", "cut", "more behind it", "wrong checksum"],
)
def test_a_damaged_packed_body_is_refused(laptop: Laptop, body: bytes) -> None:
    answer = send(laptop, body)
    assert answer.status_code == 400
    assert "damaged" in answer.json()["sentence"]


def test_another_packing_is_refused(laptop: Laptop) -> None:
    assert send(laptop, PULL, "br").status_code == 400
