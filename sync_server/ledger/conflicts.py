"""Conflicts as records: both values kept, until a person chooses."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

from intact_core import canonical, ids
from intact_core.records.catalogue import TypeSpec, spec_of
from intact_core.rules.kernel import Actor
from intact_core.sync.merge import Clash
from intact_core.sync.operations import Operation
from sync_server.ledger.feed import Put
from sync_server.ledger.workspace import Row, Workspace

_SPEC = spec_of("conflicts")


class Sender(Protocol):
    """Who sent the operation that clashed."""

    @property
    def tenant_id(self) -> UUID: ...
    @property
    def device_id(self) -> UUID: ...
    @property
    def actor(self) -> Actor: ...


class ConflictWriter:
    """Writes conflicts into a batch. A newer value of the same device takes the older's place.

    The older one stays in its operation's receipt.
    """

    def __init__(self, work: Workspace, sender: Sender) -> None:
        self._work = work
        self._sender = sender

    def record(
        self, operation: Operation, spec: TypeSpec, clashes: Sequence[Clash]
    ) -> tuple[UUID, ...]:
        """Stage one conflict for each clash; returns their ids."""
        return tuple(self._one(operation, spec, clash) for clash in clashes)

    def _one(self, operation: Operation, spec: TypeSpec, clash: Clash) -> UUID:
        server = self._server_side(operation, spec, clash) | self._incoming_side(operation, clash)
        known = self._open(operation, clash)
        if known is not None:
            known_id = UUID(str(known.id))
            self._work.load([("conflicts", known_id)])
            newer = {k: v for k, v in server.items() if known.body.get(k) != v}
            self._stage(known_id, newer, is_new=False)
            return known_id
        conflict_id = ids.new_id()
        self._stage(
            conflict_id,
            {
                "scope": self._work.record((operation.type, operation.id)).scope,
                "record_type": operation.type,
                "record_id": str(operation.id),
                "kind": clash.kind,
                "field_group": clash.group,
                "base": dict(clash.base),
                "state": "open",
                **server,
            },
            is_new=True,
        )
        return conflict_id

    def _open(self, operation: Operation, clash: Clash) -> Row | None:
        rows = self._work.find(
            "conflicts",
            record_type=operation.type,
            record_id=operation.id,
            field_group=clash.group,
            state="open",
            incoming_device=self._sender.device_id,
        )
        return rows[0] if rows else None

    def _incoming_side(self, operation: Operation, clash: Clash) -> dict[str, Any]:
        return {
            "incoming": dict(clash.incoming),
            "incoming_by": canonical.to_wire(self._sender.actor.user_id),
            "incoming_at": canonical.to_wire(operation.wall_time),
            "incoming_device": str(self._sender.device_id),
            "op_id": str(operation.op_id),
        }

    def _server_side(self, operation: Operation, spec: TypeSpec, clash: Clash) -> dict[str, Any]:
        ref = (spec.name, operation.id)
        rev, device = self._work.record(ref).field_rev.get(clash.group, (0, ""))
        by, at = self._work.author(ref, rev)
        return {
            "server": dict(clash.server),
            "server_by": canonical.to_wire(by),
            "server_at": canonical.to_wire(at),
            "server_device": device or None,
        }

    def _stage(self, conflict_id: UUID, patch: Mapping[str, Any], *, is_new: bool) -> None:
        record = self._work.record(("conflicts", conflict_id))
        after = self._work.candidate(record, patch)
        put = Put(_SPEC, conflict_id, after.body, dict(patch), is_new)
        self._work.stage(record, after, put)
