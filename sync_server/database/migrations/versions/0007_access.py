"""Recovery codes of the second factor."""

import sqlalchemy as sa
from alembic import op

revision = "0007_access"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("recovery_codes", sa.JSON()))
