"""The merge, field kind by field kind, and what holds for every merge."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact_core import clock, ids
from intact_core.records.base import Merge
from intact_core.records.catalogue import TYPES, spec_of
from intact_core.sync import digest
from intact_core.sync.merge import Current, merge
from intact_core.sync.operations import Operation

ME, OTHER = UUID(int=1), UUID(int=2)
ITEM = spec_of("audit_checklists")
FINDING = spec_of("non_conformities")
AUDIT = spec_of("audit_schedules")


def operation(type_: str, changes: dict[str, tuple[Any, Any]], **more: Any) -> Operation:
    values = {"kind": "update", "base_rev": 1, **more}
    return Operation(
        n=1,
        op_id=ids.new_id(),
        txn_id=ids.new_id(),
        type=type_,
        id=UUID(int=9),
        changes=changes,
        wall_time=clock.now(),
        **values,
    )


def current(body: dict[str, Any], rev: int = 2, **field_rev: tuple[int, UUID]) -> Current:
    return Current(body, rev, {name: (at, str(who)) for name, (at, who) in field_rev.items()})


def test_an_unchanged_field_takes_the_new_value() -> None:
    op = operation("audit_checklists", {"rating": (None, "minor")})
    merged = merge(op, ITEM, current({"rating": None}, auditor_finding=(2, OTHER)), ME)
    assert (merged.verdict, merged.patch) == ("applied", {"rating": "minor"})


def test_equal_values_are_no_change() -> None:
    op = operation("audit_checklists", {"rating": (None, "minor")})
    merged = merge(op, ITEM, current({"rating": "minor"}, rating=(2, OTHER)), ME)
    assert merged.verdict == "no_change"


def test_a_field_changed_by_somebody_else_clashes_and_stays() -> None:
    op = operation("audit_checklists", {"rating": (None, "minor")})
    merged = merge(op, ITEM, current({"rating": "major"}, rating=(2, OTHER)), ME)
    assert (merged.verdict, merged.patch) == ("conflict", {})
    [clash] = merged.clashes
    assert (clash.base, clash.server, clash.incoming) == (
        {"rating": None},
        {"rating": "major"},
        {"rating": "minor"},
    )


def test_a_value_that_the_person_never_saw_is_not_replaced_whatever_its_rev() -> None:
    # A restored server counts again: its rev 3 is not the rev 3 that this person saw.
    op = operation("audit_checklists", {"rating": ("compliant", "minor")}, base_rev=7)
    merged = merge(op, ITEM, current({"rating": "major"}, rev=3, rating=(3, OTHER)), ME)
    assert (merged.verdict, merged.patch) == ("conflict", {})
    op = operation("audit_checklists", {"rating": ("major", "minor")}, base_rev=7)
    merged = merge(op, ITEM, current({"rating": "major"}, rev=3, rating=(3, OTHER)), ME)
    assert merged.verdict == "applied"


def test_a_second_edit_over_an_unsent_one_does_not_replace_what_came_between() -> None:
    """The pull raised the base, but the person still saw their own first value."""
    op = operation("audit_checklists", {"rating": ("minor", "observation")}, base_rev=5)
    merged = merge(op, ITEM, current({"rating": "major"}, rev=5, rating=(5, OTHER)), ME)
    assert merged.verdict == "conflict"


def test_own_earlier_operations_never_clash() -> None:
    op = operation("audit_checklists", {"rating": ("minor", "major")})
    merged = merge(op, ITEM, current({"rating": "minor"}, rating=(2, ME)), ME)
    assert merged.verdict == "applied"


def test_a_group_is_one_unit() -> None:
    op = operation("non_conformities", {"clause": ("7.5", "7.5.3")})
    body = {"severity": "major", "clause": "7.5", "description": "other words"}
    merged = merge(op, FINDING, current(body, finding=(2, OTHER)), ME)
    assert merged.verdict == "conflict"


@pytest.mark.parametrize(
    ("state", "wanted", "verdict"),
    [("draft", "client_review", "applied"), ("decided", "client_review", "conflict")],
)
def test_a_state_moves_only_along_its_steps(state: str, wanted: str, verdict: str) -> None:
    op = operation("audit_schedules", {"workflow_status": ("draft", wanted)})
    moved = current({"workflow_status": state}, workflow_status=(2, OTHER))
    assert merge(op, AUDIT, moved, ME).verdict == verdict


def test_delete_against_edit_keeps_the_record_alive() -> None:
    op = operation(
        "audit_checklists",
        {"deleted_at": (None, "2026-01-01T00:00:00Z"), "deleted_reason": (None, "twice")},
        kind="delete",
    )
    merged = merge(op, ITEM, current({"rating": "minor"}, rating=(2, OTHER)), ME)
    assert (merged.patch, merged.clashes[0].kind) == ({}, "delete_edit")


def test_a_removal_does_not_move_a_state_that_it_has_not_seen() -> None:
    changes = {"deleted_at": (None, "2026-01-01T00:00:00.000000Z"), "status": ("open", "closed")}
    op = operation("non_conformities", changes | {"clause": (None, "4.1")})
    states = FINDING.fields["status"].steps or {}
    before = next(state for state, after in states.items() if "closed" in after)
    body = dict.fromkeys(FINDING.fields) | {"status": before}
    first = merge(op, FINDING, current(body, status=(2, OTHER)), ME)
    assert {clash.group for clash in first.clashes} == {"deleted", "status"}
    after = current(body | dict(first.patch), 3, status=(2, OTHER), clause=(3, ME))
    assert merge(op, FINDING, after, ME).patch == {}


def test_an_edit_brings_a_deleted_record_back_and_says_so() -> None:
    op = operation("audit_checklists", {"rating": (None, "minor")})
    gone = {"rating": None, "deleted_at": "2026-01-01T00:00:00Z", "deleted_reason": "twice"}
    merged = merge(op, ITEM, current(gone, deleted=(2, OTHER)), ME)
    assert merged.patch == {"rating": "minor", "deleted_at": None, "deleted_reason": None}
    assert merged.clashes[0].kind == "delete_edit"


@pytest.mark.parametrize(
    ("type_", "field", "refused"),
    [
        ("audit_checklists", "requirement", "fixed"),
        ("audit_schedules", "audit_number", "server_only"),
        ("audit_checklists", "no_such_field", "unknown_field"),
    ],
)
def test_what_may_never_change_is_refused(type_: str, field: str, refused: str) -> None:
    op = operation(type_, {field: (None, "x")})
    assert merge(op, spec_of(type_), current({}), ME).refused == refused


def test_every_field_of_every_record_has_a_merge_kind() -> None:
    for spec in TYPES.values():
        for name, field in spec.fields.items():
            assert isinstance(field.merge, Merge), f"{spec.name}.{name}"
            assert (field.merge is Merge.STATE) <= (field.steps is not None), f"{spec.name}.{name}"


values = st.sampled_from([None, "compliant", "minor", "major"])


@given(base=values, server=values, mine=values, server_rev=st.integers(1, 3))
def test_no_value_ever_entered_disappears(
    base: str | None, server: str | None, mine: str | None, server_rev: int
) -> None:
    op = operation("audit_checklists", {"rating": (base, mine)})
    merged = merge(op, ITEM, current({"rating": server}, rating=(server_rev, OTHER)), ME)
    kept = [merged.patch.get("rating", server)]
    kept += [side["rating"] for clash in merged.clashes for side in (clash.server, clash.incoming)]
    assert mine in kept
    assert server in kept or server_rev <= op.base_rev


bodies = st.dictionaries(
    st.sampled_from("abcdef"), st.integers(-(2**53), 2**53) | st.none(), max_size=4
)


@given(st.lists(st.tuples(st.integers(0, 5), bodies), max_size=30))
def test_the_moving_digest_equals_the_recomputed_one(
    writes: list[tuple[int, dict[str, Any]]],
) -> None:
    rows: dict[int, str] = {}
    moving = digest.EMPTY
    for rev, (key, body) in enumerate(writes):
        value = digest.row_hash("t", UUID(int=key), rev, body)
        out = [rows[key]] if key in rows else []
        moving = digest.moved(moving, out=out, into=[value])
        rows[key] = value
    assert moving == digest.moved(digest.EMPTY, into=rows.values())


def test_what_was_made_on_top_of_a_colleagues_unsent_work_is_no_conflict() -> None:
    stands = current({"rating": "major"}, rating=(2, OTHER))
    changes = {"rating": ("major", "minor")}
    blind = operation("audit_checklists", changes)
    assert merge(blind, ITEM, stands, ME).verdict == "conflict"
    seeing = operation("audit_checklists", changes, after=UUID(int=5))
    assert merge(seeing, ITEM, stands, ME).patch == {"rating": "minor"}
    passed = current({"rating": "observation"}, rating=(3, OTHER))
    assert merge(seeing, ITEM, passed, ME).verdict == "conflict"


def test_a_group_made_on_top_of_unsent_work_counts_as_a_whole() -> None:
    names = [spec.name for spec in FINDING.groups["finding"]]
    seen = dict.fromkeys(names, "seen")
    stands = current(seen, finding=(2, OTHER))
    part = operation("non_conformities", {"clause": ("seen", "new")}, after=UUID(int=5))
    assert merge(part, FINDING, stands, ME).verdict == "conflict"
    whole = dict.fromkeys(names, ("seen", "seen")) | {"clause": ("seen", "new")}
    all_of_it = operation("non_conformities", whole, after=UUID(int=5))
    assert merge(all_of_it, FINDING, stands, ME).verdict == "applied"
    moved = current(seen | {"severity": "major"}, finding=(3, OTHER))
    assert merge(all_of_it, FINDING, moved, ME).verdict == "conflict"


def test_a_reason_for_a_removal_without_the_removal_is_refused() -> None:
    op = operation("audit_checklists", {"deleted_reason": (None, "Asked twice.")})
    merged = merge(op, ITEM, current({"deleted_at": None, "deleted_reason": None}), ME)
    assert (merged.refused, merged.patch) == ("form", {})
