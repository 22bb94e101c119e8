"""How a step of the migrations keeps tenants apart: PostgreSQL itself gives no row of another."""

import re

from alembic import op

READ_AND_WRITE = "SELECT, INSERT, UPDATE"
"""What the application may do with a synced record: a tombstone is an update."""

_CURRENT = "NULLIF(current_setting('app.tenant', true), '')::uuid"
_SAFE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def is_postgresql() -> bool:
    """SQLite has neither policies nor roles."""
    return op.get_bind().dialect.name == "postgresql"


def separate(table: str, rights: str = READ_AND_WRITE) -> None:
    """The application sees rows of the current tenant, and has these rights; PostgreSQL only."""
    if not is_postgresql():
        return
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {table}"
        f" USING (tenant_id = {_CURRENT}) WITH CHECK (tenant_id = {_CURRENT})"
    )
    grant(rights, f"ON {table}")


def grant(rights: str, where: str) -> None:
    """Give them to the role of the application; ValueError where its name is no plain one."""
    config = op.get_context().config
    role = str(config.attributes["app_role"] if config else "")
    if not _SAFE_NAME.fullmatch(role):
        raise ValueError(f"{role!r} is not a plain name of a role")
    op.execute(f"GRANT {rights} {where} TO {role}")
