"""The merge: what becomes of one operation, given the record as the server has it.

Pure and deterministic. A field group conflicts when somebody else's accepted change to it has a
rev above the operation's base_rev (sync protocol, "Merging"), or when what stands is not what the
person saw: revs of a server that was restored from a backup say nothing about what was seen.
Nor do they for an operation made on top of a colleague's that the server did not have yet (`after`,
team room): there it counts that the whole group stands as it was seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec
from msgspec.structs import replace

from intact_core.records.base import Merge
from intact_core.records.catalogue import DELETED_GROUP, FieldSpec, TypeSpec
from intact_core.sync.operations import Operation, Verdict

FieldRev = Mapping[str, tuple[int, str]]
"""Who last changed each field group: {group: (rev, device id or "" for the server)}."""


@dataclass(frozen=True)
class Current:
    """A record as the server has it: wire body, version, and who last changed each group."""

    body: Mapping[str, Any]
    rev: int
    field_rev: FieldRev


@dataclass(frozen=True)
class Clash:
    """A field group where two people's changes met; values in wire form."""

    group: str
    kind: str
    base: Mapping[str, Any]
    server: Mapping[str, Any]
    incoming: Mapping[str, Any]


class Merged(msgspec.Struct, frozen=True):
    """What to write (`patch`, wire form), what clashed, and why nothing may be written."""

    patch: Mapping[str, Any] = {}
    clashes: tuple[Clash, ...] = ()
    refused: str = ""

    @property
    def verdict(self) -> Verdict:
        """The verdict that this merge leads to, rules apart."""
        if self.refused:
            return "quarantined"
        if self.clashes:
            return "conflict"
        return "applied" if self.patch else "no_change"


def merge(operation: Operation, spec: TypeSpec, current: Current | None, device: UUID) -> Merged:
    """Merge one operation into the record.

    `current` is None when the server has no such record. `refused` is one of: `unknown_record`,
    `exists`, `fixed`, `server_only`, `unknown_field`, `form` (a reason for a removal, without it).
    """
    if operation.changes.keys() - spec.fields.keys():
        return Merged(refused="unknown_field")
    if current is None:
        return _create(operation, spec)
    if operation.kind == "create":
        same = all(current.body.get(k) == v for k, v in operation.new_values().items())
        return Merged() if same else Merged(refused="exists")
    if "deleted_reason" in operation.changes and "deleted_at" not in operation.changes:
        # Met with another's removal it would be neither in the record nor shown to anybody.
        return Merged(refused="form")
    return _change(operation, spec, current, str(device))


def _create(operation: Operation, spec: TypeSpec) -> Merged:
    if operation.kind != "create":
        return Merged(refused="unknown_record")
    patch = {name: value for name, value in operation.new_values().items() if value is not None}
    if not spec.server_only.isdisjoint(patch):
        return Merged(refused="server_only")
    return Merged(patch=patch)


def _change(operation: Operation, spec: TypeSpec, current: Current, device: str) -> Merged:
    patch: dict[str, Any] = {}
    clashes: list[Clash] = []
    for name, fields in _touched(operation, spec).items():
        refused = _never(operation, fields, current)
        if refused:
            return Merged(refused=refused)
        wanted = {f.name: operation.changes[f.name][1] for f in fields}
        if all(current.body.get(key) == value for key, value in wanted.items()):
            continue
        whole = len(fields) == len(spec.groups[name])
        seen = operation if whole or operation.after is None else replace(operation, after=None)
        kind = _clash(seen, fields, current, device)
        if kind:
            old = {f.name: operation.changes[f.name][0] for f in fields}
            server = {key: current.body.get(key) for key in wanted}
            clashes.append(Clash(name, kind, old, server, wanted))
        else:
            patch |= wanted
    _revive(operation, current, device, patch, clashes)
    return Merged(patch=patch, clashes=tuple(clashes))


def _touched(operation: Operation, spec: TypeSpec) -> dict[str, list[FieldSpec]]:
    groups: dict[str, list[FieldSpec]] = {}
    for name in operation.changes:
        field_spec = spec.fields[name]
        groups.setdefault(field_spec.group, []).append(field_spec)
    return groups


def _never(operation: Operation, fields: list[FieldSpec], current: Current) -> str:
    for spec in fields:
        if current.body.get(spec.name) == operation.changes[spec.name][1]:
            continue
        if spec.merge is Merge.FIXED:
            return "fixed"
        if spec.merge is Merge.SERVER:
            return "server_only"
    return ""


def _by_others(current: Current, group: str, device: str) -> int:
    """The rev at which somebody else changed the group last; 0 when it was this device."""
    rev, who = current.field_rev.get(group, (0, ""))
    return 0 if who == device else rev


def _clash(operation: Operation, fields: list[FieldSpec], current: Current, device: str) -> str:
    group = fields[0].group
    if fields[0].merge is Merge.STATE:
        # Removing the record too, it would be the last that moved what it had not seen: the next
        # time nobody else's change would stand against the removal.
        _, removed = operation.changes.get("deleted_at", (None, None))
        unseen = removed is not None and _by_others(current, group, device) > operation.base_rev
        return "" if _legal(operation, fields[0], current) and not unseen else "state"
    if group == DELETED_GROUP:
        newest = max((_by_others(current, name, device) for name in current.field_rev), default=0)
        # A rev that this server never gave: it was restored, so nobody knows what was seen.
        return "delete_edit" if newest > operation.base_rev or _unknown(operation, current) else ""
    rev = _by_others(current, group, device)
    seen = all(current.body.get(f.name) == operation.changes[f.name][0] for f in fields)
    if rev > operation.base_rev and not (operation.after and seen):
        return "edit"
    return "" if rev == 0 or seen else "edit"


def _unknown(operation: Operation, current: Current) -> bool:
    return operation.base_rev > current.rev


def _legal(operation: Operation, spec: FieldSpec, current: Current) -> bool:
    state = current.body.get(spec.name)
    return operation.changes[spec.name][1] in (spec.steps or {}).get(str(state), frozenset())


def _revive(
    operation: Operation,
    current: Current,
    device: str,
    patch: dict[str, Any],
    clashes: list[Clash],
) -> None:
    """An edit that meets somebody else's delete keeps the record alive, as a conflict."""
    gone = current.body.get("deleted_at") is not None
    if not gone or not (patch or clashes) or "deleted_at" in operation.changes:
        return
    # Nobody edits a record that they see as deleted, whatever its rev.
    if _by_others(current, DELETED_GROUP, device):
        deleted = {name: current.body.get(name) for name in ("deleted_at", "deleted_reason")}
        clashes.append(
            Clash(DELETED_GROUP, "delete_edit", dict.fromkeys(deleted), deleted, dict(patch))
        )
        patch |= dict.fromkeys(deleted)
