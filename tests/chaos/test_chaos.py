"""A chaos proxy between real laptops and a real server: each fault alone, then many at once."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from intact_core.errors import Busy, IntactError, Offline, ServerFault
from intact_desktop.sync import files, line
from intact_desktop.sync.line import Ended, Patience
from tests.chaos.proxy import ON_ACCEPT, ON_MESSAGE, SLOW, always, once
from tests.chaos.site import HASTY, Prepared, Seat, Site, play, prepared, site

SEEDS = (5, 9)
_LATER = (Offline, "cannot be reached. Your work is saved on this computer")
_SILENT = (Offline, "nothing came from it any more. Your work is saved on this computer")
_HOTEL = (ServerFault, "sign in to the network, then sync again. Nothing was lost")
_BUSY = (Busy, "Nothing was lost; it is tried again")
SAID: dict[str, tuple[type[IntactError], str] | None] = {
    "reset at once": _LATER,
    "half open": _SILENT,
    "reset": _LATER,
    "silence": _SILENT,
    "lost answer": _LATER,
    "silent answer": _SILENT,
    "twice": None,
    "late": _LATER,
    "cut request": _LATER,
    "cut answer": _LATER,
    "portal": _HOTEL,
    "redirect": _HOTEL,
    "429": _BUSY,
    "503": _BUSY,
    "slow": None,
}
MESSAGES = ("/token", "/push", "/pull", "/blobs/")
_PIECE = 4_000
_AT_ONCE = 5.0


@pytest.fixture(scope="module")
def made() -> Iterator[Prepared]:
    with prepared() as found:
        yield found


@pytest.fixture(scope="module")
def place(made: Prepared, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with site(made, tmp_path_factory.mktemp("chaos"), seats=1) as found:
        yield found


@pytest.fixture
def seat(place: Site) -> Iterator[Seat]:
    (found,) = place.seats
    yield found
    place.calm()
    assert found.round() is None


def work(seat: Seat) -> None:
    """Something for each kind of message."""
    seat.laptop.rate(0, f"note {len(seat.notes)}")
    seat.notes.append(f"note {len(seat.notes)}")
    seat.photograph(bytes([len(seat.photos)]) * 6000)
    seat.laptop.gateway._token = ""


def test_every_fault_has_its_words() -> None:
    assert tuple(SAID) == ON_ACCEPT + ON_MESSAGE


@pytest.mark.parametrize("fault", SAID)
def test_a_fault_alone(
    place: Site, seat: Seat, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "CHUNK", _PIECE)
    for part in MESSAGES if fault in ON_MESSAGE else ("",):
        work(seat)
        seat.laptop.gateway._client.close()
        vars(seat.laptop.gateway).pop("_client")
        is_silent = SAID[fault] is _SILENT
        seat.patience(HASTY if is_silent else Patience())
        seat.proxy.plan = once(fault, part)
        before = len(seat.proxy.seen)
        error = seat.round()
        assert (part or fault) in str(seat.proxy.seen[before:])
        if SAID[fault] is None:
            assert error is None, f"{fault} at {part}: {error}"
        else:
            kind, words = SAID[fault]
            assert type(error) is kind, f"{fault} at {part}: {error!r}"
            assert words in error.sentence
        place.calm()
        assert seat.round() is None
    place.check()


@pytest.mark.parametrize("fault", ["429", "503"])
def test_a_server_says_how_long_it_wants_to_be_left_alone(seat: Seat, fault: str) -> None:
    seat.proxy.plan = always(fault, "/hello")
    error = seat.round()
    assert isinstance(error, Busy)
    assert error.after_seconds == pytest.approx(seat.proxy.retry_after, abs=1)


def test_a_slow_line_that_moves_is_never_cut(seat: Seat) -> None:
    """23 kbit/s, and a patience with silence that is a tenth of what the photo takes."""
    work(seat)
    seat.round()
    seat.photograph(b"a photo" * 600)
    seat.patience(Patience(silence=0.15, slowest=2_000))
    seat.proxy.plan, seat.proxy.slow = always("slow", "/blobs/"), SLOW
    started = time.monotonic()
    assert seat.round() is None
    assert time.monotonic() - started > 10 * 0.15 - 0.1
    seat.proxy.slow = 400_000


def test_more_than_this_computer_holds_back_goes_over_a_slow_line_too(
    seat: Seat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_BEAT_SECONDS", 0.05)
    seat.photograph(bytes(range(250)) * 2800)
    seat.patience(Patience(silence=0.2, slowest=150_000))
    seat.proxy.plan, seat.proxy.slow = always("slow", "/blobs/"), 500_000
    said: list[str] = []
    seat.laptop.sync.round(lambda words, *_: said.append(words))
    # Nothing new is asked of the network while the piece goes up, and yet it is heard to move.
    assert said.count("Sending files") >= 3


def test_a_large_answer_over_a_slow_line_is_heard_to_come(seat: Seat) -> None:
    """Else a round that fetches one large photo would pass for one that is stuck."""
    content = bytes(range(251)) * 2800
    sha256 = seat.photograph(content)
    seat.round()
    seat.laptop.files.remove(seat.audit_id, sha256)
    with seat.laptop.engine.begin() as connection:
        wanted = "UPDATE blob SET state = 'wanted' WHERE sha256 = ?"
        connection.exec_driver_sql(wanted, (sha256,))
    seat.patience(Patience(silence=0.4))
    seat.proxy.plan, seat.proxy.slow = always("slow", f"/blobs/{sha256}"), 400_000
    said: list[str] = []
    seat.laptop.sync.round(lambda words, *_: said.append(words))
    assert seat.laptop.files.read(seat.audit_id, sha256) == content
    assert said.count("Fetching files") >= 3
    with seat.laptop.engine.begin() as connection:
        sent = "UPDATE blob SET state = 'sent' WHERE sha256 = ?"
        connection.exec_driver_sql(sent, (sha256,))


@pytest.mark.parametrize(
    ("part", "fault"),
    [
        ("/hello", "silence"),
        ("/push", "silent answer"),
        ("/pull", "silence"),
        ("/blobs", "silence"),
    ],
)
def test_a_stuck_round_ends_when_it_is_cancelled(seat: Seat, part: str, fault: str) -> None:
    work(seat)
    stuck = threading.Event()
    plan = once(fault, part)

    def told(message: object) -> str:
        fault = plan(message)
        if fault:
            stuck.set()
        return fault

    seat.proxy.plan = told
    threading.Thread(target=lambda: stuck.wait(10) and seat.laptop.sync.hang_up()).start()
    started = time.monotonic()
    assert type(seat.round()) is Ended
    assert time.monotonic() - started < _AT_ONCE


def test_a_line_cut_between_two_messages_sends_nothing_more(seat: Seat) -> None:
    work(seat)

    def cut(words: str, done: int, whole: int) -> None:
        if words == "Sending operations":
            seat.laptop.sync.hang_up()

    with pytest.raises(Ended):
        seat.laptop.sync.round(cut)
    assert seat.proxy.seen[-1][0] == "/sync/v1/hello"


@pytest.mark.parametrize("seed", SEEDS)
def test_seeds(made: Prepared, tmp_path: Path, seed: int) -> None:
    faults = [fault for one in play(made, tmp_path, seed).seats for _, fault in one.proxy.seen]
    assert any(faults)
