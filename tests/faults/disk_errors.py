"""One laptop's work and round, with the disk failing at each point of it, here or at the server.

Whatever step the disk fails at: no error but one with a sentence, nothing that a person was told is
there is lost, the database opens, and with a good disk again the next rounds bring everything.
"""

import hashlib
import io
import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from fastapi import FastAPI
from PIL import Image

from intact_core.errors import IntactError, ServerFault, StorageFault
from intact_desktop.evidence.capture import thumbnail
from intact_desktop.store.engine import open_store
from sync_server.blobs.disk import DiskStore
from sync_server.database.engine import Database
from sync_server.ledger.feed import record_written
from tests.chaos.site import Seat, Site
from tests.faults.failing_disk import BROKEN, FULL, FailingDisk, failing
from tests.faults.in_process import URL, InProcess, demo_server
from tests.fixtures.databases import share_statements
from tests.journeys.headless import KEY, enrol, open_laptop
from tests.simulation.stage import scratch_folder

SIDES = ("laptop", "server")
_ROUNDS = 2
_TECHNICAL = re.compile(r"Traceback|[Ss]qlite|errno|Errno|Exception|OSError")
_HELPFUL = re.compile("[Mm]ake room|[Tt]ried again|try again|do it again|Check the disk")


class DiskLost(AssertionError):
    """A failing disk that lost something; the message says how to make it again."""


@dataclass
class Prepared:
    """A server with a colleague's work that the laptop has not fetched yet; to be copied."""

    folder: Path
    app: FastAPI


@contextmanager
def prepared() -> Iterator[Prepared]:
    """Made once; gone afterwards."""
    with scratch_folder("errors") as folder:
        with demo_server(folder / "server") as app:
            made, transport = Prepared(folder, app), InProcess(app)
            laptop = enrol(folder / "laptop", URL, "lead@demo.example", transport)
            laptop.sync.round()
            colleague = enrol(folder / "colleague", URL, "auditor@demo.example", transport)
            colleague.sync.round()
            seat = Seat(colleague, None, 1)  # type: ignore[arg-type]
            colleague.rate(1, "a colleague's")
            seat.photograph(picture("red"))
            colleague.sync.round()
            for one in (laptop, colleague):
                one.close()
        yield made


def picture(colour: str) -> bytes:
    """A photo."""
    content = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(content, "JPEG")
    return content.getvalue()


@contextmanager
def site_of(made: Prepared, folder: Path, disk: FailingDisk) -> Iterator[tuple[Site, Seat]]:
    for name in ("server", "laptop", "colleague"):
        shutil.copytree(made.folder / name, folder / name)
    with failing(disk):
        database = Database(f"sqlite:///{folder / 'server' / 'intact-server.db'}", record_written)
        share_statements(database.engine)
        made.app.state.database = database
        made.app.state.blobs = DiskStore(folder / "server" / "blobs")
        transport = InProcess(made.app)
        seats = [
            Seat(open_laptop(folder / name, URL, transport), None, number)  # type: ignore[arg-type]
            for number, name in enumerate(("laptop", "colleague"))
        ]
        for seat in seats:
            share_statements(seat.laptop.engine)
        seats[1].notes.append("a colleague's")
        content = picture("red")
        seats[1].photos[_sha(content)] = content
        try:
            yield Site(SimpleNamespace(data=folder / "server"), seats), seats[0]  # type: ignore[arg-type]
        finally:
            for one in seats:
                one.laptop.close()
            database.engine.dispose()


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _work(seat: Seat) -> list[Callable[[], object]]:
    def note(words: str) -> None:
        seat.laptop.rate(0, words)
        seat.notes.append(words)

    return [
        lambda: note("before the photo"),
        lambda: seat.photograph(picture("green")),
        lambda: _raised(seat),
        lambda: note("behind the round"),
    ]


def _raised(seat: Seat) -> None:
    error = seat.round()
    if error is not None:
        raise error


def fail_at(made: Prepared, side: str, error: int, at: int) -> bool:
    """Fail at that step; False where the work was over before. Raises DiskLost."""
    with scratch_folder("errors") as folder:
        disk = FailingDisk(folder, (f"{side}/",))
        try:
            with site_of(made, folder, disk) as (site, seat):
                _play(site, seat, disk, (side, error, at))
        except (AssertionError, IntactError) as lost:
            where = f"{side}, errno {error}, step {at} ({disk.steps[at - 1 : at]})"
            raise DiskLost(f"{where}: {type(lost).__name__}: {lost}") from lost
        return disk.struck


def steps_of(made: Prepared, side: str, error: int) -> list[str]:
    """All that is asked of that disk."""
    with scratch_folder("errors") as folder:
        disk = FailingDisk(folder, (f"{side}/",))
        with site_of(made, folder, disk) as (_, seat):
            disk.set(error, 0)
            for step in _work(seat):
                step()
            return list(disk.steps)


def _play(site: Site, seat: Seat, disk: FailingDisk, fault: tuple[str, int, int]) -> None:
    side, error, at = fault
    disk.set(error, at)
    undone = []
    for step in _work(seat):
        try:
            step()
        except IntactError as said:
            _is_clear(said, side)
            undone.append(step)
    _still_shown(seat)
    disk.good_again()
    for step in undone:
        step()
    for _ in range(_ROUNDS):
        for one in site.seats:
            again = one.round()
            assert again is None, f"it does not heal: {again}"
    site.check()
    _still_shown(seat)
    parts = list(seat.laptop.folder.glob("evidence/*/.*.part"))
    assert not parts, "something half-written stays"
    seat.laptop.engine.dispose()
    open_store(seat.laptop.folder / "intact.db", KEY).dispose()


def many(most: int, say: Callable[[str], None]) -> tuple[int, list[str]]:
    """Fail at every step, at most at so many of each disk; how often, and what went wrong."""
    done, failed = 0, []
    with prepared() as made:
        for side, error in itertools.product(SIDES, (FULL, BROKEN)):
            steps = min(len(steps_of(made, side, error)), most)
            for at in range(1, steps + 1):
                try:
                    fail_at(made, side, error, at)
                except DiskLost as lost:
                    failed.append(str(lost))
                    say(str(lost))
            done += steps
            say(f"{done} failing steps, the last {steps} of the {side}'s disk, errno {error}")
    return done, failed


def _still_shown(seat: Seat) -> None:
    """What a person was told is there, is, even while the disk takes nothing."""
    for sha256, content in seat.photos.items():
        assert seat.laptop.files.read(seat.audit_id, sha256) == content
        assert thumbnail(seat.laptop.files, seat.audit_id, sha256, "image/jpeg")
    with seat.look() as connection:
        raws = connection.exec_driver_sql("SELECT raw FROM outbox").scalars().all()
    for words in seat.notes:
        assert any(words in raw for raw in raws), f"{words} was told and is gone"


def _is_clear(said: IntactError, side: str) -> None:
    kind = StorageFault if side == "laptop" else ServerFault
    assert isinstance(said, kind), f"{type(said).__name__}: {said}"
    assert not _TECHNICAL.search(said.sentence), said.sentence
    assert _HELPFUL.search(said.sentence), said.sentence
    if side == "server":
        assert "disk" in said.sentence, said.sentence
