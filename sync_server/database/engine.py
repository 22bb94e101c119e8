"""The server's database: SQLite by default, PostgreSQL by address; one transaction at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import sqlcipher3.dbapi2
from sqlalchemy import Engine, QueuePool, TextClause, create_engine, event, make_url, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session, sessionmaker

from intact_core.records.sets import JSON_OPTIONS
from intact_core.records.unit_of_work import Written
from intact_core.rules.kernel import SYSTEM, Actor
from sync_server.database import session_hook

OnWritten = Callable[[Session, UUID, Actor, list[Written]], None]
LOCK_TIMEOUT_MS = 5_000
_LIMITS = "SELECT set_config('app.tenant', :tenant, true), set_config('lock_timeout', :lock, true)"
_LIMIT = text(_LIMITS)
# A plan that is kept must be good when a table has grown: none is read whole. Where there is no
# other way, "off" is a price so high that PostgreSQL would compile the question.
_ENTER = text(
    f"{_LIMITS}, set_config('plan_cache_mode', 'force_generic_plan', true),"
    " set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)"
)


def make_engine(url: str) -> Engine:
    """The engine of an address: `sqlite:///FILE` or `postgresql://…`."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url)
    # The connection used last comes first: it has its statements prepared, and its memory at hand.
    return create_engine(
        url,
        pool_size=10,
        max_overflow=10,
        pool_pre_ping=True,
        pool_use_lifo=True,
        **JSON_OPTIONS,
    )


def _sqlite(url: str) -> Engine:
    # The driver's own SQLite is new enough; the standard library's may corrupt a WAL on reset.
    engine = create_engine(
        url,
        module=sqlcipher3.dbapi2,
        poolclass=QueuePool,
        connect_args={"timeout": 30},
        **JSON_OPTIONS,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "trusted_schema=OFF",
            "temp_store=MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", True)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class Database:
    """Sessions limited to one tenant. The edge opens one per request; leaving it commits."""

    def __init__(self, url: str, on_written: OnWritten) -> None:
        self.engine = make_engine(url)
        self.is_postgres = self.engine.dialect.name == "postgresql"
        self._sessions = sessionmaker(expire_on_commit=False)
        session_hook.install(self._sessions, on_written)

    @contextmanager
    def write(self, tenant_id: UUID | None, actor: Actor = SYSTEM) -> Iterator[Session]:
        """A transaction that writes; commits at the end, rolls back on any error.

        Without a tenant only rows above tenants can be reached (accounts, sessions).
        """
        with self.engine.connect() as connection, connection.begin():
            self._limit(connection, tenant_id)
            with self._session(connection, tenant_id, actor) as session:
                yield session
                session.flush()

    @contextmanager
    def read(self, tenant_id: UUID | None, actor: Actor = SYSTEM) -> Iterator[Session]:
        """A transaction that reads one consistent cut."""
        options: dict[str, Any] = {"writes": False}
        if self.is_postgres:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            if tenant_id is not None:  # by itself a transaction is bound to none
                self._limit(connection, tenant_id)
            with self._session(connection, tenant_id, actor) as session:
                yield session

    def ask(self) -> None:
        """Raises OperationalError unless the database answers."""
        with self.read(None) as session:
            session.execute(text("SELECT 1"))

    @contextmanager
    def look_up(self) -> Iterator[Session]:
        """A transaction that begins without a tenant, for the few rows that each message needs.

        The questions are the same each time and ask by key, so PostgreSQL plans each of them at
        the first message of a connection and keeps the plan. It takes longer to plan them than to
        answer: five to ten times it would plan each anew, and some of them every time.
        """
        with self.read(None) as session, _prepared_at_once(session.connection()):
            yield session

    def _session(self, connection: Connection, tenant_id: UUID | None, actor: Actor) -> Session:
        session = self._sessions(bind=connection, join_transaction_mode="conditional_savepoint")
        session.info.update(tenant_id=tenant_id, actor=actor, office=True)
        return session

    def enter(self, session: Session, tenant_id: UUID) -> None:
        """Limit a session of `look_up` to this tenant, to its end."""
        self._limit(session.connection(), tenant_id, _ENTER)
        session.info["tenant_id"] = tenant_id

    def _limit(
        self, connection: Connection, tenant_id: UUID | None, limits: TextClause = _LIMIT
    ) -> None:
        if not self.is_postgres:
            return
        connection.execute(limits, {"tenant": str(tenant_id or ""), "lock": f"{LOCK_TIMEOUT_MS}ms"})


@contextmanager
def _prepared_at_once(connection: Connection) -> Iterator[None]:
    """By itself the driver prepares what it is asked for the sixth time."""
    if connection.dialect.name != "postgresql":
        yield
        return
    driver: Any = connection.connection.dbapi_connection
    threshold, driver.prepare_threshold = driver.prepare_threshold, 0
    try:
        yield
    finally:
        driver.prepare_threshold = threshold
