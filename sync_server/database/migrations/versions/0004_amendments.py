"""The start of a signed report's correction."""

import sqlalchemy as sa
from alembic import op

from sync_server.database.migrations import tenancy

revision = "0004"
down_revision = "0003"

TABLE = "report_amendments"


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
    tenancy.separate(TABLE)
