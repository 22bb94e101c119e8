"""Bring the local database to this version's shape, with a copy set aside first."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, inspect
from sqlalchemy.exc import SQLAlchemyError

from intact_core import clock
from intact_core.errors import StorageFault
from intact_desktop.store.engine import copy_store
from intact_desktop.store.planning import describe

MIGRATIONS = Path(__file__).parent / "migrations"


def configuration(migrations: Path = MIGRATIONS) -> Config:
    """The settings of Alembic; the caller puts `connection` (and `metadata`) in attributes."""
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    return config


def upgrade(engine: Engine, key: bytes, folder: Path, migrations: Path = MIGRATIONS) -> Path | None:
    """Run what is missing in one transaction; the path of the copy made in `folder` before, if any.

    Raises StorageFault, with the database as it was: made by a newer version, no room for the
    copy, or a step that failed.
    """
    scripts = ScriptDirectory.from_config(configuration(migrations))
    revision, is_empty = _state(engine)
    _refuse_newer(scripts, revision)
    if revision == scripts.get_current_head():
        return None
    copy = None if is_empty else _copy(engine, key, folder, revision or "unversioned")
    _migrate(engine, migrations, copy)
    # What the planner is told, a connection reads when it is opened.
    engine.dispose()
    return copy


def _state(engine: Engine) -> tuple[str | None, bool]:
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        return revision, not inspect(connection).get_table_names()


def _refuse_newer(scripts: ScriptDirectory, revision: str | None) -> None:
    known = {script.revision for script in scripts.walk_revisions()}
    if revision is not None and revision not in known:
        raise StorageFault(
            "The local database was written by a newer version of this application, so this one "
            "will not touch it. Nothing was changed. Install the newer version and start again.",
            title="A newer version is needed",
            details=f"revision {revision}",
        )


def set_aside(engine: Engine, key: bytes, folder: Path) -> Path:
    """A copy of the whole database as it is, under the same key."""
    return _copy(engine, key, folder, "before-sync")


def _copy(engine: Engine, key: bytes, folder: Path, why: str) -> Path:
    target = folder / f"intact-{clock.now():%Y%m%dT%H%M%S%fZ}-{why}.db"
    copy_store(engine, key, target)
    return target


def _migrate(engine: Engine, migrations: Path, copy: Path | None) -> None:
    config = configuration(migrations)
    with engine.connect() as connection:
        # Rebuilding a table drops the old one, which would delete the rows that point to it.
        # SQLite ignores this setting inside a transaction, so it comes before the first begin.
        driver = connection.connection.dbapi_connection
        driver.execute("PRAGMA foreign_keys = OFF")  # type: ignore[union-attr]
        try:
            with connection.begin():
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                _check_references(connection)
                describe(connection)
        except (SQLAlchemyError, CommandError) as fault:
            raise _failed(copy, str(fault)) from fault
        finally:
            driver.execute("PRAGMA foreign_keys = ON")  # type: ignore[union-attr]


def _check_references(connection: Connection) -> None:
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        tables = ", ".join(sorted({str(row[0]) for row in broken}))
        raise _failed(None, f"{len(broken)} rows point nowhere, in {tables}")


def _failed(copy: Path | None, details: str) -> StorageFault:
    kept = f" A copy from before is at {copy}." if copy else ""
    return StorageFault(
        "The local database could not be brought to this version, and was left as it was: nothing "
        f"was lost.{kept} Go back to the former version, and report this.",
        details=details,
    )
