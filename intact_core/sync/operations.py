"""Operations: numbered, hash-chained, immutable changes made on one device (ledger sync)."""

import hashlib
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from intact_core import canonical

GENESIS = "0" * 64
"""The hash before a device's first operation."""

Kind = Literal["create", "update", "delete"]
Verdict = Literal["applied", "no_change", "conflict", "quarantined", "duplicate"]


class Operation(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change of one record. `changes` maps a field to [old, new] in wire form.

    `n` is its place in the device's chain (1, 2, …), `txn_id` groups what one user action
    changed, `base_rev` is the record's version that the user saw (0: none yet). `after` is the
    colleague's operation on the same record that the user saw besides, before the server had it.
    """

    n: int
    op_id: UUID
    txn_id: UUID
    type: str
    id: UUID
    kind: Kind
    base_rev: int
    changes: dict[str, tuple[Any, Any]]
    wall_time: datetime
    app_version: str = ""
    schema_version: int = 1
    after: UUID | None = None

    def new_values(self) -> dict[str, Any]:
        """The wire values that the operation wants."""
        return {name: pair[1] for name, pair in self.changes.items()}

    def old_values(self) -> dict[str, Any]:
        """The wire values that the user saw before."""
        return {name: pair[0] for name, pair in self.changes.items()}


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """The server's durable verdict on one operation. `reason` is set when quarantined."""

    n: int
    op_id: UUID
    verdict: Verdict
    reason: str | None = None
    sentence: str | None = None
    conflict_ids: tuple[UUID, ...] = ()
    rev: int = 0


def raw_bytes(operation: Operation) -> bytes:
    """The canonical bytes of an operation: what is hashed, signed and stored."""
    return canonical.dumps(msgspec.to_builtins(operation))


def link(previous: str, raw: bytes) -> str:
    """The chain's hash after an operation: SHA-256 over the previous hash and its bytes."""
    return hashlib.sha256(previous.encode() + raw).hexdigest()
