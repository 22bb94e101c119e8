"""What clients have against members of audit teams."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0008_objections"
down_revision = "0007_library"

TABLE = "team_objections"
CURRENT_TENANT = "NULLIF(current_setting('app.tenant', true), '')::uuid"
SAFE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
UUID, MOMENT = sa.Uuid(), sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("audit_schedule_id", UUID, nullable=False),
        sa.Column("user_id", UUID),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("recorded_by", UUID),
        sa.Column("resolution", sa.Text()),
        sa.Column("resolved_at", MOMENT),
        sa.Column("resolved_by", UUID),
        sa.Column("tenant_id", UUID, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("deleted_at", MOMENT),
        sa.Column("deleted_reason", sa.Text()),
        _to("audit_schedule_id", "audit_schedules"),
        _to("user_id", "users"),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f(f"pk_{TABLE}")),
    )
    name = op.f(f"ix_{TABLE}_tenant_id_audit_schedule_id")
    op.create_index(name, TABLE, ["tenant_id", "audit_schedule_id"])
    if op.get_bind().dialect.name == "postgresql":
        _separate_tenants()


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{TABLE}_tenant_id_{column}"),
    )


def _separate_tenants() -> None:
    config = op.get_context().config
    role = str(config.attributes["app_role"] if config else "")
    if not SAFE_NAME.fullmatch(role):
        raise ValueError(f"{role!r} is not a plain name of a role")
    op.execute(f"ALTER TABLE {TABLE} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {TABLE} FORCE ROW LEVEL SECURITY")
    op.execute(
        f"CREATE POLICY tenant ON {TABLE}"
        f" USING (tenant_id = {CURRENT_TENANT}) WITH CHECK (tenant_id = {CURRENT_TENANT})"
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE ON {TABLE} TO {role}")
