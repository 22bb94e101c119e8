"""A file of hundreds of megabytes goes through a real server that never holds it in memory."""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import httpx2
import pytest

from sync_server.services.demo import PASSWORD
from tests.server.test_command_line import free_port, wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
BLOCK = b"%PDF-" + os.urandom((1 << 20) - 5)
BLOCKS = {"disk": 300, "s3": 100}
MOST_MORE = 64 << 20
"""Bytes that the server's peak may rise by."""


@pytest.fixture(params=["disk", "s3"])
def served(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[httpx2.Client, Callable[..., int], int]]:
    more: dict[str, str] = {}
    if request.param == "s3":
        s3 = request.getfixturevalue("s3")
        more = {"INTACT_BLOBS": s3.url(), **s3.options}
    port = free_port()
    arguments = ["serve", "--data", str(tmp_path), "--port", str(port), "--demo", "--workers", "1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sync_server", *arguments],
        env={**os.environ, "PYTHONPATH": ".", **more},
    )
    with running(process), httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client:
        wait_for(client)
        person = {"email": "cbadmin@demo.example", "password": PASSWORD}
        token = client.post("/api/v1/auth/login", json=person).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client, partial(peak_of, process.pid), BLOCKS[request.param]


@contextmanager
def running(process: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        process.terminate()
        process.wait(20)


def peak_of(process_id: int, *, anew: bool = False) -> int:
    """The most memory that the process held, in bytes; `anew` begins to count at the present."""
    if anew:
        Path(f"/proc/{process_id}/clear_refs").write_text("5")
    status = Path(f"/proc/{process_id}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) << 10


def form(boundary: bytes, blocks: int) -> Iterator[bytes]:
    disposition = b'Content-Disposition: form-data; name="file"; filename="large.pdf"'
    yield b"--" + boundary + b"\r\n" + disposition + b"\r\n\r\n"
    for _ in range(blocks):
        yield BLOCK
    yield b"\r\n--" + boundary + b"--\r\n"


def test_a_large_file_is_never_in_memory(served) -> None:
    client, peak, blocks = served
    small = {"file": ("small.pdf", b"%PDF-1.7")}
    assert client.post("/api/v1/documents", files=small).status_code == 201
    # Checking a password takes a quarter of a gigabyte: the peak is counted from here.
    before = peak(anew=True)
    kind = {"Content-Type": "multipart/form-data; boundary=here"}
    sent = client.post("/api/v1/documents", content=form(b"here", blocks), headers=kind)
    assert sent.status_code == 201, sent.text
    row = sent.json()["data"]
    assert row["size"] == blocks << 20
    digest = hashlib.sha256()
    with client.stream("GET", f"/api/v1/documents/{row['id']}/download") as got:
        for piece in got.iter_bytes():
            digest.update(piece)
    assert digest.hexdigest() == row["sha256"]
    more = peak() - before
    assert more < MOST_MORE, f"{more >> 20} MB more"
