"""What laptops handed in and the server did not let count: shown, taken over, or left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, NotFound, RuleBroken
from intact_core.records.catalogue import TYPES
from intact_core.rules.kernel import Actor
from intact_core.sync.operations import Operation, Receipt
from sync_server.auth.callers import OFFICE, Caller
from sync_server.ledger.audit_log import Act, append_acts
from sync_server.ledger.ingest import Source, decide_again
from sync_server.tables.ledger import AuditLog, Device, OpReceipt

TAKEN, LEFT = "TAKE_OVER", "LEAVE"
_KIND = "operations"
_HIDDEN = frozenset({"id", "tenant_id", "created_at"})


@dataclass(frozen=True)
class Wanted:
    """One operation that does not count: record, what it wanted, and why it was not taken.

    `code` is the reason for programs. `values` are (field, value that the person saw, value that
    they wanted), in wire form.
    """

    operation: Operation
    code: str
    reason: str
    values: Sequence[tuple[str, Any, Any]]


@dataclass(frozen=True)
class Aside:
    """What one action on a laptop wanted; it is taken over or left as a whole."""

    txn_id: UUID
    device: Device
    received_at: datetime
    wanted: Sequence[Wanted]

    @property
    def from_withdrawn(self) -> bool:
        """Whether nobody can send it again from the laptop itself."""
        return self.device.revoked_at is not None


def set_aside(session: Session, caller: Caller) -> list[Aside]:
    """What waits for the office, oldest first; raises NotAllowed for others."""
    caller.require(*OFFICE)
    return waiting(session, caller.tenant)


def waiting(session: Session, tenant_id: UUID) -> list[Aside]:
    """All of the tenant that does not count and was not decided about, oldest first."""
    handled = exists().where(
        AuditLog.tenant_id == OpReceipt.tenant_id,
        AuditLog.resource_type == _KIND,
        AuditLog.resource_id == OpReceipt.op_id,
    )
    query = (
        select(OpReceipt)
        .where(OpReceipt.tenant_id == tenant_id, OpReceipt.verdict == "quarantined", ~handled)
        .order_by(OpReceipt.received_at, OpReceipt.device_id, OpReceipt.n)
    )
    groups: dict[UUID, list[OpReceipt]] = {}
    operations: dict[UUID, Operation] = {}
    for row in session.scalars(query):
        operation = operations[row.op_id] = msgspec.json.decode(row.raw, type=Operation)
        groups.setdefault(operation.txn_id, []).append(row)
    return [_aside(session, txn_id, rows, operations) for txn_id, rows in groups.items()]


def _aside(
    session: Session,
    txn_id: UUID,
    rows: Sequence[OpReceipt],
    operations: Mapping[UUID, Operation],
) -> Aside:
    device = session.get_one(Device, (rows[0].tenant_id, rows[0].device_id))
    wanted = [_wanted(row, operations[row.op_id]) for row in rows]
    return Aside(txn_id, device, rows[0].received_at, wanted)


def _wanted(row: OpReceipt, operation: Operation) -> Wanted:
    receipt = msgspec.json.decode(row.receipt, type=Receipt)
    values = [
        (name, old, new) for name, (old, new) in operation.changes.items() if name not in _HIDDEN
    ]
    code = receipt.reason or ""
    return Wanted(operation, code, receipt.sentence or code, values)


def take_over(session: Session, caller: Caller, txn_id: UUID) -> None:
    """Let it count, in the caller's name and under the same rules as any change.

    Where somebody else changed the same since, a conflict opens. Raises NotFound, RuleBroken with
    the reason when it still cannot count, NotAllowed for others than the office.
    """
    aside = _one(session, caller, txn_id)
    source = Source(caller.tenant, aside.device.id, caller.actor, None)
    operations = [one.operation for one in aside.wanted]
    receipts = decide_again(session.connection(), source, operations)
    refused = [one for one in receipts if one.verdict == "quarantined" and one.reason != "group"]
    if refused:
        raise RuleBroken(refused[0].reason or "", refused[0].sentence or "")
    note(session, caller.tenant, caller.actor, aside, (TAKEN, ""))


def leave(session: Session, caller: Caller, txn_id: UUID, reason: str) -> None:
    """Decide that it does not count; it stays in the ledger. Raises NotFound, BadInput."""
    if not reason.strip():
        raise BadInput("Say in a few words why this does not count; the reason stays in the log.")
    aside = _one(session, caller, txn_id)
    note(session, caller.tenant, caller.actor, aside, (LEFT, reason.strip()))


def _one(session: Session, caller: Caller, txn_id: UUID) -> Aside:
    found = [one for one in set_aside(session, caller) if one.txn_id == txn_id]
    if not found:
        raise NotFound("This does not wait any more.")
    return found[0]


def note(
    session: Session, tenant_id: UUID, actor: Actor, aside: Aside, decided: tuple[str, str]
) -> None:
    """Write into the audit log what became of it: (action, reason). It does not wait any more."""
    action, reason = decided
    acts = [
        Act(action, _KIND, one.operation.op_id, {"txn_id": str(aside.txn_id), "reason": reason})
        for one in aside.wanted
    ]
    append_acts(session.connection(), tenant_id, actor, clock.now(), acts)


def subject_of(session: Session, caller: Caller, operation: Operation) -> str:
    """What the record is called, as far as one can tell."""
    for name in ("nc_number", "clause_reference", "audit_number", "title", "file_name"):
        if operation.changes.get(name):
            return str(operation.changes[name][1])
    if operation.type not in TYPES:
        return ""
    record = session.get(TYPES[operation.type].record, (caller.tenant, operation.id))
    names = ("nc_number", "clause_reference", "audit_number", "title", "file_name")
    return next((str(value) for name in names if (value := getattr(record, name, None))), "")
