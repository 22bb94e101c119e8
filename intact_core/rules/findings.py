"""Content, response and verification of a non-conformity (domain rules 10 to 13)."""

from collections.abc import Iterator

from intact_core.errors import Place, RuleBroken
from intact_core.rules.kernel import Actor, Change, Row, World, broken, broken_at

GRADED = frozenset({"major", "minor"})
RESPONSE_FIELDS = ("cause", "correction", "corrective_action")
RESPONSE_DAYS = 30
"""Days for the client's answer where the tenant says no other number."""
_CONTENT = (
    ("requirement_reference", "the one requirement that is not fulfilled"),
    ("description", "the statement of the non-conformity"),
    ("evidence", "the objective evidence"),
)


def missing_parts(finding: Row) -> Iterator[tuple[Place, str]]:
    """What a graded finding still lacks (ISO/IEC 17021-1, 9.4.5.3): place and words for each."""
    if finding.severity not in GRADED or finding.status == "void":
        return
    for field, words in _CONTENT:
        if not (getattr(finding, field) or "").strip():
            yield Place("non_conformities", finding.id, field), words


def check_grade(change: Change, actor: Actor, world: World) -> None:
    """Stage 1 has areas of concern; a non-conformity never becomes an opportunity."""
    del actor
    grade = change.moved("severity")
    if grade is None:
        return
    old, new = grade
    if old in GRADED and new not in GRADED:
        raise broken(
            "nc_as_ofi",
            "A non-conformity cannot be turned into an observation or an opportunity for "
            "improvement. Void it with a reason and record the new finding beside it.",
            change,
            "severity",
            cites="finding_not_ofi",
        )
    audit = world.get("audit_schedules", change.after.audit_schedule_id)
    if new in GRADED and audit is not None and audit.audit_stage == "stage1":
        raise broken(
            "stage1_grade",
            "Stage 1 records areas of concern, not graded non-conformities. "
            "Record it as an observation.",
            change,
            "severity",
            cites="stage1",
        )


def check_response(change: Change, actor: Actor, world: World) -> None:
    """A response has cause, correction and corrective action before it counts as one."""
    del actor, world
    state = change.moved("status")
    if state is None or state[1] != "responded":
        return
    for field in RESPONSE_FIELDS:
        if not (getattr(change.after, field) or "").strip():
            words = field.replace("_", " ")
            raise broken(
                "response_incomplete",
                f"The response still lacks the {words}.",
                change,
                field,
                cites="response",
            )


def check_verification(change: Change, actor: Actor, world: World) -> None:
    """Verifying needs evidence (a note or a file) and a verifier who is not the client."""
    del actor
    state = change.moved("status")
    if state is None or state[1] != "verified":
        return
    files = world.find("audit_evidence", non_conformity_id=change.id, kind="verification")
    if not (change.after.verification_notes or "").strip() and not files:
        raise broken(
            "verification_evidence",
            "Say what you saw that shows the action works, or attach it.",
            change,
            "verification_notes",
            cites="verification",
        )
    if change.after.verified_by is None:
        raise broken(
            "verifier",
            "A verification names who verified.",
            change,
            "verified_by",
            cites="verification",
        )


def check_void(change: Change, actor: Actor, world: World) -> None:
    """A finding is voided with a reason, and only before the client reviews the audit."""
    del actor
    state = change.moved("status")
    if state is None or state[1] != "void":
        return
    if not (change.after.void_reason or "").strip():
        raise broken("void_reason", "Say why the finding is void.", change, "void_reason")
    audit = world.get("audit_schedules", change.after.audit_schedule_id)
    if audit is not None and audit.workflow_status != "draft":
        raise broken("void_late", "The client has seen this finding; it stays.", change, "status")


_NOT_YET = {
    "open": ("has no complete response with cause, correction and corrective action", "response"),
    "responded": ("has a response that is not reviewed and accepted yet", "verification"),
    "accepted": ("has an action whose effect is not verified yet", "verification"),
}


def close_problem(finding: Row, state: str) -> RuleBroken | None:
    """Why a finding in this state is not closed now, or None (9.4.9, 9.4.10)."""
    place = Place("non_conformities", finding.id, "status")
    if state in ("closed", "void"):
        return broken_at("transition", f"Invalid transition from '{state}' to 'closed'", place)
    if state not in _NOT_YET or (state == "open" and finding.severity not in GRADED):
        return None
    words, topic = _NOT_YET[state]
    return broken_at("not_verified", f"{finding.nc_number} {words}.", place, cites=topic)


def check_close(change: Change, actor: Actor, world: World) -> None:
    """A non-conformity is closed once its action is verified; an observation at any time."""
    del actor, world
    state = change.moved("status")
    if state is None or state[1] != "closed":
        return
    problem = close_problem(change.after, str(state[0])) if state[0] is not None else None
    if problem is not None:
        raise problem
