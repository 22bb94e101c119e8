"""Bring the server's database to this version's shape."""

from functools import cache
from pathlib import Path
from typing import cast

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from intact_core.errors import StorageFault
from sync_server.database.engine import make_engine

MIGRATIONS = Path(__file__).parent / "migrations"
APP_ROLE = "intact_app"


def configuration() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def migrate(url: str, app_role: str = APP_ROLE) -> None:
    """Run what is missing, in one transaction, as the owner of the tables.

    On PostgreSQL `app_role` gets the rights that the application needs and no more.
    """
    engine = make_engine(url)
    try:
        with engine.connect() as connection, connection.begin():
            if engine.dialect.name == "postgresql":
                _require_role(connection, app_role)
            _refuse_newer(connection)
            config = configuration()
            config.attributes.update(connection=connection, app_role=app_role)
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def require_current(connection: Connection) -> None:
    """Raises StorageFault unless the database has exactly this version's shape."""
    found = MigrationContext.configure(connection).get_current_revision()
    if found != _scripts().get_current_head():
        _refuse_newer(connection)
        raise StorageFault(
            "The database is not of this version yet. Nothing was changed. "
            "Run: intact-server migrate --database-url OWNER_ADDRESS"
        )


def require_bound_by_policies(connection: Connection) -> None:
    """Raises StorageFault for a role that row-level security does not bind (PostgreSQL)."""
    query = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    if connection.scalar(query):
        raise StorageFault(
            "This database role may see past row-level security, so tenants would not be kept "
            f"apart. Nothing was started. Use a role such as {APP_ROLE} in --database-url."
        )


@cache
def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(configuration())


def _refuse_newer(connection: Connection) -> None:
    found = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in _scripts().walk_revisions()}
    if found is not None and found not in known:
        raise StorageFault(
            "The database was written by a newer version of the server, so this one will not "
            "touch it. Nothing was changed. Install the newer version and start again.",
            details=f"revision {found}",
        )


def _require_role(connection: Connection, role: str) -> None:
    query = text("SELECT true FROM pg_roles WHERE rolname = :role")
    if not cast("bool | None", connection.scalar(query, {"role": role})):
        raise StorageFault(
            f"The database has no role '{role}' for the application. Nothing was changed. "
            f"As an administrator run: CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS"
        )
