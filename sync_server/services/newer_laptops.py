"""What laptops of a newer version sent counts by itself once the server is of that version too."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session

from intact_core.records.base import SCHEMA_VERSION
from sync_server.database.engine import Database
from sync_server.ledger.carrying import sender_of
from sync_server.ledger.ingest import OLDER, Source, decide_again
from sync_server.ledger.scopes import scopes_of
from sync_server.services.set_aside import Aside, note, waiting
from sync_server.tables.accounts import Setting, TenantEntry

TAKEN_UP = "TAKE_UP"
REASON = "the server knows it since it was updated"
_KEY = "schema"


def take_up(database: Database, version: int = SCHEMA_VERSION) -> int:
    """Let operations up to schema `version` count that an older server set aside.

    In their own person's name, under the rules and rights of today; returns how many. What still
    cannot count waits for the office. Done once for each version, at the server's start.
    """
    with database.read(None) as session:
        known = session.get(Setting, _KEY)
        if known is not None and known.value["version"] >= version:
            return 0
        tenants = session.scalars(select(TenantEntry.home_tenant_id)).all()
    taken = 0
    for tenant_id in tenants:
        with database.write(tenant_id) as session:
            for aside in waiting(session, tenant_id):
                if _is_known_now(aside, version) and _counts(session, tenant_id, aside):
                    taken += len(aside.wanted)
    with database.write(None) as session:
        session.merge(Setting(key=_KEY, value={"version": version}))
    return taken


def _is_known_now(aside: Aside, version: int) -> bool:
    newest = max(one.operation.schema_version for one in aside.wanted)
    return newest <= version and any(one.code == OLDER for one in aside.wanted)


def _counts(session: Session, tenant_id: UUID, aside: Aside) -> bool:
    connection, device_id = session.connection(), aside.device.id
    sender = sender_of(connection, tenant_id, device_id)
    if sender.is_withdrawn:
        return False
    scopes = frozenset(scopes_of(connection, tenant_id, aside.device.user_id))
    source = Source(tenant_id, device_id, sender.actor, scopes)
    try:
        with connection.begin_nested():
            receipts = decide_again(connection, source, [one.operation for one in aside.wanted])
    except (IntegrityError, DataError):
        return False
    if any(one.verdict == "quarantined" for one in receipts):
        return False
    note(session, tenant_id, sender.actor, aside, (TAKEN_UP, REASON))
    return True
