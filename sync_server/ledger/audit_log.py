"""The audit log: insert-only, each entry chained to the one before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.engine import Connection

from intact_core import canonical
from intact_core.records.catalogue import TypeSpec
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import GENESIS, link
from sync_server.database.sets import insert_rows
from sync_server.ledger.counters import raise_scope, take_scope
from sync_server.tables.base import table_of
from sync_server.tables.ledger import AuditLog

LOG_SCOPE = "log"
"""Counter row that serialises a tenant's log: its digest is the log's last hash. Taken last."""


Act = tuple[str, str, UUID, Mapping[str, Any]]


class Entry(Protocol):
    """What the log says of one write."""

    @property
    def spec(self) -> TypeSpec: ...
    @property
    def id(self) -> UUID: ...
    @property
    def patch(self) -> Any: ...
    @property
    def is_new(self) -> bool: ...


def append_entries(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    now: datetime,
    entries: Sequence[Entry],
) -> None:
    """Append one entry for each write, chained by SHA-256 over the canonical entry."""
    done = [(_action(one), one.spec.name, one.id, one.patch) for one in entries]
    append_acts(connection, tenant_id, actor, now, done)


def append_acts(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    now: datetime,
    acts: Sequence[Act],
) -> None:
    """Append entries for what was done: (action, kind of thing, its id, values)."""
    seq, last = take_scope(connection, tenant_id, LOG_SCOPE, empty=GENESIS)
    rows = []
    for action, kind, id_, values in acts:
        seq += 1
        row = {
            "seq": seq,
            "user_id": actor.user_id,
            "device_id": actor.device_id,
            "action": action,
            "resource_type": kind,
            "resource_id": id_,
            "new_values": canonical.dumps(dict(values)).decode(),
            "at": now,
        }
        before, last = last, link(last, canonical.dumps(row))
        rows.append({**row, "tenant_id": tenant_id, "prev_hash": before, "hash": last})
    if rows:
        insert_rows(connection, table_of(AuditLog), rows)
        raise_scope(connection, tenant_id, LOG_SCOPE, seq, last)


def _action(entry: Entry) -> str:
    if entry.is_new:
        return "SIGN" if entry.spec.name == "signatures" else "CREATE"
    if entry.patch.get("deleted_at") is not None:
        return "DELETE"
    return "TRANSITION" if {"status", "workflow_status"} & entry.patch.keys() else "UPDATE"
