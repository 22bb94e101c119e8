"""The tests' own PostgreSQL: isolated, confined roles, never left behind."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, text

from tests.fixtures.postgres import (
    APP,
    OWNER,
    DatabaseUrls,
    PostgresServer,
    running_server,
)

ROOT = Path(__file__).parents[2]

GUARDED = """
import os, signal
from tests.fixtures.postgres import running_server
with running_server() as server:
    print(server.folder, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""

CONFINED = """
CREATE TABLE notes (tenant text NOT NULL, body text NOT NULL);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
ALTER TABLE notes FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notes USING (tenant = current_setting('app.tenant', true));
GRANT SELECT, INSERT ON notes TO intact_app;
"""

pytestmark = pytest.mark.postgres


@pytest.mark.parametrize("role", ["app", "owner"])
def test_row_level_security_binds_both_roles(postgres_database: DatabaseUrls, role: str) -> None:
    with psycopg.connect(postgres_database.owner) as owner:
        owner.execute(CONFINED)
    with psycopg.connect(getattr(postgres_database, role)) as connection:
        connection.execute("SET app.tenant = 'mine'")
        connection.execute("INSERT INTO notes VALUES ('mine', 'a')")
        assert connection.execute("SELECT body FROM notes").fetchall() == [("a",)]
        connection.execute("SET app.tenant = 'theirs'")
        assert connection.execute("SELECT body FROM notes").fetchall() == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("INSERT INTO notes VALUES ('mine', 'b')")


def test_the_application_role_makes_no_tables(postgres_database: DatabaseUrls) -> None:
    with (
        psycopg.connect(postgres_database.app) as app,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        app.execute("CREATE TABLE anything (id int)")


def test_neither_role_can_lift_its_limits(postgres_database: DatabaseUrls) -> None:
    with psycopg.connect(postgres_database.app) as app:
        rows = app.execute(
            "SELECT rolsuper OR rolbypassrls OR rolcreaterole FROM pg_roles"
            " WHERE rolname IN (%s, %s)",
            (OWNER, APP),
        ).fetchall()
    assert rows == [(False,), (False,)]


def test_a_database_is_a_copy_of_its_template(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database()
    with psycopg.connect(postgres_server.url(template, OWNER)) as owner:
        owner.execute("CREATE TABLE migrated (id int)")
    copy, empty = postgres_server.create_database(template), postgres_server.create_database()
    for name, expected in ((copy, "migrated"), (empty, None)):
        with psycopg.connect(postgres_server.url(name, OWNER)) as owner:
            assert owner.execute("SELECT to_regclass('migrated')::text").fetchone() == (expected,)
    for name in (copy, empty, template):
        postgres_server.drop_database(name)


def test_no_port_is_opened(postgres_database: DatabaseUrls) -> None:
    with psycopg.connect(postgres_database.app) as app:
        assert app.execute("SHOW listen_addresses").fetchone() == ("",)


def test_the_packaged_server_runs_where_debian_has_none() -> None:
    with running_server(packaged=True) as server:
        with psycopg.connect(server.url("postgres", APP)) as app:
            assert app.execute("SELECT 'ÄÖ' ILIKE 'äö'").fetchone() == (True,)
        folder = server.folder
    assert not folder.exists()


def test_a_killed_run_leaves_neither_server_nor_files() -> None:
    killed = subprocess.run(
        [sys.executable, "-c", GUARDED], capture_output=True, text=True, cwd=ROOT, check=False
    )
    folder = Path(killed.stdout.strip())
    assert folder.name.startswith("intact-pg-"), killed.stderr
    deadline = time.monotonic() + 15
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()


def test_both_kinds_of_database_open(database_url: DatabaseUrls) -> None:
    owner, app = create_engine(database_url.owner), create_engine(database_url.app)
    with owner.begin() as connection:
        connection.execute(text("CREATE TABLE greetings (word text)"))
        if owner.dialect.name == "postgresql":
            connection.execute(text(f"GRANT SELECT, INSERT ON greetings TO {APP}"))
    with app.begin() as connection:
        connection.execute(text("INSERT INTO greetings VALUES ('hello')"))
        assert connection.scalar(text("SELECT word FROM greetings")) == "hello"
    owner.dispose()
    app.dispose()


def test_each_test_starts_with_an_empty_database(database_url: DatabaseUrls) -> None:
    engine = create_engine(database_url.owner)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE greetings (word text)"))
    engine.dispose()
