"""What the ledger should decide, worked out in another way: by what each person had seen.

The ledger compares numbers of versions. The model knows, for every change that a person makes,
the set of changes that lay on that laptop then; somebody else's change outside of this set is one
that the person did not know of. It shares no code with the ledger.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

Ref = tuple[str, object]
GROUPS = {
    "non_conformities": dict.fromkeys(
        ("severity", "clause", "requirement_reference", "description"), "finding"
    ),
}
GONE = {"deleted_at": "deleted", "deleted_reason": "deleted"}
NUMBERS = {"non_conformities": "nc_number"}
AFTER_SIGNING = {"conflicts"}
"""Kinds of record that no signature covers."""


def group_of(type_: str, name: str) -> str:
    """The unit in which a field conflicts."""
    return GONE.get(name) or GROUPS.get(type_, {}).get(name, name)


@dataclass(frozen=True)
class Wish:
    """What a person did to one record, and what lay on the laptop then."""

    type: str
    id: UUID
    kind: str
    fields: Mapping[str, Any]
    seen: frozenset[str] = frozenset()
    own: frozenset[str] = frozenset()
    """What was done on this very laptop before."""
    saw: Mapping[str, Any] = field(default_factory=dict)
    """The fields' values before."""
    op_id: UUID | None = None
    txn_id: UUID | None = None


@dataclass(frozen=True)
class Row:
    """A record: its fields, and who changed which group, in order."""

    fields: Mapping[str, Any]
    changes: tuple[tuple[str, str, str], ...] = ()
    """(group, token of the change, device)."""


@dataclass(frozen=True)
class Dispute:
    """A conflict: what about, whose, and both sides."""

    ref: Ref
    group: str
    device: str
    server: Mapping[str, Any]
    incoming: Mapping[str, Any]


@dataclass(frozen=True)
class _Clash:
    group: str
    server: Mapping[str, Any]
    incoming: Mapping[str, Any]


class _No(Exception):
    """The ledger must not take it; the argument is the reason."""


@dataclass
class Ledger:
    """What should be on the server. `copy` gives what a backup holds."""

    rows: dict[Ref, Row] = field(default_factory=dict)
    disputes: dict[int, Dispute] = field(default_factory=dict)
    names: dict[UUID, int] = field(default_factory=dict)
    """Number of a dispute by the id that the server gave it."""
    tokens: frozenset[str] = frozenset()
    members: frozenset[UUID] = frozenset()
    verdicts: dict[UUID, str] = field(default_factory=dict)
    taken: dict[UUID, int] = field(default_factory=dict)
    """How many operations of each device."""
    asked: Mapping[UUID, frozenset[str]] | None = None
    """On a restored server: the groups about which it asked people, by operation.

    Its versions start again, so nobody can say any more what was seen: it may ask about a removal
    where it need not, and where what stands is what was seen it may ask or not.
    """
    signed: bool = False
    made: int = 0

    def copy(self) -> "Ledger":
        """As it is now; later changes of either leave the other alone."""
        return replace(
            self,
            rows=dict(self.rows),
            disputes=dict(self.disputes),
            names=dict(self.names),
            verdicts=dict(self.verdicts),
            taken=dict(self.taken),
        )

    def office(self, type_: str, id_: UUID, fields: Mapping[str, Any], token: str) -> None:
        """The office wrote: that is simply so."""
        self._write((type_, id_), fields, token, "")

    def take(self, device: UUID, user: UUID, group: Sequence[Wish]) -> list[str]:
        """One action arrives: a verdict for each of its operations, or none is taken."""
        if all(wish.op_id in self.verdicts for wish in group):
            return ["duplicate"] * len(group)
        before = self.copy()
        try:
            verdicts = [self._one(str(device), user, wish) for wish in group]
        except _No:
            vars(self).update(vars(before))
            verdicts = ["quarantined"] * len(group)
        known = {w.op_id: v for w, v in zip(group, verdicts, strict=True) if w.op_id}
        self.verdicts.update(known)
        return verdicts

    def _one(self, device: str, user: UUID, wish: Wish) -> str:
        ref = self.ref_of(wish)
        row = self.rows.get(ref)
        if row is None and wish.kind != "create":
            raise _No("unknown_record")
        if user not in self.members:
            raise _No("scope")
        if wish.type == "finding_items" and wish.kind == "create":
            self._finding_lives(UUID(wish.fields["non_conformity_id"]))
        patch, clashes = self._met(row, device, wish)
        if self.signed and (patch or clashes) and wish.type not in AFTER_SIGNING:
            raise _No("signed")
        if patch:
            self._write(ref, patch, str(wish.op_id), device)
        clashes += self._doubles(ref, wish, patch)
        for clash in clashes:
            self._dispute(ref, clash, device)
        if clashes:
            return "conflict"
        return "applied" if patch else "no_change"

    def _finding_lives(self, id_: UUID) -> None:
        finding = self.rows.get(("non_conformities", id_))
        if finding is None or finding.fields.get("deleted_at") is not None:
            raise _No("other_audit")

    def ref_of(self, wish: Wish) -> Ref:
        """How the model names the record."""
        if wish.type == "conflicts":
            return ("conflicts", self.names.get(wish.id, -1))
        return (wish.type, wish.id)

    def _met(self, row: Row | None, device: str, wish: Wish) -> tuple[dict[str, Any], list[_Clash]]:
        if row is None:
            return {name: value for name, value in wish.fields.items() if value is not None}, []
        patch: dict[str, Any] = {}
        clashes: list[_Clash] = []
        for group in dict.fromkeys(group_of(wish.type, name) for name in wish.fields):
            wanted = {n: v for n, v in wish.fields.items() if group_of(wish.type, n) == group}
            here = {name: row.fields.get(name) for name in wanted}
            if wanted == here:
                continue
            if self._disagrees(row, device, wish, group):
                clashes.append(_Clash(group, here, wanted))
            else:
                patch |= wanted
        self._kept_alive(row, device, wish, (patch, clashes))
        return patch, clashes

    def _disagrees(self, row: Row, device: str, wish: Wish, group: str) -> bool:
        if wish.type == "conflicts" and group == "state":
            return row.fields.get("state") != "open"
        asked = (self.asked or {}).get(wish.op_id, frozenset())
        old = {n: v for n, v in wish.saw.items() if group_of(wish.type, n) == group}
        stands = all(row.fields.get(name) == value for name, value in old.items())
        if self._unknown_to(row, device, wish, "" if group == "deleted" else group):
            return group == "deleted" or not stands or self.asked is None or group in asked
        if group == "deleted":
            return group in asked
        # A restored server may hold what another wrote longer ago than what this person saw, and
        # may give a later version to the very value that this person saw.
        return self._by_another(row, device, wish, group) and (not stands or group in asked)

    def _by_another(self, row: Row, device: str, wish: Wish, group: str) -> bool:
        """Whether the last change of the group was made neither here nor before a copy of here."""
        last = [(token, who) for of, token, who in row.changes if of == group][-1:]
        return any(who != device and token not in wish.own for token, who in last)

    def _kept_alive(
        self, row: Row, device: str, wish: Wish, found: tuple[dict[str, Any], list[_Clash]]
    ) -> None:
        """Who goes on working on what another removed brings it back, and people are told."""
        patch, clashes = found
        gone = row.fields.get("deleted_at") is not None
        if not gone or "deleted_at" in wish.fields or not (patch or clashes):
            return
        if self._by_another(row, device, wish, "deleted"):
            removal = {name: row.fields.get(name) for name in GONE}
            clashes.append(_Clash("deleted", removal, dict(patch)))
            patch |= dict.fromkeys(GONE)

    def _doubles(self, ref: Ref, wish: Wish, patch: Mapping[str, Any]) -> list[_Clash]:
        name = NUMBERS.get(wish.type)
        if name is None or patch.get(name) is None:
            return []
        bears = [
            other
            for other, row in self.rows.items()
            if other[0] == wish.type
            and other != ref
            and row.fields.get(name) == patch[name]
            and row.fields.get("deleted_at") is None
        ]
        return [_Clash(name, {name: patch[name]}, {name: patch[name]})] if bears else []

    def _dispute(self, ref: Ref, clash: _Clash, device: str) -> None:
        value = Dispute(ref, clash.group, device, clash.server, clash.incoming)
        for number, known in self.disputes.items():
            same = (known.ref, known.group, known.device) == (ref, clash.group, device)
            if same and self.rows["conflicts", number].fields["state"] == "open":
                self.disputes[number] = value
                return
        self.made += 1
        self.disputes[self.made] = value
        self.rows["conflicts", self.made] = Row({"state": "open"})

    def _unknown_to(self, row: Row, device: str, wish: Wish, group: str) -> bool:
        """Whether another changed this group (any, where none is named) unseen by this person."""
        seen = wish.seen | wish.own
        return any(
            who != device and token not in seen
            for of, token, who in row.changes
            if not group or of == group
        )

    def open_disputes(self) -> dict[int, Dispute]:
        """Those that nobody has settled."""
        return {
            number: dispute
            for number, dispute in self.disputes.items()
            if self.rows["conflicts", number].fields["state"] == "open"
        }

    def _write(self, ref: Ref, fields: Mapping[str, Any], token: str, device: str) -> None:
        row = self.rows.get(ref, Row({}))
        groups = sorted({group_of(str(ref[0]), name) for name in fields})
        # A removal that was undone is answered: only the undoing counts from now on.
        kept = tuple(
            one for one in row.changes if not (one[0] == "deleted" and "deleted" in groups)
        )
        added = tuple((group, token, device) for group in groups)
        self.rows[ref] = Row({**row.fields, **fields}, kept + added)
        self.tokens |= {token}
