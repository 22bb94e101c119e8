"""What clients have against members of audit teams."""

import sqlalchemy as sa
from alembic import op

from sync_server.database.migrations import tenancy

revision = "0009"
down_revision = "0008"

TABLE = "team_objections"
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
    tenancy.separate(TABLE)


def _to(column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=op.f(f"fk_{TABLE}_tenant_id_{column}"),
    )
