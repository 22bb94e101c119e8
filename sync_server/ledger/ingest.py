"""Taking in a device's operations: each gets exactly one durable verdict."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DataError, IntegrityError

from intact_core import clock
from intact_core.errors import IntactError, RuleBroken
from intact_core.records.base import SCHEMA_VERSION
from intact_core.records.catalogue import TYPES, TypeSpec, spec_of
from intact_core.rules.checking import check
from intact_core.rules.kernel import Actor, Change
from intact_core.rules.signing import check_signed
from intact_core.sync.casting import up_cast
from intact_core.sync.merge import Clash, Merged, merge
from intact_core.sync.operations import Operation, Receipt
from sync_server.database.sets import ahead, insert_rows, rows_by_key
from sync_server.ledger.conflicts import ConflictWriter
from sync_server.ledger.feed import Put, Steps, append
from sync_server.ledger.lineage import Lineage
from sync_server.ledger.workspace import Tracked, Workspace
from sync_server.tables.base import table_of
from sync_server.tables.ledger import OpReceipt

OLDER = "server_older"
_SENTENCES = {
    "unknown_type": "This server does not know this kind of record. Update the server.",
    "unknown_field": "This server does not know one of the fields. Update the server.",
    "unknown_record": "The record is not on the server.",
    "exists": "The record exists already with other content.",
    "fixed": "This cannot change once it is recorded.",
    "server_only": "Only the certification body's server sets this.",
    "scope": "You have no access to this audit or client any more.",
    "group": "Another part of the same change was not accepted.",
    "storage": "The database refused this change.",
    "form": "A value has the wrong form.",
    OLDER: "The server is older than this laptop and does not know all of this yet. It is "
    "kept there, and counts by itself as soon as the server is updated.",
    "deposited": "It came from a laptop that may not change anything any more. The office has it.",
}
_AS_OLD = frozenset(
    {
        *("unknown_type", "unknown_field", "unknown_record", "storage"),
        *("form", "choice", "required", "transition", "other_audit"),
    }
)
"""Reasons that a newer version of the server may not have."""


@dataclass(frozen=True)
class Source:
    """The device that sends, its user, and the scopes it may write (None: all of the tenant)."""

    tenant_id: UUID
    device_id: UUID
    actor: Actor
    scopes: frozenset[str] | None

    @cached_property
    def device(self) -> str:
        """The device's id as it stands in heads."""
        return str(self.device_id)


class Link(msgspec.Struct, frozen=True):
    """An operation with its stored bytes and the chain's hash after it."""

    operation: Operation
    raw: bytes
    hash: str


class Refused(Exception):
    """One operation cannot be taken; its whole group is quarantined."""

    def __init__(self, reason: str, sentence: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.sentence = sentence or _SENTENCES[reason]


def ingest(connection: Connection, source: Source, links: Sequence[Link]) -> list[Receipt]:
    """Take in operations that continue the device's chain; joins the caller's transaction.

    The receipt, the rows, the feed and the audit log are written together. Operations of one
    `txn_id` stand or fall together. When the database refuses the batch (a unique number, say),
    each group is tried by itself, so that one bad group never stops the others.
    """
    try:
        with connection.begin_nested():
            return _take(connection, source, links, creates_are_new=True)
    except (IntegrityError, DataError):
        receipts: list[Receipt] = []
        for _, group in groupby(links, key=lambda one: one.operation.txn_id):
            receipts += _take_alone(connection, source, list(group))
        return receipts


def set_aside(
    connection: Connection, source: Source, links: Sequence[Link], reason: str
) -> list[Receipt]:
    """Keep operations without letting them change anything: each is quarantined."""
    receipts = [_quarantined(one.operation, _reason(one.operation, reason)) for one in links]
    _store(connection, source, links, receipts)
    return receipts


def decide_again(
    connection: Connection, source: Source, operations: Sequence[Operation]
) -> list[Receipt]:
    """Let operations that were set aside count after all, in the name of whoever may write them.

    They stand or fall together. What the same laptop changed later stays as it is, and so do the
    receipts that it got. Joins the caller's transaction; raises IntegrityError or DataError where
    the database refuses.
    """
    work = Workspace(connection, source.tenant_id)
    work.load({(one.type, one.id) for one in operations if one.type in TYPES})
    receipts = _decide_group(_Batch(connection, work, source, (), late=True), operations)
    work.write()
    append(connection, source.tenant_id, source.actor, work.puts, work.heads)
    return receipts


def _take_alone(connection: Connection, source: Source, links: Sequence[Link]) -> list[Receipt]:
    try:
        with connection.begin_nested():
            return _take(connection, source, links)
    except (IntegrityError, DataError):
        return set_aside(connection, source, links, "storage")


def _take(
    connection: Connection, source: Source, links: Sequence[Link], *, creates_are_new: bool = False
) -> list[Receipt]:
    """Where `creates_are_new`, records to be made are not looked for: if one of them is there, the
    database refuses.
    """
    again = _seen(connection, source, links)
    work = Workspace(connection, source.tenant_id)
    work.load(
        {
            (one.operation.type, one.operation.id)
            for one in links
            if one.operation.type in TYPES
            and not (
                creates_are_new
                and one.operation.kind == "create"
                and one.operation.op_id not in again
            )
        }
    )
    batch = _Batch(connection, work, source, again)
    receipts: list[Receipt] = []
    for _, group in groupby(links, key=lambda one: one.operation.txn_id):
        operations = [one.operation for one in group]
        if again and all(one.op_id in again for one in operations):
            receipts += [replace_n(again[one.op_id], one) for one in operations]
        else:
            receipts += _decide_group(batch, operations)
    with ahead(connection):
        work.write()
        _store(connection, source, links, receipts)
        steps = Steps(source.tenant_id, source.actor, work.puts, work.heads)
    steps.write(connection)
    return receipts


def replace_n(receipt: Receipt, operation: Operation) -> Receipt:
    """The receipt of an operation that came under another number before."""
    return msgspec.structs.replace(receipt, n=operation.n, verdict="duplicate")


def _seen(connection: Connection, source: Source, links: Sequence[Link]) -> dict[UUID, Receipt]:
    """Operations that the server holds already under another place in a chain."""
    table = table_of(OpReceipt)
    rows = rows_by_key(
        connection,
        (table.c.op_id, table.c.receipt),
        {table.c.tenant_id: source.tenant_id},
        table.c.op_id,
        [one.operation.op_id for one in links],
    )
    return {row.op_id: msgspec.json.decode(row.receipt, type=Receipt) for row in rows}


class _Batch:
    """What deciding takes: rows, conflicts, who sends, and what of it all is their own work."""

    def __init__(
        self,
        connection: Connection,
        work: Workspace,
        source: Source,
        again: Collection[UUID],
        *,
        late: bool = False,
    ) -> None:
        self.work, self.source = work, source
        self._late = late
        self.writer = ConflictWriter(work, source)
        self._lineage = Lineage(connection, source.tenant_id, source.device_id, again)

    def merged(self, operation: Operation, record: Tracked) -> Merged:
        """The merge; what this laptop did under another name meets nobody else's work."""
        spec, current, me = record.spec, record.current, self.source.device_id
        if self._late and current is not None:
            # After its turn: a device never clashes with itself, so its newer value would go.
            done = self._lineage.overtaken(record.ref, current, operation.n)
            operation = _without(operation, spec, done)
        found = merge(operation, spec, current, me)
        if current is None or not found.clashes:
            return found
        own = self._lineage.own_view(record.ref, current)
        return found if own is current else merge(operation, spec, own, me)


def _without(operation: Operation, spec: TypeSpec, groups: Collection[str]) -> Operation:
    fields = spec.fields
    kept = {
        name: pair
        for name, pair in operation.changes.items()
        if name not in fields or fields[name].group not in groups
    }
    return msgspec.structs.replace(operation, changes=kept)


def _decide_group(batch: _Batch, operations: Sequence[Operation]) -> list[Receipt]:
    receipts: list[Receipt] = []
    for operation in operations:
        try:
            receipts.append(_decide(batch, operation))
        except Refused as refused:
            batch.work.drop()
            reason = _reason(operation, refused.reason)
            sentence = refused.sentence if reason == refused.reason else ""
            return [
                _quarantined(one, reason, sentence)
                if one is operation
                else _quarantined(one, "group")
                for one in operations
            ]
    batch.work.keep()
    return receipts


def _reason(operation: Operation, reason: str) -> str:
    """Why it is set aside: not for what it says, where this server is too old to understand it."""
    is_newer = operation.schema_version > SCHEMA_VERSION
    return OLDER if is_newer and reason in _AS_OLD else reason


def _decide(batch: _Batch, operation: Operation) -> Receipt:
    work, source = batch.work, batch.source
    operation = up_cast(operation)
    if operation.type not in TYPES:
        raise Refused("unknown_type")
    spec = spec_of(operation.type)
    operation = _normal(operation, spec)
    record = work.record((operation.type, operation.id))
    merged = batch.merged(operation, record)
    if merged.refused:
        raise Refused(merged.refused)
    _in_scope(record, source, operation)
    if merged.clashes:
        _not_signed(work, source, record, merged.clashes)
    if merged.patch:
        _stage(work, source, record, operation.op_id, merged.patch)
    verdict, rev = merged.verdict, record.rev
    clashes = (*merged.clashes, *_duplicates(work, spec, operation, merged.patch))
    if not clashes:
        return Receipt(operation.n, operation.op_id, verdict, rev=rev if merged.patch else 0)
    conflicts = batch.writer.record(operation, spec, clashes)
    return Receipt(operation.n, operation.op_id, "conflict", conflict_ids=conflicts)


def _duplicates(
    work: Workspace, spec: TypeSpec, operation: Operation, patch: Mapping[str, Any]
) -> Iterator[Clash]:
    """A human number that another record bears already: both are accepted, people are told."""
    for name in spec.numbers & patch.keys():
        value = patch[name]
        if value is None:
            continue
        others = [row for row in work.find(spec.name, **{name: value}) if row.id != operation.id]
        if others:
            server = {name: value, "id": str(others[0].id)}
            yield Clash(name, "possible_duplicate", {name: None}, server, {name: value})


def _normal(operation: Operation, spec: TypeSpec) -> Operation:
    wanted = operation.new_values()
    seen = {name: before for name, (before, _) in operation.changes.items() if before is not None}
    try:
        old, new = spec.normal(seen) if seen else seen, spec.normal(wanted)
    except IntactError as error:
        raise Refused("form", error.sentence) from error
    if old == seen and new == wanted:
        return operation
    known = {name: (old.get(name), value) for name, value in new.items()}
    unknown = {name: pair for name, pair in operation.changes.items() if name not in new}
    return msgspec.structs.replace(operation, changes=known | unknown)


def _in_scope(record: Tracked, source: Source, operation: Operation) -> None:
    scope = record.scope or _scope_of_new(record.spec, source, operation)
    if source.scopes is not None and scope not in source.scopes:
        raise Refused("scope")


def _scope_of_new(spec: TypeSpec, source: Source, operation: Operation) -> str:
    """The scope that a record to be made names."""
    column = spec.scope.column
    own = {"tenant_id": source.tenant_id, "id": operation.id}.get(column)
    _, value = operation.changes.get(column, (None, None))
    if value is None and own is None:
        raise Refused("required", f"{column} must not be empty.")
    return spec.scope.key({column: own if value is None else value})


def _not_signed(work: Workspace, source: Source, record: Tracked, clashes: Sequence[Clash]) -> None:
    """Nobody is asked to choose what stands in a signed record: it is as it was signed."""
    row = record.row
    fields = frozenset(name for clash in clashes for name in clash.incoming)
    try:
        check_signed(Change(record.spec.name, record.ref[1], row, row, fields), source.actor, work)
    except RuleBroken as error:
        raise Refused(error.code, error.sentence) from error


def _stage(work: Workspace, source: Source, record: Tracked, op_id: UUID, patch: Any) -> None:
    before, after = record.row, work.candidate(record, patch)
    spec, id_ = record.spec, record.ref[1]
    change = Change(spec.name, id_, before, after, frozenset(patch))
    try:
        check(change, source.actor, work)
    except RuleBroken as error:
        raise Refused(error.code, error.sentence) from error
    old = {} if before is None else {name: before.body[name] for name in patch}
    put = Put(spec, id_, after.body, patch, before is None, op_id, source.device, old)
    work.stage(record, after, put)


def _quarantined(operation: Operation, reason: str, sentence: str = "") -> Receipt:
    words = sentence or _SENTENCES[reason]
    return Receipt(operation.n, operation.op_id, "quarantined", reason=reason, sentence=words)


def _store(
    connection: Connection,
    source: Source,
    links: Sequence[Link],
    receipts: Sequence[Receipt],
) -> None:
    rows = [
        {
            "n": one.operation.n,
            "op_id": one.operation.op_id,
            "hash": one.hash,
            "verdict": receipt.verdict,
        }
        for one, receipt in zip(links, receipts, strict=True)
    ]
    texts = {
        "raw": [one.raw.decode() for one in links],
        "receipt": [msgspec.json.encode(one).decode() for one in receipts],
    }
    whose = {"tenant_id": source.tenant_id, "device_id": source.device_id}
    shared = whose | {"received_at": clock.now()}
    insert_rows(connection, table_of(OpReceipt), rows, shared, texts)
