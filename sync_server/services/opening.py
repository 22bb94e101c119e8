"""The database as the server and its commands open it."""

import logging

from sync_server.database.engine import Database
from sync_server.database.migrate import require_bound_by_policies, require_current
from sync_server.ledger.feed import record_written
from sync_server.ledger.rounds import begin_epoch, epoch_of
from sync_server.services.access import give_missing_defaults
from sync_server.services.newer_laptops import take_up
from sync_server.settings import Settings

_LOG = logging.getLogger("intact.server")


def open_database(settings: Settings) -> Database:
    """The database with the ledger behind every write; raises StorageFault when it cannot serve."""
    database = Database(settings.database_url, record_written)
    with database.engine.connect() as connection:
        require_current(connection)
        if database.is_postgres:
            require_bound_by_policies(connection)
    with database.write(None) as session:
        if not epoch_of(session.connection()):
            begin_epoch(session.connection())
    give_missing_defaults(database)
    if taken := take_up(database):
        _LOG.info("%d operations of newer laptops count since this update", taken)
    return database
