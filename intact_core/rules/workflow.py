"""The way of an audit: draft, client review, certification body, decided (rules 10, 14)."""

from collections.abc import Callable, Iterator
from uuid import UUID

from intact_core.errors import Place, RuleBroken
from intact_core.records.audits import WORKFLOW
from intact_core.rules.findings import missing_parts
from intact_core.rules.kernel import Actor, Change, Row, World, broken, broken_at


def missing_documentation(documentation: Row | None, audit_id: UUID) -> Iterator[tuple[Place, str]]:
    """What the three parts of the documentation still lack (audit workflow)."""
    if documentation is None:
        yield Place("audit_schedules", audit_id), "the documentation"
        return

    def place(field: str) -> Place:
        return Place("audit_documentation", documentation.id, field)

    if documentation.has_org_changes is None:
        yield place("has_org_changes"), "whether the organisation changed"
    if documentation.has_org_changes:
        if not documentation.org_changes_details:
            yield place("org_changes_details"), "what changed in the organisation"
        if documentation.changes_affect_scope is None:
            yield place("changes_affect_scope"), "whether the changes affect the scope"
    yield from _missing_plan_review(documentation, place)
    yield from _missing_summary(documentation, place)


def _missing_plan_review(row: Row, place: Callable[[str], Place]) -> Iterator[tuple[Place, str]]:
    if not row.plan_reviewed:
        yield place("plan_reviewed"), "the review of the audit plan"
        return
    if row.plan_adequate is None:
        yield place("plan_adequate"), "whether the plan was adequate"
    if row.team_qualified is None:
        yield place("team_qualified"), "whether the team was qualified"


def _missing_summary(row: Row, place: Callable[[str], Place]) -> Iterator[tuple[Place, str]]:
    if not row.summary_completed:
        yield place("summary_completed"), "the summary"
        return
    if row.audit_objectives_met is None:
        yield place("audit_objectives_met"), "whether the audit's objectives were met"
    if not row.key_findings_summary:
        yield place("key_findings_summary"), "the summary of the key findings"


def missing_before_review(world: World, audit_id: UUID) -> list[tuple[Place, str]]:
    """Everything that keeps an audit from the client's review, each with a place to jump to."""
    rows = world.find("audit_documentation", audit_schedule_id=audit_id)
    missing = list(missing_documentation(rows[0] if rows else None, audit_id))
    for finding in world.find("non_conformities", audit_schedule_id=audit_id):
        missing += [
            (place, f"{finding.nc_number}: {words}") for place, words in missing_parts(finding)
        ]
    return missing


def is_lead(world: World, actor: Actor, audit_id: UUID) -> bool:
    """True when the actor leads this very audit."""
    team = world.find("audit_teams", audit_schedule_id=audit_id, user_id=actor.user_id)
    return any(member.is_lead for member in team)


def check_transition(change: Change, actor: Actor, world: World) -> None:
    """The conditions of each step, in the order: step, role, validation (audit workflow)."""
    step = change.moved("workflow_status")
    if step is None or change.is_new:
        return
    problem = transition_problem(world, change.after, str(step[0]), str(step[1]), actor)
    if problem is not None:
        raise problem


def transition_problem(
    world: World, audit: Row, old: str, new: str, actor: Actor
) -> RuleBroken | None:
    """Why the audit may not go from `old` to `new`, or None when it may."""
    place = Place("audit_schedules", audit.id, "workflow_status")
    if audit.status == "cancelled":
        return broken_at("cancelled", "The audit was cancelled.", place)
    if new not in WORKFLOW.get(old, frozenset()):
        return broken_at("transition", f"Invalid transition from '{old}' to '{new}'", place)
    if not _may(world, actor, audit.id, new):
        sentence = "You do not have permission to perform this transition"
        return broken_at("transition_role", sentence, place)
    return _CONDITIONS[new](world, audit, place)


def _may(world: World, actor: Actor, audit_id: UUID, new: str) -> bool:
    if actor.system:
        return True
    lead = is_lead(world, actor, audit_id)
    if new == "client_review":
        return lead
    if new == "submitted_to_cb":
        return lead or actor.has("cb_admin")
    return actor.has("cb_admin", "reviewer")


def _ready_for_client(world: World, audit: Row, place: Place) -> RuleBroken | None:
    del place
    missing = missing_before_review(world, audit.id)
    if not missing:
        return None
    where, words = missing[0]
    more = f", and {len(missing) - 1} more" if len(missing) > 1 else ""
    return broken_at(
        "documentation",
        f"Audit documentation is not complete: {words} is missing{more}.",
        where,
        cites="report",
    )


def _ready_for_body(world: World, audit: Row, place: Place) -> RuleBroken | None:
    del place
    for finding in world.find("non_conformities", audit_schedule_id=audit.id, severity="major"):
        if finding.status == "open":
            name = finding.clause or finding.requirement_reference or finding.nc_number
            return broken_at(
                "major_unanswered",
                f"Major nonconformity (Clause {name}) has not been responded to",
                Place("non_conformities", finding.id, "corrective_action"),
                cites="response",
            )
    return None


def _ready_for_decision(world: World, audit: Row, place: Place) -> RuleBroken | None:
    if not world.find("certification_decisions", audit_schedule_id=audit.id):
        return broken_at(
            "no_decision",
            "An audit is decided by recording the decision.",
            place,
            cites="decision",
        )
    return None


_CONDITIONS: dict[str, Callable[[World, Row, Place], RuleBroken | None]] = {
    "client_review": _ready_for_client,
    "submitted_to_cb": _ready_for_body,
    "decided": _ready_for_decision,
}


def check_stage2(change: Change, actor: Actor, world: World) -> None:
    """Stage 2 starts only on the conclusions of Stage 1 (rule 10)."""
    del actor
    state = change.moved("status")
    if state is None or state[1] != "in_progress":
        return
    audit = change.after
    if audit.audit_type != "initial" or audit.audit_stage != "stage2":
        return
    conclusions = world.find("audit_documentation", audit_schedule_id=audit.stage1_audit_id)
    if not any(row.summary_completed and row.key_findings_summary for row in conclusions):
        raise broken(
            "stage1_conclusions",
            "Stage 2 needs the written conclusions of Stage 1. Complete the Stage 1 audit first.",
            change,
            "stage1_audit_id",
            cites="stage2",
        )
