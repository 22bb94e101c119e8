"""The encrypted local database: SQLCipher through SQLAlchemy, one writer at a time."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TypeVar
from urllib.parse import quote

import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, QueuePool

from intact_core.errors import IntactError, StorageFault
from intact_core.records.sets import JSON_OPTIONS
from intact_desktop.settings import sync_file

T = TypeVar("T")
_READ_ONLY = "read_only"
_POLITE = "polite"
_TURN = "turn"
_BUSY_MILLISECONDS = 10_000
_LOG_PAGES = 16_000
_SOON_SECONDS = 2.0
_POLL_SECONDS = 0.0005
_LONGEST_REST_SECONDS = 0.5
_TOUCH_SECONDS = 0.015
_ITEMS = 50
_PLAIN_HEADER = b"SQLite format 3\0"
_SMALLEST = 512
_SETTINGS = (
    "PRAGMA foreign_keys = ON",
    "PRAGMA synchronous = FULL",
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
    # The usual way is `checkpoint`, off the way of who types; this is the limit beyond it.
    f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}",
    f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}",
)
_SENTENCES = {
    "SQLITE_FULL": "The disk is full, so the last change was not saved; all before it is safe. "
    "Make room, then do it again.",
    "SQLITE_CORRUPT": "The local database is damaged. Nothing was overwritten. Close the "
    "application and keep the file; what was sent is on the server.",
    "SQLITE_NOTADB": "The local database is damaged. Nothing was overwritten. Close the "
    "application and keep the file; what was sent is on the server.",
    "SQLITE_IOERR": "The disk reported an error, so the last change was not saved; all before it "
    "is safe. Check the disk before you go on.",
    "SQLITE_READONLY": "The local database may not be written, so the last change was not saved. "
    "Check who may write to its folder.",
    "SQLITE_BUSY": "Another program holds the local database, so the last change was not saved. "
    "Close the second window of the application, then do it again.",
}


class Turn:
    """Who goes first: long work rests while a person waits, and takes back what they wait for.

    `waiting` counts who wants the write lock; `busy` is also true for a moment after each `touch`.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._taken = 0
        self._in_vain = -1
        self._busy_until = 0.0
        self.waiting = 0

    @property
    def busy(self) -> bool:
        return self.waiting > 0 or time.monotonic() < self._busy_until

    def touch(self) -> None:
        """A person did something: what follows, until it is painted, goes first."""
        self._busy_until = time.monotonic() + _TOUCH_SECONDS

    @contextmanager
    def queue(self) -> Iterator[None]:
        """Inside, one more waits."""
        with self._lock:
            self.waiting += 1
            self._taken += 1
        try:
            yield
        finally:
            with self._lock:
                self.waiting -= 1

    def rest(self) -> None:
        """Called by long work every millisecond or so: lets a person have the interpreter.

        It ends after half a second, and does not begin again for the same who waits.
        """
        if not self.busy or self._in_vain == self._taken:
            return
        end = time.monotonic() + _LONGEST_REST_SECONDS
        while self.busy:
            if time.monotonic() > end:
                self._in_vain = self._taken
                return
            time.sleep(_POLL_SECONDS)

    def resting(self, items: Iterable[T], each: int = _ITEMS) -> Iterator[T]:
        """The same items, small ones, with a rest before every so many."""
        for n, item in enumerate(items):
            if n % each == 0:
                self.rest()
            yield item

    def wait_for_quiet(self, seconds: float, until: float) -> None:
        """Return once nobody did anything for so long, or at that moment of the monotonic clock."""
        while (now := time.monotonic()) < until:
            if not self.waiting and now > self._busy_until + seconds:
                return
            time.sleep(_POLL_SECONDS * 10)


def turn_of(engine: Engine) -> Turn:
    """The turn that all transactions of a store take."""
    turn: Turn = engine.get_execution_options()[_TURN]
    return turn


def open_store(path: Path, key: bytes, *, create: bool = False, check: bool = True) -> Engine:
    """The engine over the database at `path`; a missing file is made only with `create`.

    Raises StorageFault where the file is missing, foreign or damaged; it is never overwritten.
    A transaction takes the write lock at its start; `reading(engine)` gives one that does not.
    """
    _refuse_unusable(path, create)
    connection = _connect(path, key, "rwc" if create else "rw")
    try:
        _prove_readable(connection, check)
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlcipher.DatabaseError as fault:
        raise _foreign(path, str(fault)) from fault
    finally:
        connection.close()
    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=lambda: _connect(path, key),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=4,
        execution_options={_TURN: Turn()},
        **JSON_OPTIONS,
    )
    event.listen(engine, "begin", _begin)
    event.listen(engine, "handle_error", _translate)
    return engine


def reading(engine: Engine) -> Engine:
    """The same pool for transactions that only read: they never wait for the writer."""
    return engine.execution_options(**{_READ_ONLY: True})


def polite(engine: Engine) -> Engine:
    """The same pool for what nobody waits for: each transaction begins while no person does."""
    return engine.execution_options(**{_POLITE: True})


def checkpoint(engine: Engine) -> None:
    """Move what was committed from the log into the database file, beside readers and writers.

    SQLite would do it inside the commit that fills the log, and a person would wait for it.
    """
    connection = engine.raw_connection()
    try:
        # The log keeps what could not be moved; a full disk shows itself in the next commit.
        with suppress(sqlcipher.DatabaseError):
            connection.cursor().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
    finally:
        connection.close()


def copy_store(engine: Engine, key: bytes, target: Path) -> None:
    """An encrypted copy under the same key, consistent while others write; checked."""
    connection = engine.raw_connection()
    try:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        connection.cursor().execute("VACUUM INTO ?", (str(target),))
        copied = _connect(target, key)
        try:
            _prove_readable(copied, check=True)
        finally:
            copied.close()
        sync_file(target)
    except (sqlcipher.DatabaseError, OSError) as fault:
        with suppress(OSError):
            target.unlink()
        raise StorageFault(
            "The local database could not be copied, so it was left as it is. Nothing was lost. "
            "Make room on the disk, then start again.",
            details=str(fault),
        ) from fault
    finally:
        connection.close()


@contextmanager
def open_copy(path: Path, key: bytes) -> Iterator[Connection]:
    """A copy that was set aside, to be read only: its file stays byte for byte as it is.

    Raises StorageFault where the file is missing, foreign or damaged.
    """
    _refuse_unusable(path, create=False)
    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=lambda: _connect(path, key, "ro&immutable=1"),
        poolclass=NullPool,
        **JSON_OPTIONS,
    )
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")
            yield connection
    except DatabaseError as fault:
        raise _foreign(path, str(fault.orig)) from fault


def _connect(path: Path, key: bytes, mode: str = "rw") -> sqlcipher.Connection:
    try:
        connection = sqlcipher.connect(
            f"file:{quote(str(path.absolute()))}?mode={mode}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
    except sqlcipher.OperationalError as fault:
        raise _unreachable(path, str(fault)) from fault
    try:
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        connection.execute("PRAGMA cipher_log_level = NONE")
        for setting in _SETTINGS:
            connection.execute(setting)
    except sqlcipher.DatabaseError as fault:
        connection.close()
        raise _foreign(path, str(fault)) from fault
    return connection


def _refuse_unusable(path: Path, create: bool) -> None:
    if not path.exists():
        if create and path.parent.is_dir():
            return
        raise _unreachable(path, "no such file")
    try:
        with path.open("rb") as file:
            start = file.read(len(_PLAIN_HEADER))
    except OSError as fault:
        raise _unreachable(path, str(fault)) from fault
    # SQLite takes a file shorter than its smallest page for an empty one and writes over it.
    if path.stat().st_size < _SMALLEST and (start or not create):
        raise _foreign(path, "the file is cut off")
    if start == _PLAIN_HEADER:
        raise _foreign(path, "a plain SQLite database")


def _prove_readable(connection: sqlcipher.Connection, check: bool) -> None:
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    damage = _damage(connection) if check else []
    if damage:
        # It looks at the file alone. A page that a power cut tore while it was moved there still
        # stands whole in the log, from where SQLite moves it again.
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        damage = _damage(connection)
    if damage:
        raise sqlcipher.DatabaseError("; ".join(str(row[0]) for row in damage[:5]))


def _damage(connection: sqlcipher.Connection) -> list[tuple[str]]:
    found: list[tuple[str]] = connection.execute("PRAGMA cipher_integrity_check").fetchall()
    return found


def _begin(connection: Connection) -> None:
    # The driver's own transactions are off: it would begin late, after a read, and without lock.
    options = connection.get_execution_options()
    if options.get(_POLITE, False):
        options[_TURN].rest()
    if options.get(_READ_ONLY, False):
        connection.exec_driver_sql("BEGIN")
        return
    with options[_TURN].queue():
        if not _begin_soon(connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_soon(connection: Connection) -> bool:
    """Take the write lock the moment it is free: SQLite's own waiting sleeps up to 25 ms a time."""
    driver: sqlcipher.Connection = connection.connection.dbapi_connection
    (milliseconds,) = driver.execute("PRAGMA busy_timeout").fetchone()
    end = time.monotonic() + min(_SOON_SECONDS, milliseconds / 1000)
    driver.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlcipher.DatabaseError as fault:
                # Anything else than a lock comes again, and is translated, where it is asked next.
                if fault.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > end:
                    return False
                time.sleep(_POLL_SECONDS)
            else:
                return True
    finally:
        driver.execute(f"PRAGMA busy_timeout = {milliseconds}")


def _translate(context: ExceptionContext) -> IntactError | None:
    name = getattr(context.original_exception, "sqlite_errorname", "")
    for code, sentence in _SENTENCES.items():
        if name.startswith(code):
            return StorageFault(sentence, details=f"{name}: {context.original_exception}")
    return None


def _unreachable(path: Path, details: str) -> StorageFault:
    return StorageFault(
        f"The local database {path} is not there or cannot be opened. Nothing was changed. If it "
        "was moved, put it back; else sign in under a new profile to download your audits again.",
        details=details,
    )


def _foreign(path: Path, details: str) -> StorageFault:
    return StorageFault(
        f"The file {path} is damaged, or is not this profile's database. It was left untouched. "
        "Keep it, put back a copy from the folder “set-aside” or a backup, or sign in under a new "
        "profile; what was sent is on the server.",
        details=details,
    )
