"""What holds for every merge, whatever three people write, in whatever order it arrives."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from intact_core.records.base import Merge
from intact_core.records.catalogue import TypeSpec, spec_of
from intact_core.sync.merge import Current, Merged, merge
from intact_core.sync.operations import Operation

DEVICES = tuple(UUID(int=n) for n in (1, 2, 3))
RECORD = UUID(int=9)
GONE = ("deleted_at", "deleted_reason")
MOMENT = "2026-03-02T09:00:00.000000Z"
# For each kind of record a field alone, a group of several, a state, one that never changes.
KINDS = {
    "audit_checklists": ("rating", "auditor_finding", "requirement", *GONE),
    "non_conformities": ("severity", "clause", "description", "evidence", "status", *GONE),
    "audit_schedules": ("risk_level", "scope", "audit_number", "workflow_status", *GONE),
}


def _values(spec: TypeSpec, name: str) -> st.SearchStrategy[Any]:
    known = spec.fields[name]
    if known.choices:
        return st.sampled_from(known.choices)
    return st.sampled_from([None, MOMENT]) if name == "deleted_at" else st.sampled_from("abcd")


@st.composite
def _changes(draw: st.DrawFn, spec: TypeSpec) -> dict[str, tuple[Any, Any]]:
    names = draw(st.lists(st.sampled_from(KINDS[spec.name]), min_size=1, max_size=4, unique=True))
    return {name: (None, draw(_values(spec, name))) for name in names}


@dataclass(frozen=True)
class Sent:
    """An operation's changes, who sent it, and how many versions it lags behind."""

    device: UUID
    changes: dict[str, tuple[Any, Any]]
    lag: int


@st.composite
def _traffic(draw: st.DrawFn) -> tuple[str, list[Sent]]:
    kind = draw(st.sampled_from(sorted(KINDS)))
    one = st.builds(Sent, st.sampled_from(DEVICES), _changes(spec_of(kind)), st.integers(0, 4))
    return kind, draw(st.lists(one, min_size=1, max_size=12))


def _operation(spec: TypeSpec, sent: Sent, rev: int) -> Operation:
    return Operation(
        n=1,
        op_id=RECORD,
        txn_id=RECORD,
        type=spec.name,
        id=RECORD,
        kind="update",
        base_rev=max(rev - sent.lag, 0),
        changes=sent.changes,
        wall_time=datetime(2026, 3, 2, tzinfo=UTC),
    )


@dataclass
class Record:
    """A record in the ledger's hands: what it is, was, and what people still have to settle."""

    kind: str
    body: dict[str, Any]
    rev: int = 1
    field_rev: dict[str, tuple[int, str]] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def spec(self) -> TypeSpec:
        return spec_of(self.kind)

    def current(self) -> Current:
        return Current(self.body, self.rev, self.field_rev)

    def take(self, sent: Sent) -> tuple[Operation, Merged]:
        """Merge what was sent and write what comes of it."""
        operation = _operation(self.spec, sent, self.rev)
        merged = merge(operation, self.spec, self.current(), sent.device)
        self.write(merged, sent.device)
        return operation, merged

    def write(self, merged: Merged, device: UUID) -> None:
        if merged.refused or not merged.patch:
            return
        self.history.append({name: self.body.get(name) for name in merged.patch})
        self.rev += 1
        self.body = self.body | dict(merged.patch)
        groups = {self.spec.fields[name].group for name in merged.patch}
        self.field_rev = self.field_rev | dict.fromkeys(groups, (self.rev, str(device)))


def _new(kind: str) -> Record:
    spec = spec_of(kind)
    body = dict.fromkeys(spec.fields) | dict(spec.blank_body)
    return Record(kind, body | {"id": str(RECORD)})


def _after(kind: str, sent: Sequence[Sent]) -> Record:
    record = _new(kind)
    for one in sent:
        record.take(one)
    return record


@given(_traffic())
def test_a_merge_is_a_function_and_changes_nothing_it_was_given(
    traffic: tuple[str, list[Sent]],
) -> None:
    kind, sent = traffic
    record = _after(kind, sent[:-1])
    spec = record.spec
    operation = _operation(spec, sent[-1], record.rev)
    before = copy.deepcopy(record)
    first = merge(operation, spec, record.current(), sent[-1].device)
    assert record == before
    turned = {name: operation.changes[name] for name in reversed(operation.changes)}
    again = merge(_operation(spec, sent[-1], record.rev), spec, before.current(), sent[-1].device)
    other = merge(_with(operation, turned), spec, record.current(), sent[-1].device)
    assert again == first
    assert (other.verdict, other.patch) == (first.verdict, first.patch)
    assert {clash.group for clash in other.clashes} == {clash.group for clash in first.clashes}


def _with(operation: Operation, changes: dict[str, tuple[Any, Any]]) -> Operation:
    values = {name: getattr(operation, name) for name in operation.__struct_fields__}
    return Operation(**values | {"changes": changes})


@given(_traffic())
def test_what_was_taken_once_writes_nothing_the_second_time(
    traffic: tuple[str, list[Sent]],
) -> None:
    kind, sent = traffic
    record = _after(kind, sent[:-1])
    spec = record.spec
    operation, merged = record.take(sent[-1])
    again = merge(operation, spec, record.current(), sent[-1].device)
    assert dict(again.patch) == {}
    assert bool(again.refused) == bool(merged.refused)


@given(_traffic())
def test_every_value_is_in_the_record_its_history_a_conflict_or_quarantine(
    traffic: tuple[str, list[Sent]],
) -> None:
    kind, sent = traffic
    record = _new(kind)
    for one in sent:
        before = dict(record.body)
        operation, merged = record.take(one)
        _nothing_overwritten_unseen(record, before, merged)
        if merged.refused:
            assert record.body == before
            continue
        shown = [record.body, *(clash.incoming for clash in merged.clashes)]
        for name, value in operation.new_values().items():
            assert any(name in side and side[name] == value for side in shown), name


def _nothing_overwritten_unseen(record: Record, before: dict[str, Any], merged: Merged) -> None:
    for name, value in before.items():
        if record.body[name] != value:
            sides = [record.history[-1], *(clash.server for clash in merged.clashes)]
            assert any(side.get(name) == value for side in sides), name


@given(_traffic())
def test_nobody_writes_over_what_another_wrote_since(
    traffic: tuple[str, list[Sent]],
) -> None:
    kind, sent = traffic
    record = _after(kind, sent[:-1])
    spec = record.spec
    before, known = record.rev, dict(record.field_rev)
    operation, merged = record.take(sent[-1])
    gone = {"deleted"} if merged.clashes else set()
    for name in merged.patch:
        group = spec.fields[name].group
        rev, who = known.get(group, (0, ""))
        unseen = rev > operation.base_rev and who != str(sent[-1].device)
        is_state = spec.fields[name].merge is Merge.STATE
        assert not unseen or is_state or group in gone, (name, before)


@given(_traffic(), st.data())
def test_changes_of_different_fields_arrive_in_any_order(
    traffic: tuple[str, list[Sent]], data: st.DataObject
) -> None:
    kind, sent = traffic
    record = _after(kind, sent)
    spec = record.spec
    groups = {spec.fields[name].group for name in KINDS[spec.name]} - {"deleted"}
    mine = data.draw(st.sets(st.sampled_from(sorted(groups)), min_size=1))
    left = _only(spec, data.draw(_changes(spec)), mine)
    right = _only(spec, data.draw(_changes(spec)), groups - mine)
    both = (Sent(DEVICES[0], left, 0), Sent(DEVICES[1], right, 0))
    one, other = copy.deepcopy(record), copy.deepcopy(record)
    first, second = _side_by_side(one, both), _side_by_side(other, both[::-1])
    assert one.body == other.body
    assert {who: _settle(m) for who, m in first.items()} == {
        who: _settle(m) for who, m in second.items()
    }
    # Of a removed record, whoever comes first meets the removal; the other finds it alive again.
    assert sum(map(_met_removal, first.values())) == sum(map(_met_removal, second.values()))


def _side_by_side(record: Record, sent: Sequence[Sent]) -> dict[UUID, Merged]:
    """What comes of each, all of them written against the record as it is now."""
    base = record.rev
    return {
        one.device: record.take(Sent(one.device, one.changes, record.rev - base))[1] for one in sent
    }


def _settle(merged: Merged) -> tuple[str, set[str]]:
    """What is to be settled, apart from a removal that was met."""
    return merged.refused, {clash.group for clash in merged.clashes} - {"deleted"}


def _met_removal(merged: Merged) -> bool:
    return any(clash.group == "deleted" for clash in merged.clashes)


def _only(
    spec: TypeSpec, changes: dict[str, tuple[Any, Any]], groups: set[str]
) -> dict[str, tuple[Any, Any]]:
    return {name: pair for name, pair in changes.items() if spec.fields[name].group in groups}
