"""A copied or restored laptop goes on under a name of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("device", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("device", sa.Column("parent_n", sa.BigInteger(), nullable=True))
