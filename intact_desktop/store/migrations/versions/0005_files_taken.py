"""When the server took a file: the newest one is named in each hello."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("blob", sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index(op.f("ix_blob_state"), "blob")
    op.create_index(op.f("ix_blob_state_taken_at"), "blob", ["state", "taken_at"], unique=False)
