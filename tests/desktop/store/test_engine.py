"""The encrypted local database."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import IntegrityError

from intact_core.errors import StorageFault
from intact_desktop.store.engine import checkpoint, open_store, polite, reading, turn_of

KEY = bytes(range(32))
CANARY = "canary-7f3a-in-a-note"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "intact.db"


@pytest.fixture
def engine(path: Path):
    engine = open_store(path, KEY, create=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT)"))
        connection.execute(text("INSERT INTO note (body) VALUES (:body)"), {"body": CANARY})
    yield engine
    engine.dispose()


def bodies(engine: Engine) -> list[str]:
    with reading(engine).connect() as connection:
        return list(connection.execute(text("SELECT body FROM note ORDER BY id")).scalars())


def test_it_is_durable_strict_and_new_enough(engine: Engine) -> None:
    with engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in (
                "journal_mode",
                "synchronous",
                "foreign_keys",
                "secure_delete",
                "temp_store",
                "trusted_schema",
                "busy_timeout",
            )
        }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "temp_store": 2,
        "trusted_schema": 0,
        "busy_timeout": 10000,
    }
    assert tuple(map(int, sqlcipher.sqlite_version.split("."))) >= (3, 51, 3)


def test_nothing_readable_lies_on_the_disk(engine: Engine, path: Path) -> None:
    files = [path, path.with_name("intact.db-wal")]
    assert all(file.stat().st_size > 0 for file in files)
    for file in files:
        content = file.read_bytes()
        assert CANARY.encode() not in content
        assert b"note" not in content
        assert b"SQLite" not in content


def test_it_opens_again_with_the_key_and_only_with_it(engine: Engine, path: Path) -> None:
    engine.dispose()
    before = path.read_bytes()
    with pytest.raises(StorageFault, match="left untouched"):
        open_store(path, bytes(32))
    assert path.read_bytes() == before
    again = open_store(path, KEY)
    assert bodies(again) == [CANARY]
    again.dispose()


def test_a_missing_file_is_not_made_by_itself(path: Path) -> None:
    with pytest.raises(StorageFault, match="not there"):
        open_store(path, KEY)
    assert not path.exists()


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("kind", ["text", "noise", "plain", "short"])
def test_a_foreign_file_is_left_alone(path: Path, kind: str, create: bool) -> None:
    contents = {"text": b"Dear Sir, " * 900, "noise": os.urandom(8192), "short": b"x"}
    if kind == "plain":
        plain = create_engine(f"sqlite:///{path}")
        with plain.begin() as connection:
            connection.execute(text("CREATE TABLE a (b)"))
        plain.dispose()
    else:
        path.write_bytes(contents[kind])
    before = path.read_bytes()
    with pytest.raises(StorageFault, match="left untouched"):
        open_store(path, KEY, create=create)
    assert path.read_bytes() == before


def test_an_emptied_file_is_not_taken_for_a_new_one(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(StorageFault, match="left untouched"):
        open_store(path, KEY)


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_one_flipped_bit_is_found_at_the_start(engine: Engine, path: Path, place: float) -> None:
    with engine.begin() as connection:
        rows = [{"body": CANARY * 20} for _ in range(500)]
        connection.execute(text("INSERT INTO note (body) VALUES (:body)"), rows)
    engine.dispose()
    content = bytearray(path.read_bytes())
    content[int(len(content) * place)] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(StorageFault, match="left untouched"):
        open_store(path, KEY)
    assert path.read_bytes() == content


def test_damage_that_nobody_looked_for_is_said_when_it_is_read(engine: Engine, path: Path) -> None:
    with engine.begin() as connection:
        rows = [{"body": CANARY * 20} for _ in range(500)]
        connection.execute(text("INSERT INTO note (body) VALUES (:body)"), rows)
    engine.dispose()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    again = open_store(path, KEY, check=False)
    with pytest.raises(StorageFault, match="damaged. Nothing was overwritten"):
        bodies(again)
    again.dispose()
    assert path.read_bytes() == content


def test_a_writer_holds_the_lock_from_its_first_statement(engine: Engine) -> None:
    with engine.begin() as writer:
        writer.execute(text("SELECT 1"))
        with reading(engine).connect() as reader:
            assert reader.execute(text("SELECT count(*) FROM note")).scalar() == 1
        second = engine.connect()
        second.connection.dbapi_connection.execute("PRAGMA busy_timeout = 1")
        with pytest.raises(StorageFault, match="Another program holds"):
            second.execute(text("SELECT 1"))
        second.invalidate()
        second.close()


def test_racing_writers_lose_no_count(engine: Engine) -> None:
    def count() -> None:
        for _ in range(25):
            with engine.begin() as connection:
                last = connection.execute(text("SELECT count(*) FROM note")).scalar()
                connection.execute(text("INSERT INTO note (body) VALUES (:n)"), {"n": last})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies(engine) == [CANARY, *(str(n) for n in range(1, 101))]


def test_a_failed_transaction_leaves_nothing(engine: Engine) -> None:
    def fail() -> None:
        with engine.begin() as connection:
            connection.execute(text("INSERT INTO note (id, body) VALUES (2, 'half')"))
            connection.execute(text("INSERT INTO note (id, body) VALUES (2, 'twice')"))

    with pytest.raises(IntegrityError):
        fail()
    assert bodies(engine) == [CANARY]


def test_a_full_disk_is_said_and_loses_nothing_saved(engine: Engine) -> None:
    def fill() -> None:
        with engine.begin() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
            connection.execute(text("INSERT INTO note (body) VALUES (:b)"), {"b": "x" * 100_000})

    with pytest.raises(StorageFault, match="disk is full"):
        fill()
    assert bodies(engine) == [CANARY]


WRITER = """
import sys
from pathlib import Path
from sqlalchemy import text
from intact_desktop.store.engine import open_store

engine = open_store(Path(sys.argv[1]), bytes(range(32)))
for n in range(100_000):
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO note (body) VALUES (:n)"), {"n": n})
    sys.stdout.write(f"{n}\\n")
    sys.stdout.flush()
"""


def test_what_was_committed_survives_a_kill(engine: Engine, path: Path) -> None:
    engine.dispose()
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    told = [child.stdout.readline().strip() for _ in range(40)]
    os.kill(child.pid, signal.SIGKILL)
    told += child.stdout.read().split()
    child.wait()
    child.stdout.close()
    survived = open_store(path, KEY)
    kept = bodies(survived)[1:]
    survived.dispose()
    assert kept[: len(told)] == told
    assert len(kept) <= len(told) + 1


def test_who_types_goes_first_and_long_work_rests(engine: Engine) -> None:
    turn, done = turn_of(engine), []
    turn.rest()
    turn.touch()
    assert turn.busy
    assert not turn.waiting
    start = time.monotonic()
    for item in turn.resting(range(3)):
        done.append((item, turn.busy))
    assert time.monotonic() - start > 0.005
    assert done == [(0, False), (1, False), (2, False)]


@pytest.mark.parametrize("kind", [lambda engine: engine, reading])
def test_what_nobody_waits_for_begins_while_no_person_does(
    engine: Engine, kind: Callable[[Engine], Engine], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intact_desktop.store.engine._TOUCH_SECONDS", 0.2)
    turn = turn_of(engine)
    with polite(kind(engine)).connect() as connection:
        turn.touch()
        connection.exec_driver_sql("SELECT 1")
        assert not turn.busy
    with kind(engine).connect() as connection:
        turn.touch()
        connection.exec_driver_sql("SELECT 1")
        assert turn.busy


def test_quiet_is_counted_from_the_last_touch(engine: Engine) -> None:
    turn, start = turn_of(engine), time.monotonic()
    turn.wait_for_quiet(0.2, start + 10)
    assert time.monotonic() - start < 0.2
    turn.touch()
    turn.wait_for_quiet(0.2, start + 10)
    assert 0.2 < time.monotonic() - start < 5


def test_the_same_who_waits_is_not_waited_for_twice(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intact_desktop.store.engine._LONGEST_REST_SECONDS", 0.05)
    turn = turn_of(engine)
    with turn.queue():
        start = time.monotonic()
        for _ in turn.resting(range(100)):
            pass
        assert 0.05 <= time.monotonic() - start < 1


def test_a_lock_that_comes_free_is_taken_at_once(engine: Engine) -> None:
    waits = []

    def take() -> None:
        with engine.begin():
            waits.append(time.monotonic())

    with engine.begin():
        second = threading.Thread(target=take)
        second.start()
        time.sleep(0.2)
        end = time.monotonic()
    second.join()
    assert waits[0] - end < 0.1


def test_a_checkpoint_moves_the_log_into_the_file_beside_a_reader(
    engine: Engine, path: Path
) -> None:
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO note (body) VALUES (:body)"), {"body": "x" * 50_000})
    with reading(engine).connect() as reader:
        assert reader.execute(text("SELECT count(*) FROM note")).scalar() == 2
        before = path.stat().st_size
        checkpoint(engine)
        assert path.stat().st_size >= before + 50_000
