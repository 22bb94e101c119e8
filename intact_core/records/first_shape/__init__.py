"""The tables of records as the first version made them: both applications' migrations begin here.

Frozen. What changed since stands in the numbered steps of each application, and the mapped classes
say what came out of them all.
"""

from sqlalchemy import Connection

from intact_core.records.first_shape import audits, certification, planning

TABLES = (*planning.TABLES, *audits.TABLES, *certification.TABLES)


def create(connection: Connection) -> None:
    """Make them all, in the caller's transaction."""
    first, *_ = TABLES
    first.metadata.create_all(connection, TABLES, checkfirst=False)
