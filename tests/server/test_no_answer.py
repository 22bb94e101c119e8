"""What a database that did not answer is told as: full, failing, gone, or at work."""

from pathlib import Path

import psycopg
import pytest
import sqlcipher3.dbapi2 as sqlcipher
from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError, OperationalError

from sync_server.app import make_app
from sync_server.database.no_answer import no_answer
from tests.fixtures.postgres import DatabaseUrls
from tests.server.conftest import CHEAP, URL, Server


def sqlite(name: str) -> sqlcipher.OperationalError:
    fault = sqlcipher.OperationalError("as SQLite says it")
    fault.sqlite_errorname = name
    return fault


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (sqlite("SQLITE_FULL"), "disk is full"),
        (psycopg.errors.DiskFull(), "disk is full"),
        (sqlite("SQLITE_IOERR_WRITE"), "disk reported an error"),
        (psycopg.errors.IoError(), "disk reported an error"),
        (psycopg.errors.CannotConnectNow(), "cannot reach its database"),
        (sqlite("SQLITE_BUSY"), "is busy"),
        (psycopg.errors.TooManyConnections(), "is busy"),
        (psycopg.errors.LockNotAvailable(), "is busy"),
        (TimeoutError(), "is busy"),
    ],
)
def test_its_reason_in_words(fault: Exception, words: str) -> None:
    said = no_answer(fault).sentence
    assert words in said
    assert "try again" in said.lower()


def test_a_postgresql_that_is_not_there(tmp_path: Path) -> None:
    engine = create_engine(f"postgresql+psycopg://nobody@/none?host={tmp_path}")
    with pytest.raises(OperationalError) as refused:
        engine.connect()
    assert "cannot reach its database" in no_answer(refused.value.orig).sentence


@pytest.mark.postgres
def test_a_postgresql_that_was_shut_down_meanwhile(postgres_database: DatabaseUrls) -> None:
    engine = create_engine(postgres_database.app)
    with engine.connect() as connection, pytest.raises(DBAPIError) as ended:
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    engine.dispose()
    assert "cannot reach its database" in no_answer(ended.value.orig).sentence


def _full() -> None:
    raise OperationalError("a secret stood here", {}, sqlite("SQLITE_FULL"))


def test_the_log_says_it_as_clearly_as_the_answer(server: Server, caplog) -> None:
    app = make_app(server.settings, server.database, passwords=CHEAP)
    app.add_api_route("/sync/v1/full", _full)
    answer = TestClient(app, base_url=URL).get("/sync/v1/full")
    assert (answer.status_code, "disk is full" in answer.text) == (503, True)
    assert "The server's disk is full (SQLITE_FULL)" in caplog.text
    assert "secret" not in caplog.text
