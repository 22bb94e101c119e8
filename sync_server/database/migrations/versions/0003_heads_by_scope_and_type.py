"""The rows of one kind in a scope are found without reading the scope's other rows."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_index(
        op.f("ix_record_head_tenant_id_scope_type"), "record_head", ["tenant_id", "scope", "type"]
    )
    op.drop_index(op.f("ix_record_head_tenant_id_scope"), table_name="record_head")
