"""The audit log: insert-only, each entry chained to the one before."""

from collections.abc import Iterable, Mapping, Sequence
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


class Entries:
    """Entries that are worked out up to their place in the log."""

    def __init__(self, tenant_id: UUID, actor: Actor, now: datetime, acts: Iterable[Act]) -> None:
        self._tenant_id = tenant_id
        self._shared = {"user_id": actor.user_id, "device_id": actor.device_id, "at": now}
        self._rows: list[dict[str, Any]] = [
            {
                "seq": 0,
                "action": action,
                "resource_type": kind,
                "resource_id": id_,
                "new_values": canonical.dumps(dict(values)).decode(),
            }
            for action, kind, id_, values in acts
        ]

    @classmethod
    def of_puts(
        cls, tenant_id: UUID, actor: Actor, now: datetime, puts: Iterable[Entry]
    ) -> "Entries":
        """One entry for each write."""
        done = ((_action(one), one.spec.name, one.id, one.patch) for one in puts)
        return cls(tenant_id, actor, now, done)

    def write(self, connection: Connection, end: tuple[int, str]) -> None:
        """Append them behind the log's `end`, each chained by SHA-256 over its canonical form."""
        seq, last = end
        for row in self._rows:
            row["seq"] = seq = seq + 1
            entry = canonical.dumps(row | self._shared)
            row["prev_hash"] = last
            row["hash"] = last = link(last, entry)
        if self._rows:
            shared = self._shared | {"tenant_id": self._tenant_id}
            insert_rows(connection, table_of(AuditLog), self._rows, shared)
            raise_scope(connection, self._tenant_id, LOG_SCOPE, seq, last)


def log_end(connection: Connection, tenant_id: UUID) -> tuple[int, str]:
    """The last entry's place and hash, locked: the others wait until this transaction's end."""
    return take_scope(connection, tenant_id, LOG_SCOPE, empty=GENESIS)


def append_acts(
    connection: Connection,
    tenant_id: UUID,
    actor: Actor,
    now: datetime,
    acts: Sequence[Act],
) -> None:
    """Append entries for what was done: (action, kind of thing, its id, values)."""
    Entries(tenant_id, actor, now, acts).write(connection, log_end(connection, tenant_id))


def _action(entry: Entry) -> str:
    if entry.is_new:
        return "SIGN" if entry.spec.name == "signatures" else "CREATE"
    if entry.patch.get("deleted_at") is not None:
        return "DELETE"
    return "TRANSITION" if {"status", "workflow_status"} & entry.patch.keys() else "UPDATE"
