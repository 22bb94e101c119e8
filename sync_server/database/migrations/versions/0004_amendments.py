"""The start of a signed report's correction."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TABLE = "report_amendments"
CURRENT_TENANT = "NULLIF(current_setting('app.tenant', true), '')::uuid"
SAFE_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("audit_schedule_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("begun_by", sa.Uuid(), nullable=True),
        sa.Column("tenant_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["tenant_id", "audit_schedule_id"],
            ["audit_schedules.tenant_id", "audit_schedules.id"],
            name=op.f("fk_report_amendments_tenant_id_audit_schedule_id"),
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "report_id"],
            ["audit_reports.tenant_id", "audit_reports.id"],
            name=op.f("fk_report_amendments_tenant_id_report_id"),
        ),
        sa.PrimaryKeyConstraint("tenant_id", "id", name=op.f("pk_report_amendments")),
    )
    if op.get_bind().dialect.name == "postgresql":
        _separate_tenants()


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
