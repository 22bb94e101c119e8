"""Operations of an older schema go through every cast on the way to the present one."""

from datetime import UTC, datetime
from uuid import UUID

from msgspec.structs import replace

from intact_core.records.base import SCHEMA_VERSION
from intact_core.sync.casting import CASTS, up_cast
from intact_core.sync.operations import Operation

MADE = Operation(
    n=1,
    op_id=UUID(int=1),
    txn_id=UUID(int=2),
    type="audit_checklists",
    id=UUID(int=3),
    kind="update",
    base_rev=1,
    changes={"finding": (None, "loose")},
    wall_time=datetime(2026, 3, 2, tzinfo=UTC),
    schema_version=1,
)


def renamed(old: str, new: str):
    def cast(operation: Operation) -> Operation:
        changes = {new if name == old else name: pair for name, pair in operation.changes.items()}
        return replace(operation, changes=changes)

    return cast


def test_each_version_between_is_cast_in_turn() -> None:
    casts = {1: renamed("finding", "note"), 3: renamed("note", "auditor_finding")}
    assert up_cast(MADE, casts, 1) == MADE
    assert up_cast(MADE, casts, 3).changes == {"note": (None, "loose")}
    assert up_cast(MADE, casts, 4).changes == {"auditor_finding": (None, "loose")}


def test_what_is_of_this_version_or_newer_is_left_alone() -> None:
    casts = {1: renamed("finding", "note")}
    for version in (2, 3):
        newer = replace(MADE, schema_version=version)
        assert up_cast(newer, casts, 2) is newer


def test_casts_lead_to_this_version_and_not_beyond() -> None:
    assert all(1 <= version < SCHEMA_VERSION for version in CASTS)
