"""Two people's three laptops, each behind a proxy of its own, and the server that all talk to."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, func, select, text

from intact_core.errors import IntactError
from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditEvidence
from intact_desktop.evidence.capture import capture
from intact_desktop.store.engine import reading
from intact_desktop.store.tables import Blob, Outbox
from intact_desktop.sync.files import add_pending
from intact_desktop.sync.line import Patience
from sync_server.blobs.disk import DiskStore
from sync_server.database.engine import make_engine
from tests.chaos.proxy import FAULTS, ON_ACCEPT, ChaosProxy, Message, all_well
from tests.faults.forking import ForkedServer
from tests.faults.in_process import URL, InProcess, demo_server
from tests.faults.killing import server_over
from tests.journeys.headless import Headless, enrol, open_laptop
from tests.simulation.checks import level
from tests.simulation.stage import scratch_folder

EMAILS = ("lead@demo.example", "auditor@demo.example", "lead@demo.example")
HASTY = Patience(connect=2.0, silence=0.25, slowest=1_000_000.0)
"""So that what takes a minute in a hotel takes a moment here."""
MOST_ROUNDS = 3
_FAST = 400_000.0
_STEPS = 12
_TOLD_EVERY = 20


@dataclass
class Prepared:
    """A server and three laptops that are level, to be copied."""

    server: Path
    laptops: Path


@contextmanager
def prepared() -> Iterator[Prepared]:
    """Made once; gone afterwards."""
    with scratch_folder("chaos") as folder:
        with demo_server(folder / "server") as app:
            for number, email in enumerate(EMAILS):
                home = folder / "laptops" / str(number)
                laptop = enrol(home, URL, email, InProcess(app))
                laptop.sync.round()
                laptop.close()
        yield Prepared(folder / "server", folder / "laptops")


@dataclass
class Seat:
    """One laptop, its proxy, what was done on it, and what its rounds said."""

    laptop: Headless
    proxy: ChaosProxy
    number: int
    audit_id: UUID = field(init=False)
    notes: list[str] = field(default_factory=list)
    photos: dict[str, bytes] = field(default_factory=dict)
    said: list[IntactError] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self.laptop.sessions() as session:
            query = select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
            self.audit_id = session.scalars(query).one()

    @property
    def device_id(self) -> UUID:
        return self.laptop.kept.device_id

    @contextmanager
    def look(self) -> Iterator[Connection]:
        with reading(self.laptop.engine).connect() as connection:
            yield connection

    def patience(self, patience: Patience) -> None:
        """From the next round on."""
        self.laptop.gateway.line._patience = patience

    def note(self, dice: random.Random) -> None:
        """Write into an item that only this laptop writes into."""
        words = f"v{self.number} {len(self.notes)} {dice.random()}"
        self.laptop.rate(self.number + len(EMAILS) * dice.randrange(3), words)
        self.notes.append(words)

    def photograph(self, content: bytes) -> str:
        laptop, audit_id = self.laptop, self.audit_id
        with laptop.sessions.begin() as session:
            got = capture(laptop.files, audit_id, content)
            session.add(
                AuditEvidence(
                    audit_schedule_id=audit_id,
                    file_name=f"{self.number}-{len(self.photos)}.bin",
                    content_type=got.content_type,
                    size=got.size,
                    sha256=got.sha256,
                    decodable=got.decodable,
                    uploaded_by=laptop.kept.user_id,
                )
            )
            session.flush()
            add_pending(session.connection(), audit_id, got.sha256, got.size)
        self.photos[got.sha256] = content
        return got.sha256

    def round(self) -> IntactError | None:
        """One round; the error that ended it early, if one did."""
        ended_by = None
        try:
            self.laptop.sync.round()
        except IntactError as error:
            self.said.append(error)
            ended_by = error
        self.laptop.sync.tidy()
        return ended_by


@dataclass
class Site:
    """All of them."""

    server: ForkedServer
    seats: list[Seat]

    def calm(self) -> None:
        """The network is good again; what was held up arrives."""
        for seat in self.seats:
            seat.proxy.plan = all_well
            seat.patience(Patience())
            seat.proxy.deliver_late()

    def heal(self) -> None:
        """A few rounds each must be enough for everything."""
        self.calm()
        for _ in range(MOST_ROUNDS):
            for seat in self.seats:
                error = seat.round()
                assert error is None, f"laptop {seat.number} is still told: {error}"

    def check(self) -> None:
        """Nothing lost, nothing doubled, nothing waits, all hold the same."""
        engine = make_engine(f"sqlite:///{self.server.data / 'intact-server.db'}")

        @contextmanager
        def read() -> Iterator[Any]:
            with engine.connect() as connection:
                yield SimpleNamespace(connection=lambda: connection)

        try:
            for seat in self.seats:
                level(SimpleNamespace(read=read), seat)  # type: ignore[arg-type]
                _receipts(seat)
                self._photos(seat)
            with engine.connect() as connection:
                self._nothing_doubled(connection)
        finally:
            engine.dispose()

    def _nothing_doubled(self, server: Connection) -> None:
        raws = server.execute(text("SELECT raw FROM op_receipt")).scalars().all()
        noted = Counter(
            change[1]
            for raw in raws
            for name, change in json.loads(raw)["changes"].items()
            if name == "auditor_finding"
        )
        assert noted == Counter(words for seat in self.seats for words in seat.notes)
        photos = {sha256 for seat in self.seats for sha256 in seat.photos}
        rows = server.scalar(select(func.count()).select_from(AuditEvidence))
        assert rows == sum(len(seat.photos) for seat in self.seats)
        stored = set(server.execute(text("SELECT sha256 FROM blob")).scalars())
        assert photos <= stored
        conflicts = server.scalar(text("SELECT count(*) FROM conflicts"))
        assert conflicts == 0, "a laptop met itself"

    def _photos(self, seat: Seat) -> None:
        everybodys = {sha: content for one in self.seats for sha, content in one.photos.items()}
        store = DiskStore(self.server.data / "blobs")
        for sha256, content in everybodys.items():
            assert seat.laptop.files.read(seat.audit_id, sha256) == content
            assert store.read(seat.laptop.kept.tenant_id, sha256) == content
        with seat.laptop.sessions() as session:
            states = dict(session.execute(select(Blob.sha256, Blob.state)).all())
            receipts = dict(session.execute(select(Blob.sha256, Blob.receipt)).all())
        assert all(states[sha256] == "sent" and receipts[sha256] for sha256 in seat.photos)
        assert all(states[sha256] in ("sent", "here") for sha256 in everybodys)


def _receipts(seat: Seat) -> None:
    with seat.laptop.sessions() as session:
        outbox = session.execute(select(Outbox.verdict, Outbox.receipt)).all()
    assert len(outbox) == len(seat.notes) + len(seat.photos)
    assert {verdict for verdict, _ in outbox} <= {"applied"}


@contextmanager
def site(made: Prepared, folder: Path, seats: int = len(EMAILS)) -> Iterator[Site]:
    """A fresh copy at work, with a good network."""
    server = server_over(made.server, folder / "server")
    with ExitStack() as stack:
        stack.callback(server.stop)
        found = Site(server, [])
        for number in range(seats):
            proxy = stack.enter_context(ChaosProxy(server.port, slow=_FAST))
            home = folder / str(number)
            shutil.copytree(made.laptops / str(number), home)
            laptop = open_laptop(home, proxy.url)
            stack.callback(laptop.close)
            found.seats.append(Seat(laptop, proxy, number))
        yield found


def weather(dice: random.Random, share: float) -> Any:
    """A plan by which that share of all messages meets some fault."""

    def plan(message: Message | None) -> str:
        if dice.random() > (share if message else share / 6):
            return ""
        return dice.choice(FAULTS[len(ON_ACCEPT) :] if message else ON_ACCEPT)

    return plan


def play(made: Prepared, folder: Path, seed: int) -> Site:
    """One seed: work in bad weather, alone and at once, then healing, then all is there."""
    dice = random.Random(seed)
    with site(made, folder, dice.choice((2, 3))) as place:
        for seat in place.seats:
            seat.patience(HASTY)
            seat.proxy.plan = weather(random.Random(f"{seed} {seat.number}"), dice.uniform(0, 0.3))
        with ThreadPoolExecutor(len(place.seats)) as pool:
            for _ in range(_STEPS):
                _step(place, dice, pool)
        place.heal()
        place.check()
    return place


def _step(place: Site, dice: random.Random, pool: ThreadPoolExecutor) -> None:
    seat = dice.choice(place.seats)
    what = dice.random()
    if what < 0.35:
        seat.note(dice)
    elif what < 0.5:
        content = dice.randbytes(dice.choice((0, 1, 5_000, 90_000)))
        seat.photograph(content + bytes([seat.number, len(seat.photos)]))
    elif what < 0.8:
        seat.round()
    elif what < 0.9:
        list(pool.map(Seat.round, place.seats))
    else:
        seat.proxy.deliver_late()


def many(seeds: Iterable[int], say: Callable[[str], None]) -> list[str]:
    """Play all of them; says what went wrong and how far it is, returns what went wrong."""
    failed: list[str] = []
    met: Counter[str] = Counter()
    with prepared() as made:
        for done, seed in enumerate(seeds, 1):
            with scratch_folder("chaos") as folder:
                try:
                    place = play(made, folder, seed)
                except (AssertionError, IntactError) as lost:
                    failed.append(f"chaos seed {seed}: {type(lost).__name__}: {lost}")
                    say(failed[-1])
                    continue
            met.update(fault for seat in place.seats for _, fault in seat.proxy.seen if fault)
            if done % _TOLD_EVERY == 0:
                say(f"{done} seeds of chaos, {met.total()} faults, {len(failed)} failed")
    say(f"faults met: {dict(met)}")
    return failed
