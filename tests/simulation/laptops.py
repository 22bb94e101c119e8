"""A laptop of the simulation: the real one, that can be killed, copied, filled and lied to."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session, sessionmaker

from intact_core.errors import IntactError, NotAllowed, NotFound, Offline, ServerFault
from intact_core.sync.operations import Receipt
from intact_core.sync.protocol import (
    BlobState,
    End,
    Pull,
    PushAnswer,
    Succession,
    Successor,
    decode_pull_line,
)
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.store import journal
from intact_desktop.store.engine import open_store, reading
from intact_desktop.store.tables import chunks
from intact_desktop.store.upgrade import set_aside
from intact_desktop.sync.engine import Around, SyncEngine
from intact_desktop.sync.files import FileTransfer
from intact_desktop.sync.gateway import BlobPart, Gap
from intact_desktop.sync.reading_ahead import Piece
from sync_server.ledger.chains import device_row
from tests.fixtures.databases import share_statements
from tests.simulation.faults import FullDisk, Fuse, Killed, ServerDied, Weather
from tests.simulation.office import Office
from tests.simulation.stage import Member, at_once
from tests.simulation.world import KEPT_FROM, KEY, DirectGateway

_MOST_STEPS = 400
_LINES_AT_ONCE = 3
Seen = tuple[str, int, str]
"""(epoch, seq, digest) of the audit's scope: where a laptop stands."""


@dataclass
class Watch:
    """Who looks on: `took` is told of each push, `gave` of each cut, `server` sets the clock."""

    took: Callable[[UUID, "SimLaptop", list[dict[str, Any]], list[Receipt]], None]
    renamed: Callable[[Successor], None]
    gave: Callable[[Seen], None]
    server: Callable[[], Any]


class SimGateway(DirectGateway):
    """The wire, as good as the weather."""

    def __init__(self, office: Office, laptop: "SimLaptop", watch: Watch) -> None:
        super().__init__(office, laptop.device_id, laptop.member.user_id, {laptop.member.role})
        self.laptop = laptop
        self.watch = watch
        self.weather = laptop.weather

    def _carried(self, name: str, call: Callable[[], msgspec.Struct | None]) -> object:
        self.laptop.step(name)
        fault, _ = self.weather.next(name)
        self._before(name, fault, call)
        answer = self._served(name, call, fault)
        if fault == "twice":
            answer = self._served(name, call, "")
        if fault in ("lost_response", "cut"):
            raise Offline("the answer was lost")
        self.laptop.step(name)
        return answer

    def _before(self, name: str, fault: str, call: Callable[[], object]) -> None:
        if fault == "lost_request":
            raise Offline("the message was lost")
        if fault == "refused":
            raise NotAllowed("something in between says no")
        if fault == "busy":
            raise ServerFault("the server has too much to do")
        if fault == "late":
            self.weather.late.append(lambda: self._served(name, call, ""))
            raise Offline("no answer in time")

    def _served(self, name: str, call: Callable[[], Any], fault: str) -> object:
        fuse = self.laptop.server_fuse
        if fault == "dies":
            fuse.set(1, _die)
        try:
            with self.watch.server():
                return super()._carried(name, call)
        except ServerDied as died:
            raise Offline("the connection broke") from died
        finally:
            fuse.clear()

    def push(self, body: bytes) -> PushAnswer:
        if self.weather.stuck:
            # A server that asks for the very same again, and again.
            self.weather.met += 1
            self.laptop.step("push")
            raise Gap(msgspec.json.decode(body)["operations"][0]["n"])
        return super().push(body)

    def _push(self, body: bytes, take: Callable[..., PushAnswer]) -> PushAnswer:
        answer = super()._push(body, take)
        operations = msgspec.json.decode(body)["operations"]
        self.watch.took(self.device_id, self.laptop, operations, answer.receipts)
        return answer

    def _succeed(self, message: Succession) -> Successor:
        given = super()._succeed(message)
        self.watch.renamed(given)
        return given

    def _recognise(self, chain: Sequence[tuple[int, str]]) -> None:
        super()._recognise(chain)
        with self.office.read() as session:
            end = device_row(session.connection(), self.office.tenant_id, self.device_id)
        self.watch.renamed(Successor(self.device_id, end.last_n, end.chain_hash, {}))

    @contextmanager
    def pull(self, message: Pull) -> Iterator[Iterator[bytes]]:
        self.laptop.step("pull")
        fault, at = self.weather.next("pull")
        self._before("pull", "lost_request" if fault == "late" else fault, lambda: None)
        with self.watch.server(), super().pull(message) as lines:
            whole = list(lines)
        if fault in ("lost_response", "dies"):
            raise Offline("the answer was lost")
        self._note(whole)
        if fault == "cut":
            text = b"\n".join(whole)
            whole = [line for line in text[: at % len(text)].split(b"\n") if line]
        self.laptop.step("pull")
        yield (b"\n".join(some) for some in chunks(whole, _LINES_AT_ONCE))

    def _note(self, lines: list[bytes]) -> None:
        begin, end = decode_pull_line(lines[0]), decode_pull_line(lines[-1])
        assert isinstance(end, End)
        audit = f"audit:{self.office.audit_id}"
        for one in end.cursors:
            if one.scope == audit:
                self.watch.gave((begin.epoch, one.seq, one.digest))

    def send_blob(self, sha256: str, offset: int, piece: Piece) -> BlobState:
        self.laptop.step("send")
        fault, at = self.weather.next("send")
        self._before("send", "lost_request" if fault == "late" else fault, lambda: None)
        with self.watch.server():
            if fault == "cut":
                content = piece.content[: at % (len(piece.content) + 1)]
                super().send_blob(sha256, offset, Piece(content, b""))
            else:
                answer = super().send_blob(sha256, offset, piece)
            if fault == "twice":
                answer = super().send_blob(sha256, offset, piece)
        if fault in ("cut", "lost_response", "dies"):
            raise Offline("the connection broke")
        return answer

    def fetch_blob(self, sha256: str, start: int, most: int) -> BlobPart:
        self.laptop.step("fetch")
        fault, _ = self.weather.next("fetch")
        self._before("fetch", "lost_request" if fault else "", lambda: None)
        whole, _ = super().fetch_blob(sha256, 0, 0)
        if hashlib.sha256(whole).hexdigest() != sha256:
            raise NotFound("not whole yet")
        return super().fetch_blob(sha256, start, most)


def _die() -> None:
    raise ServerDied


@dataclass
class SimLaptop:
    """One laptop: files in `folder`, a clock that may be wrong, weather of its own."""

    member: Member
    office: Office
    home: Path
    number: int
    watch: Watch
    server_fuse: Fuse
    skew: timedelta = timedelta()
    generation: int = 0
    device_id: UUID = field(init=False)
    weather: Weather = field(default_factory=Weather)
    fuse: Fuse = field(default_factory=Fuse)
    disk: FullDisk = field(default_factory=FullDisk)
    steps: int = 0
    between: Callable[[str], bool] | None = None
    engine: Engine = field(init=False)
    sessions: sessionmaker[Session] = field(init=False)
    sync: SyncEngine = field(init=False)
    files: EvidenceFiles = field(init=False)

    def __post_init__(self) -> None:
        self.open()

    @property
    def folder(self) -> Path:
        """Where its database lies now; each start after a kill has a folder of its own."""
        return self.home / f"{self.number}.{self.generation}"

    def open(self) -> None:
        """Start the application over the database as it lies there."""
        self.engine = open_store(self.folder / "intact.db", KEY)
        share_statements(self.engine)
        event.listen(self.engine, "begin", self.fuse.burn)
        event.listen(self.engine, "commit", self.disk.write)
        event.listen(self.engine, "commit", self.fuse.burn)
        with self.look() as connection:
            self.device_id = UUID(connection.exec_driver_sql("SELECT id FROM device").scalar_one())
        self.sessions = journal.sessions(self.engine)
        self.files = EvidenceFiles(self.home / f"evidence-{self.number}", KEY)
        gateway = SimGateway(self.office, self, self.watch)
        transfer = FileTransfer(self.engine, gateway, self.files, beside=at_once)
        aside = self.home / f"aside-{self.number}"
        around = Around(
            lambda _: None,
            lambda: set_aside(self.engine, KEY, aside),
            self._renamed,
            KEPT_FROM,
            at_once,
        )
        self.sync = SyncEngine(self.engine, gateway, self._sign, transfer, around)

    def _renamed(self, given: Successor) -> None:
        self.device_id = given.device_id

    @contextmanager
    def look(self) -> Iterator[Connection]:
        """Read what lies there; nothing happens to the laptop meanwhile."""
        self.fuse.paused = self.disk.fuse.paused = True
        try:
            with reading(self.engine).connect() as connection:
                yield connection
        finally:
            self.fuse.paused = self.disk.fuse.paused = False

    def _sign(self, content: bytes) -> bytes:
        return self.member.key.sign(content, ec.ECDSA(hashes.SHA256()))

    def step(self, name: str) -> None:
        """A message leaves or has come: the process may die here, or somebody may type."""
        self.fuse.burn()
        self.steps += 1
        assert self.steps < _MOST_STEPS, "a round that does not end"
        typing, self.between = self.between, None
        if typing is not None and not typing(name):
            self.between = typing

    def kill_at(self, step: int) -> None:
        """kill -9 at that step: the files stay as they are at that moment."""

        def die() -> None:
            self.copy_to(self.home / f"{self.number}.{self.generation + 1}")
            raise Killed

        self.fuse.set(step, die)

    def copy_to(self, folder: Path) -> None:
        """The database's files as they lie on the disk now."""
        folder.mkdir(exist_ok=True)
        for name in ("intact.db", "intact.db-wal"):
            if (self.folder / name).exists():
                shutil.copyfile(self.folder / name, folder / name)

    def restart(self) -> None:
        """The next start, over the files of the next generation."""
        self.engine.dispose()
        self.generation += 1
        self.fuse.clear()
        self.open()

    def copy(self) -> Path:
        """A backup of the machine's disk."""
        folder = (
            self.home / f"copy-{self.number}.{self.generation}-{len(list(self.home.iterdir()))}"
        )
        self.copy_to(folder)
        return folder

    def go_back_to(self, copy: Path) -> None:
        """The disk was replaced; what the backup holds is all there is."""
        self.engine.dispose()
        self.generation += 1
        shutil.copytree(copy, self.folder)
        self.open()

    def round(self) -> IntactError | None:
        """One round; the error that ended it early, if one did."""
        self.steps, ended_by = 0, None
        try:
            self.sync.round()
        except IntactError as error:
            ended_by = error
        self.sync.tidy()
        return ended_by
