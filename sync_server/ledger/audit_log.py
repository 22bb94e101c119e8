"""The audit log: insert-only, each entry chained to the one before."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy.engine import Connection

from intact_core import canonical
from intact_core.records.catalogue import TypeSpec
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import GENESIS, link
from sync_server.database.sets import Texts, insert_rows
from sync_server.ledger.counters import raise_scope, take_scope
from sync_server.tables.base import table_of
from sync_server.tables.ledger import AuditLog

LOG_SCOPE = "log"
"""Counter row that serialises a tenant's log: its digest is the log's last hash. Taken last."""


_LATER = ("old_values", "ip_address")
"""Columns that came later than the log: they count where they are filled, so that entries from
before keep their hashes."""
_COUNTED = (
    "seq",
    "user_id",
    "device_id",
    "action",
    "resource_type",
    "resource_id",
    "new_values",
    "at",
    *_LATER,
)


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


class Entries:
    """Entries that are worked out up to their place in the log."""

    def __init__(self, tenant_id: UUID, actor: Actor, now: datetime, acts: Iterable[Act]) -> None:
        self._tenant_id = tenant_id
        self._shared = {
            "user_id": actor.user_id,
            "device_id": actor.device_id,
            "ip_address": actor.address or None,
            "at": now,
        }
        self._rows: list[dict[str, Any]] = []
        self._old: list[str | None] = []
        self._new: list[str] = []
        for act in acts:
            row = {"action": act.action, "resource_type": act.kind, "resource_id": act.id}
            self._rows.append(row)
            self._old.append(canonical.dumps(dict(act.old)).decode() if act.old else None)
            self._new.append(canonical.dumps(dict(act.values)).decode())

    @classmethod
    def of_puts(
        cls, tenant_id: UUID, actor: Actor, now: datetime, puts: Iterable[Entry]
    ) -> "Entries":
        """One entry for each write."""
        done = (Act(_action(one), one.spec.name, one.id, one.patch, one.old) for one in puts)
        return cls(tenant_id, actor, now, done)

    def write(self, connection: Connection, end: tuple[int, str]) -> None:
        """Append them behind the log's `end`, each chained by SHA-256 over its canonical form."""
        seq, last = end
        for row, old, new in zip(self._rows, self._old, self._new, strict=True):
            row["seq"] = seq = seq + 1
            counted = {**self._shared, **row, "old_values": old, "new_values": new}
            row["prev_hash"], last = last, entry_hash(last, counted)
            row["hash"] = last
        if self._rows:
            shared = self._shared | {"tenant_id": self._tenant_id}
            texts: dict[str, Texts] = {"old_values": self._old, "new_values": self._new}
            insert_rows(connection, table_of(AuditLog), self._rows, shared, texts)
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
    """Append entries for what was done; the log's counter is a transaction's last lock."""
    Entries(tenant_id, actor, now, acts).write(connection, log_end(connection, tenant_id))


def entry_hash(previous: str, row: Mapping[str, Any]) -> str:
    """The chain's hash after an entry: SHA-256 over the previous one and the canonical entry."""
    counted = {name: row[name] for name in _COUNTED if name not in _LATER or row[name] is not None}
    return link(previous, canonical.dumps(counted))


def _action(entry: Entry) -> str:
    if entry.is_new:
        return "SIGN" if entry.spec.name == "signatures" else "CREATE"
    if entry.patch.get("deleted_at") is not None:
        return "DELETE"
    return "TRANSITION" if {"status", "workflow_status"} & entry.patch.keys() else "UPDATE"
