"""After an update: fields and kinds of record that came before this version knew them."""

from sqlalchemy import Engine, select, text
from sqlalchemy.engine import Connection

from intact_core.records.base import SCHEMA_VERSION
from intact_core.records.catalogue import TYPES
from intact_desktop.store.tables import BaseRow, table_of
from intact_desktop.sync.showing import show_carried
from intact_desktop.sync.working_state import work_out

_BASE = table_of(BaseRow)


def derive_again(engine: Engine, version: int = SCHEMA_VERSION) -> bool:
    """Work out working rows again where another version did it last; whether it was needed.

    What that version could not store in columns stands beside the rows as the server sent it, so
    nothing is asked of the server.
    """
    with engine.begin() as connection:
        if connection.scalar(text("PRAGMA user_version")) == version:
            return False
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        _derive(connection)
        show_carried(connection)
        # Pragmas take no parameters; the number is our own.
        connection.execute(text(f"PRAGMA user_version = {version:d}"))
    return True


def _derive(connection: Connection) -> None:
    for type_ in TYPES:
        ids = connection.scalars(select(_BASE.c.id).where(_BASE.c.type == type_))
        records = [((type_, str(id_)), None) for id_ in ids]
        work_out(connection, records).write(connection)
