"""Files over a real server: kept slow when asked, gone on with after a break, never sent twice."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from intact_core.errors import Damaged, Offline
from intact_core.sync.protocol import CHUNK
from intact_desktop.evidence.pieces import Pieces
from intact_desktop.store.tables import Blob
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.pacing import Pace
from tests.journeys.headless import Headless, enrol, open_laptop
from tests.journeys.processes import ServerProcess
from tests.journeys.test_over_http import photograph

MEGABIT = 1_000_000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    process.start()
    yield process
    process.stop()


class Line(httpx.BaseTransport):
    """Notes what files take of the line; loses the answer of one of their messages."""

    def __init__(self) -> None:
        self._wire = httpx.HTTPTransport()
        self.up: list[int] = []
        self.down: list[int] = []
        self.lose = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        sent = len(request.read())
        response = self._wire.handle_request(request)
        if "/blobs/" not in request.url.path:
            return response
        content = response.read()
        if request.method == "PATCH":
            self.up.append(sent)
        else:
            self.down.append(len(content))
        self.lose -= 1
        if self.lose == 0:
            raise httpx.ReadError("cut", request=request)
        return httpx.Response(response.status_code, headers=response.headers, content=content)

    def close(self) -> None:
        self._wire.close()


@dataclass
class Watch:
    """A clock that goes on only while somebody sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def pace(self, bits: int) -> Pace:
        return Pace(lambda: bits, lambda: self.now, self.sleep)


@dataclass
class Connected:
    laptop: Headless
    line: Line

    def transfer(self, pace: Pace | None = None) -> FileTransfer:
        return FileTransfer(self.laptop.engine, self.laptop.gateway, self.laptop.files, pace)

    def states(self) -> dict[str, str]:
        with self.laptop.sessions() as session:
            return {one.sha256: one.state for one in session.scalars(select(Blob))}


Connect = Callable[[str], Connected]


@pytest.fixture
def connect(server: ServerProcess, tmp_path: Path) -> Iterator[Connect]:
    opened: list[Connected] = []

    def of(who: str) -> Connected:
        folder = tmp_path / f"{who}-{len(opened)}"
        enrol(folder, server.url, f"{who}@demo.example").close()
        line = Line()
        opened.append(Connected(open_laptop(folder, server.url, line), line))
        # What earlier tests left on the server comes now and does not count.
        opened[-1].laptop.sync.round()
        line.down.clear()
        return opened[-1]

    yield of
    for one in opened:
        one.laptop.close()


def test_photos_take_no_more_of_the_line_than_was_chosen(connect: Connect) -> None:
    lead, auditor, watch = connect("lead"), connect("auditor"), Watch()
    content = os.urandom(1_000_000)
    sha256 = photograph(lead.laptop, content, "slow.bin")
    small = [photograph(lead.laptop, os.urandom(60_000), f"{n}.bin") for n in range(4)]
    lead.laptop.sync._transfer = lead.transfer(watch.pace(MEGABIT))
    lead.laptop.sync.round()
    assert max(lead.line.up) <= MEGABIT // 8
    assert watch.now - 100 == pytest.approx((1_240_000 - lead.line.up[-1]) * 8 / MEGABIT, rel=0.01)
    assert max(watch.slept) <= 0.25, "who cancels would wait"
    watch = Watch()
    auditor.laptop.sync._transfer = auditor.transfer(watch.pace(MEGABIT))
    auditor.laptop.sync.round()
    assert max(auditor.line.down) <= MEGABIT // 8
    down = (1_240_000 - auditor.line.down[-1]) * 8 / MEGABIT
    assert watch.now - 100 == pytest.approx(down, rel=0.01)
    assert {auditor.states()[one] for one in (sha256, *small)} == {"here"}
    with auditor.laptop.sessions() as session:
        [audit_id] = session.scalars(select(Blob.audit_id).where(Blob.sha256 == sha256))
    assert auditor.laptop.files.read(audit_id, sha256) == content


def test_without_a_limit_nobody_waits(connect: Connect) -> None:
    lead, watch = connect("lead"), Watch()
    photograph(lead.laptop, os.urandom(3 * CHUNK), "quick.bin")
    lead.laptop.sync._transfer = lead.transfer(watch.pace(0))
    assert lead.laptop.sync.round().files_sent == 1
    assert lead.line.up == [CHUNK] * 3
    assert watch.slept == []


def test_cancel_is_heard_while_the_line_is_kept_free(connect: Connect) -> None:
    lead, watch = connect("lead"), Watch()
    sha256 = photograph(lead.laptop, os.urandom(500_000), "slow.bin")

    def cancels(words: str, done: int, whole: int) -> None:
        if watch.now > 101.6:
            raise InterruptedError

    lead.laptop.sync._transfer = lead.transfer(watch.pace(MEGABIT))
    with pytest.raises(InterruptedError):
        lead.laptop.sync.round(cancels)
    assert watch.now < 102
    assert lead.states()[sha256] == "pending"
    sent = sum(lead.line.up)
    assert 0 < sent < 500_000
    lead.laptop.sync.round()
    assert sum(lead.line.up) == 500_000, "what was there was not sent again"


def test_an_operation_goes_before_the_rest_of_a_photo(connect: Connect) -> None:
    lead, watch = connect("lead"), Watch()
    sha256 = photograph(lead.laptop, os.urandom(1_000_000), "slow.bin")
    rated = []

    def types(words: str, done: int, whole: int) -> None:
        if watch.now > 102 and not rated:
            rated.append(watch.now)
            lead.laptop.rate(0, "typed while a photo was under way")

    lead.laptop.sync._transfer = lead.transfer(watch.pace(MEGABIT))
    first = lead.laptop.sync.round(types)
    assert rated
    assert first.files_sent == 0
    assert watch.now - rated[0] < 1.1, "the round goes on with the photo"
    second = lead.laptop.sync.round(types)
    assert (second.sent, second.files_sent) == (1, 1)
    assert lead.states()[sha256] == "sent"
    assert sum(lead.line.up) == 1_000_000


def test_a_cut_upload_sends_at_most_one_piece_again(connect: Connect) -> None:
    lead = connect("lead")
    content = os.urandom(3 * CHUNK + 1_000)
    sha256 = photograph(lead.laptop, content, "large.bin")
    lead.line.lose = 2
    with pytest.raises(Offline):
        lead.laptop.sync.round()
    lead.laptop.sync.round()
    assert lead.states()[sha256] == "sent"
    assert sum(lead.line.up) - len(content) <= CHUNK


def test_equal_content_is_sent_once_inside_a_tenant(connect: Connect) -> None:
    lead, auditor = connect("lead"), connect("auditor")
    content = os.urandom(400_000)
    sha256 = photograph(lead.laptop, content, "first.bin")
    lead.laptop.sync.round()
    assert sum(lead.line.up) == len(content)
    assert photograph(auditor.laptop, content, "the same.bin") == sha256
    done = auditor.laptop.sync.round()
    assert auditor.line.up == []
    assert done.files_sent == 1
    assert auditor.states()[sha256] == "sent"
    with auditor.laptop.sessions() as session:
        [receipt] = session.scalars(select(Blob.receipt).where(Blob.sha256 == sha256))
    assert sha256 in receipt


def test_a_download_goes_on_where_it_broke_off(connect: Connect, server: ServerProcess) -> None:
    lead, auditor = connect("lead"), connect("auditor")
    content = b"a sentence that must not lie on the disk " * 100_000
    sha256 = photograph(lead.laptop, content, "large.bin")
    lead.laptop.sync.round()
    auditor.line.lose = 3
    with pytest.raises(Offline):
        auditor.laptop.sync.round()
    assert auditor.states()[sha256] == "wanted"
    kept = [one for one in auditor.laptop.folder.rglob("*") if one.is_file()]
    assert any(".from-" in one.name for one in kept)
    assert not any(b"must not lie on the disk" in one.read_bytes() for one in kept)
    auditor.laptop.close()
    line = Line()
    again = open_laptop(auditor.laptop.folder, server.url, line)
    again.sync.round()
    assert sum(auditor.line.down) + sum(line.down) - len(content) <= CHUNK
    with again.sessions() as session:
        [audit_id] = session.scalars(select(Blob.audit_id).where(Blob.sha256 == sha256))
    assert again.files.read(audit_id, sha256) == content
    assert not [one for one in again.folder.rglob("*") if ".from-" in one.name]
    again.close()


def test_what_was_kept_of_another_file_is_thrown_away(connect: Connect) -> None:
    lead, auditor = connect("lead"), connect("auditor")
    content = os.urandom(2 * CHUNK + 5)
    sha256 = photograph(lead.laptop, content, "large.bin")
    lead.laptop.sync.round()
    auditor.line.lose = 1
    with pytest.raises(Offline):
        auditor.laptop.sync.round()
    with auditor.laptop.sessions() as session:
        [audit_id] = session.scalars(select(Blob.audit_id).where(Blob.sha256 == sha256))
    files = auditor.laptop.files
    Pieces(files, audit_id, sha256).add(b"no part of it")
    with pytest.raises(Damaged, match="fetched again"):
        auditor.laptop.sync.round()
    assert Pieces(files, audit_id, sha256).size == 0
    auditor.laptop.sync.round()
    assert files.read(audit_id, sha256) == content


def test_a_piece_that_a_power_cut_tore_is_fetched_again(connect: Connect) -> None:
    lead, auditor = connect("lead"), connect("auditor")
    content = os.urandom(3 * CHUNK)
    sha256 = photograph(lead.laptop, content, "large.bin")
    lead.laptop.sync.round()
    auditor.line.lose = 3
    with pytest.raises(Offline):
        auditor.laptop.sync.round()
    pieces = sorted(auditor.laptop.folder.rglob("*.from-*"))
    assert len(pieces) == 2
    pieces[-1].write_bytes(b"")
    auditor.laptop.sync.round()
    assert sum(auditor.line.down) == len(content) + 2 * CHUNK
    with auditor.laptop.sessions() as session:
        [audit_id] = session.scalars(select(Blob.audit_id).where(Blob.sha256 == sha256))
    assert auditor.laptop.files.read(audit_id, sha256) == content
