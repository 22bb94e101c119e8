"""A person's work on a laptop is recorded, and the power cut at many points of it.

After each cut the database must open and be whole, everything that the person was told must be
there, the outbox must have no hole, and a sync must make laptop and server level again.
"""

import gc
import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from intact_core.errors import IntactError
from sync_server.database.engine import Database
from sync_server.ledger.feed import record_written
from tests.fixtures.databases import share_statements
from tests.powercuts.disk import Disk
from tests.powercuts.recording import Recording, recorded
from tests.simulation import steps, trouble
from tests.simulation.checks import level
from tests.simulation.faults import Fuse
from tests.simulation.laptops import SimLaptop, Watch
from tests.simulation.office import Office
from tests.simulation.playing import new_world, without_collector
from tests.simulation.sim import Features, Sim
from tests.simulation.stage import scratch_folder, seeded

FILES = ("0.0/", "evidence-0/")
_CALM = Features(False, False, False, False, False)
_LENGTH = 22


class CutLost(AssertionError):
    """A cut that lost something; the message says how to make it again."""


@dataclass
class Work:
    """A recorded stretch of work: the disk's events, and the server as it was along the way."""

    recording: Recording
    start: dict[str, bytes]
    office: Office
    laptop: SimLaptop
    servers: list[Path] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Told:
    """What a person, or the other side, knows at a point of the work."""

    n: int = 0
    photos: tuple[str, ...] = ()
    server: int = 0

    def hear(self, fact: dict[str, Any]) -> None:
        self.n = max(self.n, fact.get("n", 0))
        self.photos += fact.get("photos", ())
        self.server = fact.get("server", self.server)


@contextmanager
def recorded_work(seed: int) -> Iterator[Work]:
    """Two people work and sync; what the first one's laptop writes is recorded."""
    with new_world(seed, _CALM) as sim:
        laptop = sim.laptops[0]
        laptop.engine.dispose()
        start = {
            path.relative_to(sim.folder).as_posix(): path.read_bytes()
            for path in laptop.folder.iterdir()
            if path.suffix == ".db"
        }
        with recorded(sim.folder, *FILES) as recording:
            work = Work(recording, start, sim.office, laptop)
            laptop.open()
            _keep_server(sim, work)
            _watch_pushes(sim, work)
            for _ in range(_LENGTH):
                _one_step(sim, work)
            laptop.engine.dispose()
        work.blobs = dict(sim.office.blobs)
        yield work


def _one_step(sim: Sim, work: Work) -> None:
    laptop, dice = work.laptop, sim.dice
    known = set(sim.photos)
    dice.choices(list(_STEPS), list(_STEPS.values()))[0](sim, laptop, dice)
    work.recording.tell({"n": sim._last_n(laptop), "photos": tuple(sim.photos.keys() - known)})


def _restart(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Closed and opened again: what was written ahead goes into the database."""
    laptop.engine.dispose()
    # Statements that nobody holds any more keep a connection open, and the last one that is
    # closed writes everything into the database.
    gc.collect()
    laptop.open()


def _tidy(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """What SQLite does by itself after a thousand pages; it then writes the log from its start."""
    with laptop.look() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint").all()


def _other(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    other = sim.laptops[1]
    steps.answer(sim, other, dice)
    trouble.sync(sim, other, dice)


_STEPS: dict[steps.Step, int] = {
    steps.answer: 8,
    steps.find: 3,
    steps.reword: 3,
    steps.photograph: 4,
    trouble.sync: 6,
    _restart: 2,
    _tidy: 3,
    _other: 3,
}


def _watch_pushes(sim: Sim, work: Work) -> None:
    right = work.laptop.watch.took

    def took(*arguments: Any) -> None:
        right(*arguments)
        _keep_server(sim, work)

    for laptop in sim.laptops:
        laptop.watch.took = took


def _keep_server(sim: Sim, work: Work) -> None:
    number = len(work.servers)
    folder = sim.folder / f"server-{number}"
    folder.mkdir()
    for name in ("server.db", "server.db-wal"):
        if (sim.folder / name).exists():
            shutil.copyfile(sim.folder / name, folder / name)
    work.servers.append(folder)
    work.recording.tell({"server": number})


def cut_many(seed: int, cuts: int) -> int:
    """Record one stretch of work and cut the power at that many points; returns how many.

    Raises CutLost at the first cut after which something is missing.
    """
    with without_collector(), recorded_work(seed) as work:
        events = work.recording.events
        dice = random.Random(seed)
        places = sorted(dice.randrange(1, len(events) + 1) for _ in range(cuts))
        disk, told, at = Disk(work.start), Told(), 0
        for number, place in enumerate(places):
            for event in events[at:place]:
                disk.happens(event)
                if event.kind == "told":
                    told.hear(event.fact)
            at = place
            try:
                _look(work, disk.cut(random.Random(f"{seed} {number}")), told)
            except (AssertionError, IntactError) as lost:
                where = f"seed {seed}, cut {number} behind event {place} of {len(events)}"
                raise CutLost(f"{where}: {type(lost).__name__}: {lost}") from lost
    return len(places)


def _look(work: Work, files: dict[str, bytes], told: Told) -> None:
    """Start everything again over what the cut left."""
    with scratch_folder("cut") as folder, seeded(0) as (time, _):
        (folder / "0.0").mkdir()
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        for file in work.servers[told.server].iterdir():
            shutil.copyfile(file, folder / file.name)
        database = Database(f"sqlite:///{folder / 'server.db'}", record_written)
        share_statements(database.engine)
        office = replace(work.office, database=database, blobs=dict(work.blobs))
        watch = Watch(_nothing, _nothing, _nothing, lambda: time.of(timedelta()))
        laptop = SimLaptop(work.laptop.member, office, folder, 0, watch, Fuse())
        try:
            _all_there(laptop, told)
            _heals(office, laptop)
        finally:
            laptop.engine.dispose()
            database.engine.dispose()


def _nothing(*_: Any) -> None:
    return None


def _all_there(laptop: SimLaptop, told: Told) -> None:
    with laptop.look() as connection:
        [(sound,)] = connection.exec_driver_sql("PRAGMA integrity_check").all()
        last, count = connection.exec_driver_sql("SELECT max(n), count(*) FROM outbox").one()
        held = set(connection.exec_driver_sql("SELECT sha256 FROM blob").scalars())
    assert sound == "ok", sound
    assert (last or 0) == count, "the outbox has a hole"
    assert (last or 0) >= told.n, f"{told.n} operations were told of, {last} are there"
    for sha256 in told.photos:
        assert sha256 in held, "a photo that was told of is not known any more"
        assert laptop.files.read(laptop.office.audit_id, sha256)


def _heals(office: Office, laptop: SimLaptop) -> None:
    for _ in range(2):
        error = laptop.round()
        assert error is None, f"{error!r}"
    level(office, laptop)


def cut_some(seed: int, cuts: int) -> str:
    """What one recording's cuts lost, in words; empty where nothing was."""
    try:
        cut_many(seed, cuts)
    except CutLost as lost:
        return str(lost)
    return ""
