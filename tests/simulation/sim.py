"""One simulated world: server, laptops, the model that looks on, and what may happen in it."""

import random
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import IntactError
from intact_core.records.audits import AuditTeam
from intact_core.records.catalogue import TYPES
from intact_core.records.conflicts import Conflict
from intact_core.sync.operations import Receipt
from intact_core.sync.protocol import Successor
from sync_server.database.engine import Database
from sync_server.ledger.feed import record_written
from sync_server.ledger.rounds import begin_epoch, epoch_of
from tests.fixtures.databases import share_statements
from tests.simulation.faults import Fuse, Killed
from tests.simulation.laptops import Seen, SimLaptop, Watch
from tests.simulation.model import Ledger, Row, Wish
from tests.simulation.office import Office
from tests.simulation.stage import Stage, VirtualTime

Work = Callable[[Session], object]


@dataclass(frozen=True)
class Features:
    """What may happen beside edits, rounds and faults on the wire."""

    restored_server: bool = True
    restored_laptop: bool = True
    cloned_laptop: bool = True
    revoked_scope: bool = True
    signing: bool = True
    newer_names: bool = False
    """The server often burns down just after a laptop took a name that its backup lacks."""


BURNING = Features(newer_names=True)


@dataclass(frozen=True)
class Backup:
    """What a copy of the server holds."""

    file: Path
    blobs: dict[str, bytes]
    ledger: Ledger


@dataclass
class Sim:
    """The world. Everything random comes from `dice`, all time from `time`."""

    stage: Stage
    office: Office
    folder: Path
    time: VirtualTime
    dice: random.Random
    features: Features = field(default_factory=Features)
    laptops: list[SimLaptop] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)
    cuts: dict[Seen, frozenset[str]] = field(default_factory=dict)
    wishes: dict[UUID, Wish] = field(default_factory=dict)
    photos: dict[str, bytes] = field(default_factory=dict)
    server_fuse: Fuse = field(default_factory=Fuse)
    backup: Backup | None = None
    restored: int = 0
    copies: dict[int, Path] = field(default_factory=dict)
    gone: set[UUID] = field(default_factory=set)
    """Operations of which no machine has a trace any more."""
    told: list[str] = field(default_factory=list)
    count: int = 0

    @classmethod
    def begin(
        cls, stage: Stage, office: Office, folder: Path, how: tuple[VirtualTime, random.Random, int]
    ) -> "Sim":
        """A world with that many laptops, over files that the stage has set up."""
        time, dice, laptops = how
        sim = cls(stage, office, folder, time, dice)
        sim.listen()
        sim.ledger.members = frozenset(member.user_id for member in stage.members)
        sim.ledger.rows = {("audit_checklists", item): Row({}) for item in office.items}
        watch = Watch(sim.took, sim.renamed, sim.gave, sim.at_server)
        for number in range(laptops):
            sim.laptops.append(
                SimLaptop(stage.members[number], office, folder, number, watch, sim.server_fuse)
            )
        for laptop in sim.laptops:
            sim.gave(sim.stands(laptop))
        return sim

    def listen(self) -> None:
        """The server may die at any commit."""
        event.listen(self.office.database.engine, "commit", self.server_fuse.burn)

    def end(self) -> None:
        """Close all files."""
        for laptop in self.laptops:
            laptop.engine.dispose()
        self.office.database.engine.dispose()

    @contextmanager
    def at_server(self) -> Iterator[None]:
        """Inside, the server's clock."""
        with self.time.of(timedelta()):
            yield

    def tell(self, words: str) -> None:
        self.told.append(words)

    def unique(self, prefix: str = "v") -> str:
        """A text that was never written before."""
        self.count += 1
        return f"{prefix}{self.count:04}"

    # What a person does

    def stands(self, laptop: SimLaptop) -> Seen:
        """Which cut of the audit lies on the laptop."""
        scope = f"audit:{self.office.audit_id}"
        with laptop.look() as connection:
            row = connection.exec_driver_sql(
                "SELECT d.epoch, coalesce(c.seq, 0), coalesce(c.digest, '') FROM device d"
                " LEFT JOIN cursor c ON c.scope = ?",
                (scope,),
            ).one()
        return (row[0], row[1], row[2])

    def act(self, laptop: SimLaptop, wishes: Sequence[Wish], work: Work) -> bool:
        """One action of a person: all of it in one transaction, or nothing."""
        # Whoever sits here knows what came with the last cut, and what was done here before.
        seen = self.cuts.get(self.stands(laptop), frozenset()), self._own(laptop)
        last = self._last_n(laptop)
        done = False
        with self.time.of(laptop.skew):
            try:
                with laptop.sessions.begin() as session:
                    work(session)
                done = True
            except IntactError as error:
                self.tell(f"  not done: {error.sentence}")
            except Killed:
                laptop.restart()
        made = self._outbox(laptop, last)
        assert done or not made, "operations of an action that failed"
        if done:
            self._note(wishes, seen, made)
        return done

    def _last_n(self, laptop: SimLaptop) -> int:
        with laptop.look() as connection:
            found = connection.exec_driver_sql("SELECT coalesce(max(n), 0) FROM outbox").one()
        return int(found[0])

    def _own(self, laptop: SimLaptop) -> frozenset[str]:
        with laptop.look() as connection:
            rows = connection.exec_driver_sql("SELECT op_id FROM outbox")
            return frozenset(str(UUID(op_id)) for (op_id,) in rows)

    def _outbox(self, laptop: SimLaptop, after: int) -> list[dict[str, Any]]:
        with laptop.look() as connection:
            rows = connection.exec_driver_sql(
                "SELECT raw FROM outbox WHERE n > ? ORDER BY n", (after,)
            )
            return [msgspec.json.decode(raw) for (raw,) in rows]

    def _note(
        self,
        wishes: Sequence[Wish],
        seen: tuple[frozenset[str], frozenset[str]],
        made: list[dict[str, Any]],
    ) -> None:
        """Each operation in the outbox is one that the person wanted, and says what was wanted."""
        wanted = {(wish.type, str(wish.id)): wish for wish in wishes}
        assert len(made) == len(wanted), f"{len(wanted)} changes made {len(made)} operations"
        for raw in made:
            wish = wanted[raw["type"], raw["id"]]
            says = {name: pair[1] for name, pair in raw["changes"].items()}
            assert wish.kind == raw["kind"], "an operation of another kind"
            assert says.items() >= wish.fields.items(), "an operation lacks what was written"
            assert wish.kind == "create" or says == wish.fields, "an operation says too much"
            op_id = UUID(raw["op_id"])
            saw = {name: pair[0] for name, pair in raw["changes"].items()}
            self.wishes[op_id] = replace(
                wish, seen=seen[0], own=seen[1], saw=saw, op_id=op_id, txn_id=UUID(raw["txn_id"])
            )

    def shows_what_waits(self, laptop: SimLaptop) -> None:
        """Whatever was done here and is not sent yet stands in the records as it was done."""
        with laptop.look() as connection:
            waiting = connection.exec_driver_sql(
                "SELECT raw FROM outbox WHERE n > (SELECT acknowledged_n FROM device) ORDER BY n"
            ).all()
            wanted: dict[tuple[str, str], dict[str, Any]] = {}
            for (raw,) in waiting:
                one = msgspec.json.decode(raw)
                changes = {name: pair[1] for name, pair in one["changes"].items()}
                wanted.setdefault((one["type"], one["id"]), {}).update(changes)
            for (type_, id_), fields in wanted.items():
                table = TYPES[type_].table
                row = connection.execute(select(table).where(table.c.id == UUID(id_))).one()
                body = TYPES[type_].wire(dict(row._mapping))
                assert {name: body[name] for name in fields} == fields, "what waits is not shown"

    # What the model is told

    def gave(self, seen: Seen) -> None:
        """A cut was given: whoever stands there has seen all that the ledger has now."""
        self.cuts[seen] = self.ledger.tokens

    def renamed(self, given: Successor) -> None:
        """A copied or restored laptop goes on as another device, from a shared operation on."""
        self.ledger.taken[given.device_id] = given.last_n

    def took(
        self,
        device: UUID,
        laptop: SimLaptop,
        operations: list[dict[str, Any]],
        receipts: list[Receipt],
    ) -> None:
        """The server took a push in: every new verdict is the one that the model gives."""
        ledger = self.ledger
        new = [one for one in operations if one["n"] > ledger.taken.get(device, 0)]
        given = {one.n: one for one in receipts}
        assert set(given) == {one["n"] for one in operations}, "operations without receipt"
        for _, group in groupby(new, key=lambda one: one["txn_id"]):
            members = list(group)
            wishes = [self.wishes[UUID(one["op_id"])] for one in members]
            got = [given[one["n"]].verdict for one in members]
            if self.restored:
                found = {
                    w.op_id: self._groups(given[one["n"]])
                    for w, one in zip(wishes, members, strict=True)
                }
                ledger.asked = {**(ledger.asked or {}), **found}
            verdicts = ledger.take(device, laptop.member.user_id, wishes)
            reasons = [given[one["n"]].reason for one in members]
            assert got == verdicts, f"{wishes}: got {got} {reasons}, the model says {verdicts}"
            ledger.taken[device] = members[-1]["n"]
            for one in members:
                self._learn(given[one["n"]])

    def _groups(self, receipt: Receipt) -> frozenset[str]:
        if not receipt.conflict_ids:
            return frozenset()
        with self.office.read() as session:
            query = select(Conflict.field_group).where(Conflict.id.in_(receipt.conflict_ids))
            return frozenset(session.scalars(query))

    def _learn(self, receipt: Receipt) -> None:
        if not receipt.conflict_ids:
            return
        with self.office.read() as session:
            query = select(Conflict).where(Conflict.id.in_(receipt.conflict_ids))
            for row in session.scalars(query):
                record: object = row.record_id
                if row.record_type == "conflicts":
                    record = self.ledger.names[row.record_id]
                about = ((row.record_type, record), row.field_group, str(row.incoming_device))
                self.ledger.names[row.id] = next(
                    number
                    for number, one in reversed(self.ledger.disputes.items())
                    if (one.ref, one.group, one.device) == about
                )

    # What happens to machines and wires

    def round(self, laptop: SimLaptop) -> None:
        """One round; it may fail only where something went wrong on the way."""
        met = laptop.weather.met
        with self.time.of(laptop.skew):
            try:
                error = laptop.round()
            except Killed:
                self.tell("  killed")
                laptop.restart()
                return
        excused = laptop.weather.met > met or laptop.disk.full
        assert error is None or excused, f"a round failed for no reason: {error!r} {error}"

    def deliver_late(self) -> None:
        """What was on the way so long arrives; nobody waits for the answer any more."""
        for laptop in self.laptops:
            late, laptop.weather.late = laptop.weather.late, []
            for message in late:
                with suppress(IntactError):
                    message()

    def office_writes(self, type_: str, id_: UUID, fields: dict[str, Any], work: Work) -> None:
        """Somebody in the office writes one record."""
        with self.at_server(), self.office.write() as session:
            work(session)
        self.ledger.office(type_, id_, fields, self.unique("office"))

    def may(self, laptop: SimLaptop, allowed: bool) -> None:
        """Put a person on the team, or take the person off."""
        member = laptop.member
        if self.ledger.signed:
            return
        with self.at_server(), self.office.write() as session:
            row = session.get_one(AuditTeam, (self.office.tenant_id, member.team_row))
            row.deleted_at = None if allowed else clock.now()
            row.deleted_reason = None if allowed else "other work"
        others = self.ledger.members - {member.user_id}
        self.ledger.members = others | ({member.user_id} if allowed else set())

    def back_up(self) -> None:
        """Keep a copy of the server as it is."""
        self.office.database.engine.dispose()
        file = self.folder / "backup.db"
        shutil.copyfile(self.folder / "server.db", file)
        self.backup = Backup(file, dict(self.office.blobs), self.ledger.copy())

    def restore(self) -> None:
        """The server burnt down; what the copy holds is all there is."""
        assert self.backup is not None
        self.office.database.engine.dispose()
        for suffix in ("-wal", "-shm"):
            (self.folder / f"server.db{suffix}").unlink(missing_ok=True)
        shutil.copyfile(self.backup.file, self.folder / "server.db")
        self.office.database = Database(f"sqlite:///{self.folder / 'server.db'}", record_written)
        share_statements(self.office.database.engine)
        self.listen()
        self.office.blobs = dict(self.backup.blobs)
        self.ledger = self.backup.ledger.copy()
        self.restored += 1
        if self.dice.random() < 0.5:
            with self.at_server(), self.office.write() as session:
                begin_epoch(session.connection(), after=epoch_of(session.connection()))
        self._count_losses()

    def go_back(self, laptop: SimLaptop) -> None:
        """The laptop's disk is replaced by its backup."""
        laptop.go_back_to(self.copies[laptop.number])
        self._count_losses()

    def clone(self, laptop: SimLaptop) -> None:
        """Somebody copies the laptop's disk and works on both."""
        number = len(self.laptops)
        copy = laptop.copy()
        shutil.copytree(copy, self.folder / f"{number}.0")
        evidence = self.folder / f"evidence-{laptop.number}"
        if evidence.exists():
            shutil.copytree(evidence, self.folder / f"evidence-{number}")
        twin = SimLaptop(
            laptop.member, self.office, self.folder, number, laptop.watch, self.server_fuse
        )
        self.laptops.append(twin)

    def _count_losses(self) -> None:
        """Machines burnt: what was only there is gone, and nothing can bring it back."""
        held = set(self.ledger.verdicts)
        for laptop in self.laptops:
            held |= {UUID(op_id) for op_id in self._own(laptop)}
        self.gone |= self.wishes.keys() - held
