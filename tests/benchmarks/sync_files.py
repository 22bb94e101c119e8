"""What the sync puts on the wire, and how fast files travel; over loopback, server on SQLite."""

import hashlib
import os
import statistics
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import httpx

from intact_core import ids
from intact_core.errors import Offline
from intact_core.records.checklist import AuditEvidence
from intact_desktop.sync.files import add_pending
from intact_desktop.sync.pacing import LARGEST
from tests.benchmarks.measuring import Figure, Goal, seconds_of
from tests.benchmarks.served import Laptop, Server, enrol, serving
from tests.benchmarks.sync_many import BATCH, prepared

LEAD = "lead@demo.example"
SIZE, MIB = 96 << 20, 1 << 20
BATCHES, FILES = 4, 3


class Meter(httpx.BaseTransport):
    """Counts what goes over the wire, bodies as they are packed; may lose one answer."""

    def __init__(self) -> None:
        self._wire = httpx.HTTPTransport()
        self.sent: Counter[str] = Counter()
        self.received: Counter[str] = Counter()
        self.lose_answer_of = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        kind = f"{request.method} {request.url.path.split('/')[3]}"
        # Its length as announced: reading a piece here would copy it once more.
        self.sent[kind] += int(request.headers.get("content-length", 0))
        response = self._wire.handle_request(request)
        self.lose_answer_of -= request.method == "PATCH"
        if self.lose_answer_of == 0 and request.method == "PATCH":
            response.close()
            raise httpx.ReadError("cut", request=request)
        body = response.stream
        assert isinstance(body, httpx.SyncByteStream)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=_Counted(body, self, kind)
        )


class _Counted(httpx.SyncByteStream):
    def __init__(self, body: httpx.SyncByteStream, meter: Meter, kind: str) -> None:
        self._body, self._meter, self._kind = body, meter, kind

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._meter.received[self._kind] += len(part)
            yield part

    def close(self) -> None:
        self._body.close()


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name, serving(Path(name) / "server") as server:
        meter = Meter()
        laptop = enrol(server, Path(name) / "lead", LEAD, transport=meter)
        laptop.sync.round()
        bytes_figure = _bytes_of_creates(server, laptop, meter, Path(name))
        return [bytes_figure, *_files(laptop, meter, Path(name))]


def _bytes_of_creates(server: Server, laptop: Laptop, meter: Meter, folder: Path) -> Figure:
    """Up and down for each operation of some batches, receipts included."""
    writer = enrol(server, folder / "writer", LEAD, transport=meter)
    bodies = prepared(writer, laptop.audit_id(), BATCHES)
    for body in bodies:
        writer.gateway.push(body)
    count, plain = BATCHES * BATCH, sum(map(len, bodies))
    up, down = meter.sent["POST push"] / count, meter.received["POST push"] / count
    return Figure(
        "bytes of a small operation on the wire",
        up + down,
        "B",
        Goal(120),
        plain / count,
        "the operation's own bytes, as they are hashed",
        f"{up:.0f} up, {down:.0f} down with its receipt; creates in batches of {BATCH}",
    )


def _files(laptop: Laptop, meter: Meter, folder: Path) -> Iterator[Figure]:
    audit_id = laptop.audit_id()
    bare = SIZE / MIB / seconds_of(lambda: _bare(folder / "bare.bin"))
    speed = statistics.median(_speed(laptop, audit_id) for _ in range(FILES))
    words = (
        f"{SIZE / MIB:.0f} MiB in pieces of 256 KiB to 8 MiB, each durable and acknowledged; "
        f"median of {FILES} files, the first of a new server among them"
    )
    yield Figure(
        "file to the server", speed, "MiB/s", Goal(150, at_least=True), bare,
        "reading, hashing twice, writing and syncing pieces of 1 MiB", words,
    )  # fmt: skip
    size, before = 5 * LARGEST, meter.sent["PATCH blobs"]
    _add(laptop, audit_id, os.urandom(size))
    meter.lose_answer_of = 4
    try:
        laptop.sync.round()
    except Offline:
        laptop.sync.round()
    again = (meter.sent["PATCH blobs"] - before - size) / MIB
    yield Figure("sent again after a cut upload", again, "MiB", Goal(LARGEST / MIB))


def _speed(laptop: Laptop, audit_id: UUID) -> float:
    _add(laptop, audit_id, os.urandom(SIZE))
    return SIZE / MIB / seconds_of(laptop.sync.round)


def _add(laptop: Laptop, audit_id: UUID, content: bytes) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    laptop.files.write(audit_id, [content[at : at + MIB] for at in range(0, len(content), MIB)])
    with laptop.sessions.begin() as session:
        add_pending(session.connection(), audit_id, sha256, len(content))
        evidence = AuditEvidence(
            id=ids.new_id(),
            audit_schedule_id=audit_id,
            file_name="drawing.bin",
            content_type="application/octet-stream",
            size=len(content),
            sha256=sha256,
        )
        session.add(evidence)


def _bare(path: Path) -> None:
    block, whole = os.urandom(MIB), hashlib.sha256()
    with path.open("wb", buffering=0) as file:
        for _ in range(SIZE // MIB):
            hashlib.sha256(block)
            whole.update(block)
            file.write(block)
            os.fsync(file.fileno())
