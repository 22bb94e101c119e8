"""The name under which this laptop goes on: when it was copied, or the server forgot it."""

from sqlalchemy import Engine, insert, update
from sqlalchemy.engine import Connection

from intact_core import clock, ids
from intact_core.documents.x509_certificates import key_hash
from intact_core.sync.protocol import PROTOCOL_VERSION, Succession, Successor
from intact_desktop.store.engine import reading
from intact_desktop.store.tables import Device, SyncLog, table_of
from intact_desktop.sync import outgoing
from intact_desktop.sync.gateway import Gateway

_LOG = insert(table_of(SyncLog))


def append_log(connection: Connection, outcome: str, words: str) -> None:
    """One line of the sync log; joins the caller's transaction."""
    connection.execute(_LOG, {"at": clock.now(), "outcome": outcome, "words": words})


def take_new_name(engine: Engine, gateway: Gateway) -> Successor:
    """Another device's chain goes on behind what both histories share."""
    with reading(engine).connect() as connection:
        chain = outgoing.milestones(connection)
    name = ids.bound_id(key_hash(gateway.certificate))
    given = gateway.succeed(Succession(PROTOCOL_VERSION, name, chain))
    with engine.begin() as connection:
        outgoing.expect_again(connection, given.last_n)
        connection.execute(update(table_of(Device)).values(id=given.device_id))
        words = "This laptop was copied or restored: it goes on under a name of its own"
        append_log(connection, "renamed", words)
    gateway.rename(given.device_id)
    return given


def be_known_again(engine: Engine, gateway: Gateway) -> None:
    """The server's backup is older than this laptop, or than its name."""
    with reading(engine).connect() as connection:
        chain = outgoing.milestones(connection)
    gateway.recognise(chain)
    words = "The server was restored from an older backup: it knows this laptop by its certificate"
    with engine.begin() as connection:
        append_log(connection, "known again", words)
