"""Who changed each field group last: by change, no more by group."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TABLE, COLUMN = "record_head", "field_rev"
POSTGRESQL = """
CREATE FUNCTION pg_temp.by_change(by_group json) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(json_agg(json_build_array(rev, who, groups)), '[]')::text
    FROM (
        SELECT (value->>0)::integer AS rev, value->>1 AS who, json_agg(key) AS groups
        FROM json_each(by_group) GROUP BY 1, 2
    ) AS change
$$
"""
SQLITE = """
UPDATE record_head SET field_rev = (
    SELECT json_group_array(json_array(rev, who, json(groups)))
    FROM (
        SELECT json_extract(value, '$[0]') AS rev, json_extract(value, '$[1]') AS who,
            json_group_array(key) AS groups
        FROM json_each(record_head.field_rev) GROUP BY 1, 2
    )
)
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRESQL)
        # As part of the change of type: an UPDATE would see no row, for no tenant is set.
        op.alter_column(
            TABLE, COLUMN, type_=sa.Text(), postgresql_using=f"pg_temp.by_change({COLUMN})"
        )
    else:
        with op.batch_alter_table(TABLE) as batch:
            batch.alter_column(COLUMN, type_=sa.Text())
        op.execute(SQLITE)
