"""Competence, impartiality and leadership of a team; what a certificate may become."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from intact_core import ids
from intact_core.errors import RuleBroken
from intact_core.rules.certificates import no_new_certificate, renewal_problem, status_on
from intact_core.rules.checking import check
from intact_core.rules.findings import close_problem
from intact_core.rules.kernel import SYSTEM, Actor
from intact_core.rules.teams import assignment_problem
from tests.core.rules.test_rules import (
    AUDIT,
    BOSS,
    CUSTOMER,
    LEAD,
    STANDARD,
    Rows,
    changed,
    nc,
    new,
    row,
    world,
)

START, END = date(2026, 3, 2), date(2026, 3, 4)


def competent(level: str, until: date | None = None) -> SimpleNamespace:
    expiry = until and datetime(until.year, until.month, until.day, tzinfo=UTC)
    return row(
        "auditor_competencies",
        user_id=BOSS,
        standard_id=STANDARD,
        competency_level=level,
        expiry_date=expiry,
    )


def interest(ended: date | None, **other: Any) -> SimpleNamespace:
    values = {"user_id": BOSS, "client_id": CUSTOMER, "kind": "internal_audit", "ended_on": ended}
    return row("declared_interests", **(values | other))


def problem_of(role: str, *more: SimpleNamespace) -> str | None:
    found = world(*more, scheduled_start_date=START, scheduled_end_date=END)
    member = row("audit_teams", audit_schedule_id=AUDIT, user_id=BOSS, role=role)
    problem = assignment_problem(found, found.get("audit_schedules", AUDIT), member)
    return problem and problem.code


@pytest.mark.parametrize(
    ("role", "level", "fits"),
    [
        ("lead_auditor", "lead", True),
        ("lead_auditor", "auditor", False),
        ("auditor", "lead", True),
        ("auditor", "auditor", True),
        ("auditor", "decider", False),
        ("auditor", "trainee", False),
        ("auditor", "technical_expert", False),
        ("technical_expert", "technical_expert", True),
        ("technical_expert", "trainee", False),
        ("trainee", "trainee", True),
        ("observer", "decider", True),
    ],
)
def test_a_competence_fits_the_role(role: str, level: str, fits: bool) -> None:
    assert problem_of(role, competent(level)) == (None if fits else "competence")


def test_a_competence_lasts_to_the_last_day(frozen_clock) -> None:
    frozen_clock.moment = datetime(2026, 3, 1, tzinfo=UTC)
    assert problem_of("auditor", competent("auditor", END)) is None
    assert problem_of("auditor", competent("auditor", START)) == "competence"
    frozen_clock.moment = datetime(2026, 3, 5, tzinfo=UTC)
    assert problem_of("auditor", competent("auditor", END)) == "competence", "it is over today"


@pytest.mark.parametrize(
    ("declared", "barred"),
    [
        (interest(None), True),
        (interest(date(2024, 3, 3)), True),
        (interest(date(2024, 3, 2)), False),
        (interest(None, client_id=ids.new_id()), False),
        (interest(None, user_id=LEAD), False),
    ],
)
def test_work_for_the_client_bars_for_two_years(declared: SimpleNamespace, barred: bool) -> None:
    for role in ("auditor", "observer"):
        found = problem_of(role, competent("auditor"), declared)
        assert found == ("impartiality" if barred else None)


def test_experts_and_trainees_go_with_an_auditor() -> None:
    rows = Rows(*(one for one in world().rows if one.type_ != "audit_teams"))
    for role in ("technical_expert", "trainee"):
        member = row("audit_teams", audit_schedule_id=AUDIT, user_id=BOSS, role=role)
        rows.rows = [one for one in rows.rows if one.type_ != "auditor_competencies"]
        rows.rows += [competent("technical_expert"), member]
        found = assignment_problem(rows, rows.get("audit_schedules", AUDIT), member)
        assert found is not None
        assert found.code == "unaccompanied"
        rows.rows.remove(member)


def test_the_hook_asks_for_new_members_and_new_roles_alone() -> None:
    member = row("audit_teams", audit_schedule_id=AUDIT, user_id=BOSS, role="auditor")
    office, here = Actor(BOSS, frozenset({"cb_admin"})), world()
    for change in (new(member, "user_id", "role"), changed(member, role="observer")):
        with pytest.raises(RuleBroken) as found:
            check(change, office, here)
        assert found.value.code == "competence"
        assert found.value.clause.endswith(", 7.1")
        check(change, SYSTEM, here)
    check(changed(member, deleted_reason=None), office, here)


def test_an_audit_starts_with_a_lead() -> None:
    here = world(status="in_progress")
    here.rows = [one for one in here.rows if not getattr(one, "is_lead", False)]
    step = changed(here.get("audit_schedules", AUDIT), status="scheduled")
    with pytest.raises(RuleBroken) as found:
        check(step, SYSTEM, here)
    assert found.value.code == "no_lead"


@pytest.mark.parametrize(
    ("state", "severity", "clause"),
    [
        ("open", "major", "9.4.9"),
        ("responded", "minor", "9.4.10"),
        ("accepted", "major", "9.4.10"),
        ("verified", "major", None),
        ("open", "observation", None),
        ("open", "opportunity", None),
        ("closed", "minor", ""),
    ],
)
def test_what_keeps_a_finding_open(state: str, severity: str, clause: str | None) -> None:
    finding = nc(status=state, severity=severity)
    problem = close_problem(finding, state)
    assert (problem and problem.clause.rpartition(", ")[2]) == clause
    if clause is None:
        finding.status, finding.closed_at = "closed", datetime(2026, 3, 1, tzinfo=UTC)
        check(changed(finding, status=state), SYSTEM, world(finding))


def certificate(**values: Any) -> SimpleNamespace:
    full = {"client_id": CUSTOMER, "standard_id": STANDARD, "status": "active"}
    dates = {"issue_date": date(2023, 5, 1), "expiry_date": date(2026, 4, 30)}
    return row("certificates", **(full | dates | values))


@pytest.mark.parametrize(
    ("values", "day", "code"),
    [
        ({}, date(2026, 4, 1), None),
        ({}, date(2026, 10, 30), None),
        ({}, date(2026, 10, 31), "too_late"),
        ({"audit_type": "surveillance"}, date(2026, 4, 1), "not_recertification"),
        ({"client_id": ids.new_id()}, date(2026, 4, 1), "other_audit"),
    ],
)
def test_renewal_follows_the_old_cycle(values: dict[str, Any], day: date, code: str | None) -> None:
    decision = row(
        "certification_decisions",
        audit_schedule_id=AUDIT,
        decision="certify",
        validity_period_years=3,
    )
    here = world(decision, **{"audit_type": "recertification", "audit_stage": None} | values)
    audit, mine = here.get("audit_schedules", AUDIT), certificate()

    def told(expiry: date) -> str | None:
        problem = renewal_problem(here, mine, audit, expiry, day)
        return problem and problem.code

    assert told(date(2029, 4, 30)) == code
    if code is None:
        assert told(date(2029, 5, 1)) == "beyond_cycle"
        assert told(date(2026, 4, 30)) == "not_later"
        here.rows.remove(decision)
        assert told(date(2029, 4, 30)) == "no_decision"


def test_which_audits_bring_a_new_certificate(frozen_clock) -> None:
    frozen_clock.moment = datetime(2026, 4, 1, tzinfo=UTC)

    def code(*more: SimpleNamespace, **audit: Any) -> str | None:
        here = world(*more, **audit)
        problem = no_new_certificate(here, here.get("audit_schedules", AUDIT))
        return problem and problem.code

    again = {"audit_type": "recertification", "audit_stage": None}
    assert code() is None
    assert code(audit_stage="stage1") == "stage1_certificate"
    assert code(audit_type="surveillance", audit_stage=None) == "surveillance_certificate"
    assert code(certificate(), **again) == "renew_instead"
    assert code(certificate(status="withdrawn"), **again) is None
    assert code(certificate(expiry_date=date(2025, 9, 30)), **again) is None
    assert code(**again) is None


def test_the_status_of_a_day() -> None:
    mine = certificate(valid_from=date(2023, 6, 1))
    for day, status in (
        (date(2023, 5, 31), "not_yet_valid"),
        (date(2026, 4, 30), "active"),
        (date(2026, 5, 1), "expired"),
    ):
        assert status_on(mine, day) == status
