"""The rules of the field, each broken once and kept once."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest

from intact_core import ids
from intact_core.errors import RuleBroken
from intact_core.records.catalogue import spec_of
from intact_core.rules.checking import check
from intact_core.rules.deciding import deciders, expiry_of, grant_problem
from intact_core.rules.kernel import Actor, Change
from intact_core.rules.workflow import missing_before_review, transition_problem

LEAD, AUDITOR, BOSS, REVIEWER, CLIENT = (ids.new_id() for _ in range(5))
AUDIT, STANDARD, CUSTOMER = (ids.new_id() for _ in range(3))


def row(type_: str, **values: Any) -> SimpleNamespace:
    """A whole record; what matters in it is said."""
    spec = spec_of(type_)
    full = dict.fromkeys(spec.fields) | dict.fromkeys(spec.required, "something")
    full |= dict(spec.defaults) | {"id": ids.new_id()} | values
    return SimpleNamespace(type_=type_, **full)


class Rows:
    """A world made of plain rows."""

    def __init__(self, *rows: SimpleNamespace) -> None:
        self.rows = list(rows)

    def get(self, type_: str, id_: UUID | None) -> Any:
        return next(iter(self.find(type_, id=id_)), None)

    def find(self, type_: str, **equal: Any) -> list[Any]:
        return [
            one
            for one in self.rows
            if one.type_ == type_
            and one.deleted_at is None
            and all(getattr(one, name) == value for name, value in equal.items())
        ]


def world(*more: SimpleNamespace, **audit: Any) -> Rows:
    roles = {code: row("roles", code=code) for code in ("cb_admin", "reviewer", "auditor")}
    users = {
        who: row("users", id=who, first_name=name, is_active=True, client_id=None)
        for who, name in ((LEAD, "Lea"), (AUDITOR, "Udo"), (BOSS, "Bo"), (REVIEWER, "Rea"))
    }
    held = [
        row("user_roles", user_id=BOSS, role_id=roles["cb_admin"].id),
        row("user_roles", user_id=REVIEWER, role_id=roles["reviewer"].id),
        row("user_roles", user_id=LEAD, role_id=roles["reviewer"].id),
    ]
    competences = [
        row(
            "auditor_competencies",
            user_id=who,
            standard_id=STANDARD,
            competency_level="decider",
            expiry_date=datetime(2100, 1, 1, tzinfo=UTC),
        )
        for who in (LEAD, REVIEWER)
    ]
    values = {"workflow_status": "draft", "status": "in_progress", "audit_type": "initial"}
    values |= {"standard_id": STANDARD, "client_id": CUSTOMER, "audit_stage": "stage2", **audit}
    return Rows(
        *roles.values(),
        *users.values(),
        *held,
        *competences,
        row("audit_schedules", id=AUDIT, **values),
        row(
            "audit_teams", audit_schedule_id=AUDIT, user_id=LEAD, role="lead_auditor", is_lead=True
        ),
        row("audit_teams", audit_schedule_id=AUDIT, user_id=AUDITOR, role="auditor"),
        *more,
    )


def nc(**values: Any) -> SimpleNamespace:
    full = {
        "audit_schedule_id": AUDIT,
        "nc_number": "A01",
        "severity": "major",
        "clause": "7.5",
        "requirement_reference": "7.5.3",
        "description": "Two obsolete procedures in use",
        "evidence": "WI-3 rev. 2 at press 4",
        "status": "open",
    }
    return row("non_conformities", **(full | values))


def documentation(**values: Any) -> SimpleNamespace:
    full = {
        "audit_schedule_id": AUDIT,
        "has_org_changes": False,
        "plan_reviewed": True,
        "plan_adequate": True,
        "team_qualified": True,
        "summary_completed": True,
        "audit_objectives_met": True,
        "key_findings_summary": "Sound system, weak document control",
    }
    return row("audit_documentation", **(full | values))


def changed(after: SimpleNamespace, **before: Any) -> Change:
    old = SimpleNamespace(**(vars(after) | before))
    return Change(after.type_, after.id, old, after, frozenset(before))


def new(after: SimpleNamespace, *fields: str) -> Change:
    return Change(after.type_, after.id, None, after, frozenset(fields))


def actor(user: UUID, *roles: str, client: UUID | None = None) -> Actor:
    return Actor(user, frozenset(roles), client_id=client)


def code_of(change: Change, who: Actor, around: Rows) -> str:
    try:
        check(change, who, around)
    except RuleBroken as broken:
        return broken.code
    return ""


LEAD_ACTOR = actor(LEAD, "lead_auditor")


def test_a_non_conformity_is_never_turned_into_an_opportunity() -> None:
    finding = nc(severity="opportunity")
    around = world(finding)
    assert code_of(changed(finding, severity="minor"), LEAD_ACTOR, around) == "nc_as_ofi"


def test_stage_1_has_no_grades() -> None:
    finding = nc()
    around = world(finding, audit_stage="stage1")
    fields = ("severity", "audit_schedule_id", "nc_number", "status", "description")
    assert code_of(new(finding, *fields), LEAD_ACTOR, around) == "stage1_grade"


@pytest.mark.parametrize("field", ["cause", "correction", "corrective_action"])
def test_the_auditor_gives_no_cause_and_no_solution(field: str) -> None:
    finding = nc(**{field: "do this"})
    around = world(finding)
    assert code_of(changed(finding, **{field: None}), LEAD_ACTOR, around) == "auditor_solution"


def test_a_response_has_three_parts() -> None:
    finding = nc(status="responded", cause="x", correction="y")
    around = world(finding)
    who = actor(CLIENT, "client_user", client=CUSTOMER)
    assert code_of(changed(finding, status="open"), who, around) == "response_incomplete"
    finding.corrective_action = "z"
    assert code_of(changed(finding, status="open"), who, around) == ""


def test_the_client_may_answer_and_nothing_else() -> None:
    finding = nc(severity="minor")
    around = world(finding)
    who = actor(CLIENT, "client_user", client=CUSTOMER)
    assert code_of(changed(finding, severity="major"), who, around) == "permission"
    stranger = actor(CLIENT, "client_user", client=ids.new_id())
    finding.cause = "x"
    assert code_of(changed(finding, cause=None), stranger, around) == "permission"


def test_verifying_needs_evidence_and_a_verifier() -> None:
    finding = nc(status="verified")
    around = world(finding)
    change = changed(finding, status="accepted")
    assert code_of(change, LEAD_ACTOR, around) == "verification_evidence"
    finding.verification_notes = "records of May seen"
    assert code_of(change, LEAD_ACTOR, around) == "verifier"
    finding.verified_by = LEAD
    assert code_of(change, LEAD_ACTOR, around) == ""


def test_client_review_needs_complete_documentation_and_findings() -> None:
    audit = world().rows[-3]
    for rows, code in (
        ((), "documentation"),
        ((documentation(summary_completed=None),), "documentation"),
        ((documentation(), nc(evidence=" ")), "documentation"),
        ((documentation(), nc()), ""),
    ):
        around = world(*rows)
        audit = around.get("audit_schedules", AUDIT)
        audit.workflow_status = "client_review"
        assert code_of(changed(audit, workflow_status="draft"), LEAD_ACTOR, around) == code


def test_only_the_lead_sends_to_client_review() -> None:
    around = world(documentation())
    audit = around.get("audit_schedules", AUDIT)
    audit.workflow_status = "client_review"
    who = actor(AUDITOR, "auditor")
    assert code_of(changed(audit, workflow_status="draft"), who, around) == "transition_role"


def test_an_unanswered_major_blocks_the_submission() -> None:
    around = world(nc())
    audit = around.get("audit_schedules", AUDIT)
    problem = transition_problem(around, audit, "client_review", "submitted_to_cb", LEAD_ACTOR)
    assert problem is not None
    assert problem.sentence == "Major nonconformity (Clause 7.5) has not been responded to"


def test_stage_2_stands_on_stage_1() -> None:
    around = world()
    audit = around.get("audit_schedules", AUDIT)
    change = changed(audit, status="scheduled")
    assert code_of(change, LEAD_ACTOR, around) == "stage1_conclusions"
    first = ids.new_id()
    audit.stage1_audit_id = first
    around.rows.append(documentation(audit_schedule_id=first))
    assert code_of(change, LEAD_ACTOR, around) == ""


def test_who_may_decide_is_computed_with_reasons() -> None:
    around = world()
    found = {one.name: one for one in deciders(around, around.get("audit_schedules", AUDIT))}
    assert found["Rea"].may_decide
    assert found["Lea"].reasons == ("Was on the audit team.",)
    assert "competence" in " ".join(found["Bo"].reasons)


def decision(**values: Any) -> SimpleNamespace:
    full = {"audit_schedule_id": AUDIT, "decision": "certify", "decided_by": REVIEWER}
    return row("certification_decisions", **(full | {"decision_date": date(2026, 5, 1)} | values))


@pytest.mark.parametrize(
    ("finding", "code"),
    [
        (nc(status="accepted"), "major_unverified"),
        (nc(severity="minor", status="responded"), "minor_unplanned"),
        (nc(severity="minor", status="accepted"), ""),
        (nc(status="verified", verified_at=datetime(2026, 3, 1, tzinfo=UTC)), ""),
        (nc(status="verified", verified_at=datetime(2026, 9, 1, tzinfo=UTC)), "six_months"),
    ],
)
def test_a_grant_waits_for_the_findings(finding: SimpleNamespace, code: str) -> None:
    around = world(finding, actual_end_date=date(2026, 2, 1))
    problem = grant_problem(around, around.get("audit_schedules", AUDIT))
    assert (problem.code if problem else "") == code


def test_a_decision_needs_state_recommendation_and_independence() -> None:
    made = decision()
    fields = ("audit_schedule_id", "decision", "decision_date", "decided_by")
    around = world(made)
    rea = actor(REVIEWER, "reviewer")
    assert code_of(new(made, *fields), rea, around) == "decision_state"
    around.get("audit_schedules", AUDIT).workflow_status = "submitted_to_cb"
    assert code_of(new(made, *fields), rea, around) == "no_recommendation"
    around.rows.append(
        row(
            "audit_recommendations",
            audit_schedule_id=AUDIT,
            recommendation="certify",
            justification="sound",
        )
    )
    assert code_of(new(made, *fields), actor(LEAD, "reviewer"), around) == "decider"
    assert code_of(new(made, *fields), rea, around) == ""


def test_an_open_conflict_blocks_the_signature() -> None:
    clash = row(
        "conflicts",
        scope=f"audit:{AUDIT}",
        state="open",
        record_type="audit_checklists",
        record_id=ids.new_id(),
        field_group="rating",
    )
    signature = row("signatures", audit_schedule_id=AUDIT, kind="pades")
    fields = ("audit_schedule_id", "kind")
    assert code_of(new(signature, *fields), LEAD_ACTOR, world(clash)) == "open_conflict"
    assert code_of(new(signature, *fields), LEAD_ACTOR, world()) == ""


def amended(*more: SimpleNamespace, **audit: Any) -> tuple[Rows, SimpleNamespace]:
    """A world with a signed report, and the amendment that is to be begun."""
    report = row("audit_reports", audit_schedule_id=AUDIT, version=1)
    signed = row("signatures", audit_schedule_id=AUDIT, kind="pades", report_id=report.id)
    item = row("audit_checklists", audit_schedule_id=AUDIT, rating="minor")
    lead = row("audit_teams", audit_schedule_id=AUDIT, user_id=LEAD, role="lead", is_lead=True)
    begun = row(
        "report_amendments", audit_schedule_id=AUDIT, report_id=report.id, reason="A wrong name"
    )
    return world(report, signed, item, lead, *more, **audit), begun


BEGINS = ("audit_schedule_id", "report_id", "reason")


def test_an_amendment_opens_what_was_signed_and_the_decision_waits() -> None:
    around, begun = amended()
    [item] = around.find("audit_checklists")
    assert code_of(changed(item, rating=None), LEAD_ACTOR, around) == "signed"
    assert code_of(new(begun, *BEGINS), LEAD_ACTOR, around) == ""
    around.rows.append(begun)
    assert code_of(changed(item, rating=None), LEAD_ACTOR, around) == ""
    made = decision()
    fields = ("audit_schedule_id", "decision", "decision_date", "decided_by")
    around.rows += [
        made,
        row(
            "audit_recommendations",
            audit_schedule_id=AUDIT,
            recommendation="certify",
            justification="sound",
        ),
    ]
    around.get("audit_schedules", AUDIT).workflow_status = "submitted_to_cb"
    rea = actor(REVIEWER, "reviewer")
    assert code_of(new(made, *fields), rea, around) == "open_amendment"
    around.rows.append(
        row("signatures", audit_schedule_id=AUDIT, kind="pades", report_id=ids.new_id())
    )
    assert code_of(new(made, *fields), rea, around) == ""
    assert code_of(changed(item, rating="major"), LEAD_ACTOR, around) == "signed"


def test_only_the_lead_amends_once_with_a_reason_and_before_the_decision() -> None:
    around, begun = amended()
    assert code_of(new(begun, *BEGINS), actor(AUDITOR, "auditor"), around) == "lead_only"
    blank = SimpleNamespace(**vars(begun) | {"reason": "  "})
    assert code_of(new(blank, *BEGINS), LEAD_ACTOR, around) == "reason"
    other = SimpleNamespace(**vars(begun) | {"report_id": ids.new_id()})
    assert code_of(new(other, *BEGINS), LEAD_ACTOR, around) == "amendment"
    gone = SimpleNamespace(**vars(begun) | {"deleted_at": datetime(2026, 5, 2, tzinfo=UTC)})
    assert code_of(changed(gone, deleted_at=None), LEAD_ACTOR, around) == "amendment"
    decided, again = amended(decision())
    assert code_of(new(again, *BEGINS), LEAD_ACTOR, decided) == "amendment"
    around.rows.append(SimpleNamespace(**vars(begun) | {"id": ids.new_id()}))
    assert code_of(new(begun, *BEGINS), LEAD_ACTOR, around) == "amendment"


def test_nothing_changes_that_a_signature_covers() -> None:
    signed = row("signatures", audit_schedule_id=AUDIT, kind="pades")
    item = row("audit_checklists", audit_schedule_id=AUDIT, rating="minor")
    finding = nc(status="accepted", review_notes="fine")
    around = world(signed, item, finding)
    assert code_of(changed(item, rating=None), LEAD_ACTOR, around) == "signed"
    assert code_of(changed(finding, status="responded"), LEAD_ACTOR, around) == ""
    photo = row("audit_evidence", audit_schedule_id=AUDIT, kind="evidence")
    assert code_of(new(photo, "audit_schedule_id", "kind"), LEAD_ACTOR, around) == "signed"


def test_a_certificate_is_not_effective_before_its_decision() -> None:
    made = row(
        "certificates",
        audit_schedule_id=AUDIT,
        issue_date=date(2026, 4, 30),
        valid_from=date(2026, 4, 30),
        expiry_date=date(2029, 4, 29),
    )
    around = world(decision(), made)
    who = actor(REVIEWER, "reviewer")
    assert code_of(new(made, "issue_date", "expiry_date"), who, around) == "before_decision"
    made.issue_date = made.valid_from = date(2026, 5, 1)
    assert code_of(new(made, "issue_date", "expiry_date"), who, around) == ""


def test_terms_end_the_day_before() -> None:
    assert expiry_of(date(2025, 7, 20), 3) == date(2028, 7, 19)
    assert expiry_of(date(2024, 2, 29), 1) == date(2025, 2, 27)


def test_what_is_missing_names_its_place() -> None:
    finding = nc(description="")
    missing = missing_before_review(world(documentation(plan_reviewed=None), finding), AUDIT)
    assert [(place.type, place.field) for place, _ in missing] == [
        ("audit_documentation", "plan_reviewed"),
        ("non_conformities", "description"),
    ]
