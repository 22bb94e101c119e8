"""A document shows what its current version holds, without asking for the version."""

import sqlalchemy as sa
from alembic import op

revision = "0007_library"
down_revision = "0007_business"


def upgrade() -> None:
    for column in (
        sa.Column("version", sa.Text()),
        sa.Column("content_type", sa.Text()),
        sa.Column("size", sa.Integer()),
        sa.Column("sha256", sa.Text()),
    ):
        op.add_column("documents", column)
