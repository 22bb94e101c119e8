"""The audit log: insert-only, each entry chained to the one before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
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

_COUNTED = (
    "seq",
    "user_id",
    "device_id",
    "action",
    "resource_type",
    "resource_id",
    "old_values",
    "new_values",
    "ip_address",
    "at",
)
LOG_SCOPE = "log"
"""Counter row that serialises a tenant's log: its digest is the log's last hash. Taken last."""


class Act(NamedTuple):
    """What was done: in capitals, to which kind of thing, its id, values in wire form."""

    action: str
    kind: str
    id: UUID | None
    values: Mapping[str, Any]
    old: Mapping[str, Any] = MappingProxyType({})


class Entry(Protocol):
    """What the log says of one write."""

    @property
    def spec(self) -> TypeSpec: ...
    @property
    def id(self) -> UUID: ...
    @property
    def patch(self) -> Any: ...
    @property
    def old(self) -> Mapping[str, Any]: ...
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
    done = [Act(_action(one), one.spec.name, one.id, one.patch, one.old) for one in entries]
    append_acts(connection, tenant_id, actor, now, done)


def append_acts(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    now: datetime,
    acts: Sequence[Act],
) -> None:
    """Append entries for what was done; the counter row that is taken is a transaction's last."""
    seq, last = take_scope(connection, tenant_id, LOG_SCOPE, empty=GENESIS)
    rows = []
    for act in acts:
        seq += 1
        row = {
            "seq": seq,
            "user_id": actor.user_id,
            "device_id": actor.device_id,
            "action": act.action,
            "resource_type": act.kind,
            "resource_id": act.id,
            "old_values": canonical.dumps(dict(act.old)).decode() if act.old else None,
            "new_values": canonical.dumps(dict(act.values)).decode(),
            "ip_address": actor.address or None,
            "at": now,
        }
        before, last = last, entry_hash(last, row)
        rows.append({**row, "tenant_id": tenant_id, "prev_hash": before, "hash": last})
    if rows:
        insert_rows(connection, table_of(AuditLog), rows)
        raise_scope(connection, tenant_id, LOG_SCOPE, seq, last)


def entry_hash(previous: str, row: Mapping[str, Any]) -> str:
    """The chain's hash after an entry: SHA-256 over the previous one and the canonical entry.

    What came later than the log itself (`old_values`, `ip_address`) counts where it is there, so
    that entries from before keep their hashes.
    """
    counted = {
        name: row[name]
        for name in _COUNTED
        if row[name] is not None or name not in ("old_values", "ip_address")
    }
    return link(previous, canonical.dumps(counted))


def _action(entry: Entry) -> str:
    if entry.is_new:
        return "SIGN" if entry.spec.name == "signatures" else "CREATE"
    if entry.patch.get("deleted_at") is not None:
        return "DELETE"
    return "TRANSITION" if {"status", "workflow_status"} & entry.patch.keys() else "UPDATE"
