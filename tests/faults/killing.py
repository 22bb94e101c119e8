"""kill -9 of laptop, server and PostgreSQL: what must hold afterwards, and many of them."""

import json
import os
import random
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path

import msgspec
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from intact_core.errors import IntactError, Offline
from intact_core.records.checklist import AuditChecklist
from intact_desktop.store.engine import reading
from tests.faults.forking import KILLED, ForkedServer, forked
from tests.faults.in_process import demo_server
from tests.fixtures.postgres import start_in
from tests.journeys.headless import Headless, enrol, open_laptop, work_and_die
from tests.simulation.office import make_office
from tests.simulation.stage import scratch_folder
from tests.simulation.world import DirectGateway, Laptop
from tests.simulation.world import enrol as enrol_in_office

POINTS = ("begin", "commit", "checkin")
EDITS = 3
_MOST_STEPS = 24
_STARTS = 50
_PATIENCE_SECONDS = 10


@contextmanager
def prepared_server() -> Iterator[Path]:
    """A data folder with the demo's data in it, made once and copied."""
    with scratch_folder("prepared") as folder, demo_server(folder / "data"):
        yield folder / "data"


def server_over(prepared: Path, folder: Path) -> ForkedServer:
    """A running server over a copy of the prepared data."""
    shutil.copytree(prepared, folder)
    server = ForkedServer(folder)
    server.start()
    return server


def operations_of(laptop: Headless) -> list[tuple[str, str | None]]:
    """Raw operation and verdict of each, in order."""
    with laptop.engine.connect() as connection:
        rows = connection.execute(text("SELECT raw, verdict FROM outbox ORDER BY n")).all()
    return [(raw, verdict) for raw, verdict in rows]


def held_by(server: ForkedServer) -> list[str]:
    """All operations that the server has."""
    engine = create_engine(f"sqlite:///{server.data / 'intact-server.db'}")
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT raw FROM op_receipt ORDER BY device_id, n")).all()
    engine.dispose()
    return [raw for (raw,) in rows]


def nothing_lost(server: ForkedServer, laptop: Headless, made: int) -> None:
    """Every operation is on the server once, in order, and was applied."""
    operations = operations_of(laptop)
    assert len(operations) == made
    assert {verdict for _, verdict in operations} == {"applied"}
    assert held_by(server) == [raw for raw, _ in operations]
    texts = [json.loads(raw)["changes"]["auditor_finding"][1] for raw, _ in operations]
    assert len(set(texts)) == made


def kill_laptop(server: ForkedServer, folder: Path, step: int) -> bool:
    """Work and sync in a process that dies at that step; False where it was done before."""
    code = forked(lambda: work_and_die(folder, server.url, EDITS, step))
    assert code in (0, KILLED), f"the laptop ended with {code}"
    return code == KILLED


def kill_server(server: ForkedServer, laptop: Headless, dies: str) -> bool:
    """A round with a server that dies at that step; False where it outlived the round."""
    server.stop()
    server.dies = dies
    server.start()
    laptop.rate(random.Random(dies).randrange(5), f"{dies} {len(operations_of(laptop))}")
    died = False
    try:
        laptop.sync.round()
    except IntactError:
        died = _ended(server)
    server.kill()
    return died


def _ended(server: ForkedServer) -> bool:
    """A killed process lets go of its wires before it has ended; on a busy machine long before."""
    until = time.monotonic() + _PATIENCE_SECONDS
    while server.running and time.monotonic() < until:
        time.sleep(0.01)
    return not server.running


def many_laptops(prepared: Path, folder: Path, kills: int, dice: random.Random) -> int:
    """Kill a laptop that often, at any step; then everything must be there once."""
    server = server_over(prepared, folder / "server")
    try:
        laptop = enrol(folder / "laptop", server.url, "lead@demo.example")
        laptop.sync.round()
        laptop.close()
        killed = 0
        while killed < kills:
            killed += kill_laptop(server, folder / "laptop", dice.randint(1, _MOST_STEPS))
        laptop = open_laptop(folder / "laptop", server.url)
        laptop.sync.round()
        nothing_lost(server, laptop, len(operations_of(laptop)))
        laptop.close()
    finally:
        server.stop()
    return killed


def many_servers(prepared: Path, folder: Path, kills: int, dice: random.Random) -> int:
    """Kill the server that often while it takes operations in."""
    server = server_over(prepared, folder / "server")
    try:
        laptop = enrol(folder / "laptop", server.url, "lead@demo.example")
        laptop.sync.round()
        killed = made = 0
        while killed < kills:
            made += 1
            killed += kill_server(server, laptop, f"{dice.choice(POINTS)}:{dice.randint(1, 7)}")
        server.dies = ""
        server.start()
        laptop.sync.round()
        nothing_lost(server, laptop, made)
        laptop.close()
    finally:
        server.stop()
    return killed


class BrokenConnections(DirectGateway):
    """A database that went away is a server that does not answer."""

    def _carried(self, name: str, call: Callable[[], msgspec.Struct]) -> object:
        try:
            return super()._carried(name, call)
        except DBAPIError as error:
            raise Offline("the database is gone") from error


class MortalPostgres:
    """A PostgreSQL over a folder that is killed and started again."""

    def __init__(self, folder: Path) -> None:
        # The account that the server runs as has to reach it.
        folder.chmod(0o755)
        self._folder = folder / "postgres"
        self._process, self.server = start_in(self._folder)

    def kill_during(self, work: Callable[[], object], seconds: float) -> None:
        """Kill it that long after the work began, then start it again."""
        timer = threading.Timer(seconds, os.kill, (self._process.pid, signal.SIGKILL))
        timer.start()
        with suppress(IntactError, DBAPIError):
            work()
        timer.join()
        self._process.wait()
        for attempt in reversed(range(_STARTS)):
            # Those that the dead server left behind hold on to its memory for a moment.
            with suppress(RuntimeError) if attempt else nullcontext():
                self._process, self.server = start_in(self._folder)
                return

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait()


def many_databases(folder: Path, kills: int, dice: random.Random) -> int:
    """kill -9 of PostgreSQL while it takes operations in."""
    postgres = MortalPostgres(folder)
    try:
        urls = postgres.server.urls(postgres.server.create_database())
        office = make_office(urls.app, urls.owner)
        laptop = enrol_in_office(office, folder / "laptop", "lead_auditor")
        laptop.round()
        laptop.sync._gateway = BrokenConnections(
            office, laptop.device_id, laptop.user_id, {"lead_auditor"}
        )
        for kill in range(kills):
            with laptop.work() as session:
                key = (office.tenant_id, dice.choice(office.items))
                session.get_one(AuditChecklist, key).auditor_finding = f"before kill {kill}"
            postgres.kill_during(laptop.round, dice.uniform(0, 0.06))
            office.database.engine.dispose()
        laptop.round()
        _all_on_postgres(laptop, kills)
        laptop.engine.dispose()
        office.database.engine.dispose()
    finally:
        postgres.stop()
    return kills


def _all_on_postgres(laptop: Laptop, made: int) -> None:
    with reading(laptop.engine).connect() as connection:
        mine = connection.exec_driver_sql("SELECT raw, verdict FROM outbox ORDER BY n").all()
    with laptop.gateway.office.read() as session:
        held = session.execute(text("SELECT raw, verdict FROM op_receipt ORDER BY n")).all()
    assert len(mine) == made
    assert [tuple(row) for row in mine] == [tuple(row) for row in held]
    assert {verdict for _, verdict in mine} == {"applied"}
