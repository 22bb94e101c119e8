"""Bad input at the edge of the machine, against the real server: said, and nothing lost."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from sqlalchemy import create_engine, select, text

from intact_core import clock
from intact_core.errors import Offline, ServerFault
from intact_core.records.audits import AuditSchedule
from intact_desktop.evidence.capture import capture
from intact_desktop.store.tables import Blob, Device, Outbox
from intact_desktop.sync.files import add_pending
from tests.journeys.headless import Headless, enrol, open_laptop
from tests.journeys.processes import ServerProcess

HTML = {"content-type": "text/html"}
PAGE = b"<html><title>Hotel</title><form>Sign in to use our network</form></html>"
STEPS = {
    "nonce": ("POST", "/sync/v1/nonce"),
    "token": ("POST", "/sync/v1/token"),
    "hello": ("POST", "/sync/v1/hello"),
    "push": ("POST", "/sync/v1/push"),
    "pull": ("POST", "/sync/v1/pull"),
    "offer": ("POST", "/sync/v1/blobs"),
    "send": ("PATCH", "/sync/v1/blobs/"),
}
Answer = Callable[[httpx.Request], httpx.Response]


def _unreachable(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no route", request=request)


ANSWERS: dict[str, tuple[Answer, type[Exception], str]] = {
    "unreachable": (_unreachable, Offline, "saved on this computer"),
    "portal": (
        lambda _: httpx.Response(200, headers=HTML, content=PAGE),
        ServerFault,
        "sign in to the network",
    ),
    "redirect": (
        lambda _: httpx.Response(302, headers={"location": "http://10.0.0.1/login"}),
        ServerFault,
        "sign in to the network",
    ),
    "noise": (
        lambda _: httpx.Response(200, content=b'{"line": "\xff\xfe"}\n'),
        ServerFault,
        "Nothing was",
    ),
    "object": (lambda _: httpx.Response(200, json={"login": "please"}), ServerFault, "Nothing was"),
    "proxy": (
        lambda _: httpx.Response(502, headers=HTML, content=b"<html>Bad Gateway</html>"),
        ServerFault,
        "Nothing was lost",
    ),
}


class Between(httpx.BaseTransport):
    """Passes everything to the real server, but for what the test answers in its place."""

    def __init__(self) -> None:
        self._real = httpx.HTTPTransport()
        self.method, self.path = "", ""
        self.answer: Answer | None = None
        self.answered = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        wanted = request.method == self.method and request.url.path.startswith(self.path)
        if self.answer is None or not wanted:
            return self._real.handle_request(request)
        request.read()
        self.answered += 1
        return self.answer(request)

    def close(self) -> None:
        self._real.close()


@dataclass(frozen=True)
class Kept:
    """All that a failed round may not touch."""

    operations: list[tuple[int, str, str]]
    bases: list[object]
    items: list[object]
    cursors: list[object]
    files: list[tuple[str, int]]


def _kept(laptop: Headless) -> Kept:
    def rows(query: str) -> list[tuple[object, ...]]:
        return [tuple(row) for row in connection.execute(text(query))]

    with laptop.engine.connect() as connection:
        return Kept(
            rows("SELECT n, raw, hash FROM outbox ORDER BY n"),
            [
                *rows("SELECT type, id, rev, hash, body FROM base_row ORDER BY type, id"),
                *rows("SELECT id, base_rev FROM audit_checklists ORDER BY id"),
            ],
            rows("SELECT id, auditor_finding, rating FROM audit_checklists ORDER BY id"),
            rows("SELECT scope, seq, digest FROM cursor ORDER BY scope"),
            rows("SELECT sha256, size FROM blob ORDER BY sha256"),
        )


def _take(laptop: Headless, content: bytes) -> str:
    with laptop.sessions.begin() as session:
        audit_id = session.scalars(
            select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
        ).one()
        got = capture(laptop.files, audit_id, content)
        add_pending(session.connection(), audit_id, got.sha256, got.size)
    return got.sha256


def _held(server: ServerProcess, laptop: Headless) -> list[str]:
    engine = create_engine(f"sqlite:///{server.data / 'intact-server.db'}")
    with engine.connect() as connection:
        query = text("SELECT raw FROM op_receipt WHERE device_id = :device ORDER BY n")
        found = list(connection.execute(query, {"device": laptop.kept.device_id.hex}).scalars())
    engine.dispose()
    return found


def _all_is_there(server: ServerProcess, laptop: Headless) -> None:
    with laptop.sessions() as session:
        operations = session.execute(select(Outbox.raw, Outbox.verdict).order_by(Outbox.n)).all()
        receipts = session.scalars(select(Blob.receipt)).all()
    assert {verdict for _, verdict in operations} == {"applied"}
    assert all(receipts)
    assert _held(server, laptop) == [raw for raw, _ in operations]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path_factory.mktemp("server"))
    process.start()
    yield process
    process.stop()


@pytest.fixture(scope="module")
def folder(server: ServerProcess, tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("laptops") / "lead"
    laptop = enrol(place, server.url, "lead@demo.example")
    laptop.sync.round()
    laptop.close()
    return place


@pytest.fixture
def between() -> Between:
    return Between()


@pytest.fixture
def lead(server: ServerProcess, folder: Path, between: Between) -> Iterator[Headless]:
    laptop = open_laptop(folder, server.url, between)
    yield laptop
    laptop.close()


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", ANSWERS)
def test_whatever_answers_the_next_good_round_sends_all(
    server: ServerProcess, lead: Headless, between: Between, kind: str, step: str
) -> None:
    lead.rate(0, f"written before {kind} at {step}")
    _take(lead, f"photo {kind} {step}".encode())
    before = _kept(lead)
    between.method, between.path = STEPS[step]
    between.answer, error, said = ANSWERS[kind]
    with pytest.raises(error, match=said):
        lead.sync.round()
    assert between.answered
    after = _kept(lead)
    assert (after.operations, after.items, after.files) == (
        before.operations,
        before.items,
        before.files,
    )
    if step not in ("offer", "send"):
        assert after == before
    between.answer = None
    done = lead.sync.round()
    assert done.files_sent == 1
    assert done.proof is not None
    _all_is_there(server, lead)


def test_a_pull_cut_by_the_wire_changes_no_row(
    server: ServerProcess, lead: Headless, between: Between
) -> None:
    lead.rate(1, "before the cut")
    before = _kept(lead)
    whole = httpx.HTTPTransport()

    def cut(request: httpx.Request) -> httpx.Response:
        real = whole.handle_request(request)
        content = real.read()
        real.close()
        return httpx.Response(200, headers={"content-type": "x-ndjson"}, content=content[:-20])

    between.method, between.path = STEPS["pull"]
    between.answer = cut
    with pytest.raises(ServerFault, match="Nothing was changed"):
        lead.sync.round()
    assert _kept(lead) == before
    between.answer = None
    lead.sync.round()
    whole.close()
    _all_is_there(server, lead)


@pytest.mark.parametrize("step", ["push", "pull", "offer", "send"])
def test_a_session_that_ends_in_mid_round_is_renewed_unseen(
    server: ServerProcess, lead: Headless, between: Between, step: str
) -> None:
    lead.rate(2, f"the token ends at {step}")
    _take(lead, f"photo of the token at {step}".encode())
    real = httpx.HTTPTransport()

    def ended_once(request: httpx.Request) -> httpx.Response:
        if between.answered == 1:
            request.headers["authorization"] = "Bearer " + "x" * 43
        return real.handle_request(request)

    between.method, between.path = STEPS[step]
    between.answer = ended_once
    done = lead.sync.round()
    real.close()
    assert (between.answered, done.sent, done.files_sent) == (2, 1, 1)
    assert done.proof is not None
    _all_is_there(server, lead)


@pytest.mark.parametrize("days", [365, -365])
def test_a_clock_a_year_wrong_syncs_and_is_flagged(
    server: ServerProcess, lead: Headless, days: int
) -> None:
    wrong = timedelta(days=days)
    clock.use(lambda: datetime.now(tz=UTC) + wrong)
    try:
        lead.rate(3, f"written {days} days off")
        _take(lead, f"photo {days} days off".encode())
        done = lead.sync.round()
    finally:
        clock.use(None)
    assert (done.sent, done.files_sent) == (1, 1)
    assert abs(done.clock_offset + wrong) < timedelta(seconds=30)
    _all_is_there(server, lead)
    with lead.sessions() as session:
        assert abs(session.scalars(select(Device.clock_offset_seconds)).one()) > 364 * 86400
    lead.rate(3, "the clock was set right")
    done = lead.sync.round()
    assert abs(done.clock_offset) < timedelta(seconds=30)
    with lead.sessions() as session:
        device = session.scalars(select(Device)).one()
        assert abs(device.clock_offset_seconds) < 30
        proved = datetime.fromisoformat(device.proof["at"])
    assert abs(proved - clock.now()) < timedelta(minutes=10)
    _all_is_there(server, lead)


@pytest.mark.parametrize("days", [365, -365])
def test_a_proof_noted_under_a_wrong_clock_is_noted_anew(lead: Headless, days: int) -> None:
    lead.sync.round()
    clock.use(lambda: datetime.now(tz=UTC) + timedelta(days=days))
    try:
        lead.sync.round()
    finally:
        clock.use(None)
    lead.sync.round()
    with lead.sessions() as session:
        proved = datetime.fromisoformat(session.scalars(select(Device.proof)).one()["at"])
    assert abs(proved - clock.now()) < timedelta(minutes=10)
