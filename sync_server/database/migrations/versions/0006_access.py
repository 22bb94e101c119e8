"""Recovery codes of the second factor."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("accounts", sa.Column("recovery_codes", sa.JSON()))
