"""Conflicts: both sides shown, a proposal that is only one, one transaction settles."""

import pytest
from sqlalchemy import func, select

from intact_core import clock, ids
from intact_core.errors import BadInput, RuleBroken
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import Signature
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_desktop.features.conflicts import actions, queries, shown
from intact_desktop.features.conflicts.actions import Choice
from intact_desktop.store.tables import Outbox
from tests.desktop.features.clashes import BASE, MINE, THEIRS, conflict, finding, long_conflict


def note_of(session, laptop) -> str | None:
    row = AuditChecklist
    return session.scalar(select(row.auditor_finding).where(row.id == laptop.items[12]))


def test_mine_comes_first_with_person_and_time(laptop, bench) -> None:
    conflict(laptop)
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    assert row.audit == "Acme Gearworks Ltd · AUD-2026-0042"
    assert row.subject == "7.1.5"
    assert (row.first.is_mine, row.first.by) == (True, "Anna Lindqvist")
    assert (row.second.is_mine, row.second.by) == (False, "Tom Okafor")
    assert [one.kind for one in row.fields] == ["text"]


@pytest.mark.parametrize(
    ("resolution", "values", "expected"),
    [
        ("incoming", {}, MINE),
        ("server", {}, None),
        ("edited", {"auditor_finding": "Both."}, "Both."),
    ],
)
def test_one_transaction_writes_and_settles(laptop, bench, resolution, values, expected) -> None:
    one = conflict(laptop)
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice(resolution, "seen together", values))
    with bench.readers() as session:
        row = session.get(Conflict, (laptop.tenant_id, one.id))
        assert (row.state, row.resolution, row.reason) == ("resolved", resolution, "seen together")
        assert row.resolved_by == bench.user_id
        assert row.resolved_at is not None
        assert note_of(session, laptop) == expected
        assert session.scalar(select(func.count(Outbox.txn_id.distinct()))) == 1
        assert queries.open_conflicts(session) == []


def test_no_choice_without_a_reason_and_none_twice(laptop, bench) -> None:
    one = conflict(laptop)
    with pytest.raises(BadInput, match="why"), bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("incoming", "  "))
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("incoming", "mine is later"))
    with pytest.raises(BadInput, match="already"), bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("server", "no"))


def test_what_a_signature_covers_is_refused_and_stays_open(laptop, bench) -> None:
    one = conflict(laptop)
    laptop.put(
        Signature(
            audit_schedule_id=laptop.audit_id,
            report_id=laptop.audit_id,
            kind="pades",
            signer_name="Anna",
            signer_role="lead",
            meaning="author",
            signed_at=clock.now(),
            snapshot_sha256="0" * 64,
            document_sha256="0" * 64,
        )
    )
    with pytest.raises(RuleBroken, match="signed"), bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("incoming", "mine"))
    with bench.readers() as session:
        assert session.scalar(select(Conflict.state)) == "open"


def test_a_removal_that_met_an_edit(laptop, bench) -> None:
    """The edit stands; choosing the removal removes."""
    nc = finding(laptop)
    gone = {"deleted_at": clock.now().isoformat(), "deleted_reason": "twice"}
    one = conflict(
        laptop,
        record_type="non_conformities",
        record_id=nc.id,
        kind="delete_edit",
        field_group="deleted",
        base=dict.fromkeys(gone),
        server=gone,
        incoming={"evidence": "Order 4711"},
    )
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("server", "it was twice"))
    with bench.readers() as session:
        row = session.get(NonConformity, (laptop.tenant_id, nc.id))
    assert row.deleted_reason == "twice"


def test_two_findings_with_one_number(laptop, bench) -> None:
    other, mine = finding(laptop), finding(laptop, "NC-01", description="Mine")
    finding(laptop, "NC-02")
    one = conflict(
        laptop,
        record_type="non_conformities",
        record_id=mine.id,
        kind="possible_duplicate",
        field_group="nc_number",
        base={"nc_number": None},
        server={"nc_number": "NC-01", "id": str(other.id)},
        incoming={"nc_number": "NC-01"},
    )
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    assert row.suggestion == "NC-03"
    assert row.first.values["description"] == "Mine"
    assert row.second.values["description"] == "Statement of NC-01"
    with bench.sessions.begin() as session:
        actions.resolve(session, one.id, Choice("edited", "another one", {"nc_number": "NC-03"}))
    with bench.readers() as session:
        assert session.get(NonConformity, (laptop.tenant_id, mine.id)).nc_number == "NC-03"


def test_what_both_changed_is_put_together_as_a_proposal(laptop, bench) -> None:
    long_conflict(laptop)
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    text = queries.together(row, "Anna", "Tom")["auditor_finding"]
    for words in ("three gauges were", "All had labels", "revision 3", "⟦Anna: ", "⟦Tom: "):
        assert words in text
    assert row.merged["auditor_finding"].clashes == 1


def test_a_group_takes_each_field_from_who_changed_it(laptop, bench) -> None:
    conflict(
        laptop,
        record_type="non_conformities",
        record_id=finding(laptop).id,
        field_group="finding",
        base={"severity": "minor", "clause": "7.5.3", "description": BASE},
        server={"severity": "major", "clause": "7.5.3", "description": THEIRS},
        incoming={"severity": "minor", "clause": "7.1.5", "description": MINE},
    )
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    assert queries.together(row, "A", "B") == {
        "severity": "major",
        "clause": "7.1.5",
        "description": "Three gauges were seen in hall A. One had no label.",
    }


def test_a_third_person_sees_who_is_who(laptop, bench) -> None:
    conflict(
        laptop,
        incoming_by=laptop.users["cb_admin"],
        incoming_device=ids.new_id(),
    )
    with bench.readers() as session:
        (row,) = queries.open_conflicts(session)
    heads = [shown.head(row, side).rpartition(",")[0] for side in (row.first, row.second)]
    assert heads == ["Tom Okafor", "Rie Nakamura"]
    assert [shown.choice_words(row, side) for side in (row.first, row.second)] == [
        "Use what &1 Tom Okafor wrote",
        "Use what &2 Rie Nakamura wrote",
    ]
    assert "everybody sees the version of Tom Okafor" in shown.kind_words(row)
