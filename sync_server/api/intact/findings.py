"""Non-conformities and the corrective actions that answer them."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Body,
    Day,
    Filters,
    Line,
    Long,
    Moment,
    Number,
    Reason,
    Shown,
    Text,
    example,
)
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import corrective_actions, non_conformities
from sync_server.services.corrective_actions import ACTIONS, Seen
from sync_server.services.non_conformities import FINDINGS, phase_of

Severity = Literal["major", "minor", "observation", "opportunity"]
Phase = Literal["open", "under_review", "closed"]
State = Literal["open", "responded", "accepted", "verified", "closed", "void"]
ActionStatus = Literal["draft", "active", "completed", "verified", "closed"]


class FindingChanges(Body):
    """`under_review` accepts the complete response, `open` sends it back with `review_notes`."""

    model_config = example(status="under_review", severity="minor")

    severity: Severity | None = None
    clause: Text | None = None
    description: Reason | None = None
    requirement_reference: Text | None = None
    evidence: Long | None = None
    due_date: Day | None = None
    status: Phase | None = None
    review_notes: Long | None = None


class NewFinding(Body):
    """Without a number one is given; without a clause it is read from the requirement."""

    model_config = example(
        audit_schedule_id=EXAMPLE_ID,
        nc_number="NC-2025-001",
        severity="major",
        description="Documentation not available for review",
        requirement_reference="ISO 9001:2015 clause 7.5",
        evidence="No records found",
        status="open",
    )

    audit_schedule_id: UUID
    nc_number: Number | None = None
    severity: Severity
    clause: Text | None = None
    description: Reason
    requirement_reference: Text | None = None
    evidence: Long | None = None
    due_date: Day | None = None
    status: Literal["open"] = "open"


class ShownFinding(Shown):
    """`status` in the words of this API, `state` the exact one."""

    audit_schedule_id: UUID
    nc_number: str
    severity: Severity
    clause: str | None
    description: str
    requirement_reference: str | None
    evidence: str | None
    due_date: date | None
    raised_by: UUID | None
    status: Phase
    state: State
    cause: str | None
    correction: str | None
    corrective_action: str | None
    responded_at: Moment | None
    review_notes: str | None
    reviewed_at: Moment | None
    verification_notes: str | None
    verified_at: Moment | None
    verified_by: UUID | None
    closed_at: Moment | None


class FindingFilters(Filters):
    search: str | None = None
    severity: Severity | None = None
    status: Phase | None = None
    audit_schedule_id: UUID | None = None


class ActionChanges(Body):
    model_config = example(due_date="2025-09-15")

    title: Line | None = None
    action_plan: Reason | None = None
    responsible_person: Text | None = None
    assigned_to: UUID | None = None
    due_date: Day | None = None
    status: Literal["active", "completed"] | None = None


class NewAction(Body):
    """With cause and correction the response to the non-conformity is complete (9.4.9)."""

    model_config = example(
        non_conformity_id=EXAMPLE_ID,
        action_plan="Update documentation and train staff",
        responsible_person="Quality Manager",
        due_date="2025-08-15",
    )

    non_conformity_id: UUID
    title: Line | None = None
    action_plan: Reason
    responsible_person: Text | None = None
    assigned_to: UUID | None = None
    due_date: Day | None = None
    cause: Long | None = None
    correction: Long | None = None


class ShownAction(Shown):
    """`non_conformity_state` says how far the finding is that this answers."""

    capa_number: str
    title: str
    non_conformity_id: UUID
    non_conformity_state: State | None
    action_plan: str
    responsible_person: str | None
    assigned_to: UUID | None
    due_date: date | None
    status: ActionStatus
    verification_notes: str | None
    evidence_document_id: UUID | None
    verified_by: UUID | None
    verified_at: Moment | None


class ActionFilters(Filters):
    search: str | None = None
    non_conformity_id: UUID | None = None
    status: ActionStatus | None = None


class Verification(Body):
    """Notes, a document that shows it, or both."""

    model_config = example(
        verification_notes="Action completed and verified effective",
        evidence_document_id=EXAMPLE_ID,
    )

    verification_notes: Long | None = None
    evidence_document_id: UUID | None = None


FINDING = Resource(
    FINDINGS,
    "non-conformities",
    "non_conformity",
    ShownFinding,
    FindingFilters,
    NewFinding,
    FindingChanges,
    computed={"status": lambda row: phase_of(row.status), "state": lambda row: row.status},
    create=non_conformities.add,
    change=non_conformities.change,
)
ACTION = Resource(
    ACTIONS,
    "corrective-actions",
    "corrective_action",
    ShownAction,
    ActionFilters,
    NewAction,
    ActionChanges,
    computed={"non_conformity_state": lambda _: None},
    joined=corrective_actions.states_of_findings,
    create=corrective_actions.add,
    change=corrective_actions.change,
)

findings = router_of(FINDING, "Non-conformities")
actions = router_of(ACTION, "Corrective actions")
routers = (findings, actions)
for router, resource in zip(routers, (FINDING, ACTION), strict=True):
    add_single(router, resource)


@findings.post("/{id}/close", summary="Close a non-conformity", **shows(ShownFinding))
def close(id: UUID, ask: Annotated[Ask, needs("non_conformity", "approve")]) -> Response:
    """A non-conformity is closed once its response was accepted (9.4.9) and its action verified
    (9.4.10); an observation or opportunity at any time."""
    with ask.writing() as session:
        row = non_conformities.close(session, ask.caller, id)
        return FINDING.done(session, row, "Non-conformity closed")


@actions.post("/{id}/verify", summary="Verify a corrective action", **shows(ShownAction))
def verify(
    id: UUID, ask: Annotated[Ask, needs("corrective_action", "approve")], given: Verification
) -> Response:
    """Once only. The last action of an accepted non-conformity verifies that, too (9.4.10)."""
    seen = Seen(given.verification_notes, given.evidence_document_id)
    with ask.writing() as session:
        row = corrective_actions.verify(session, ask.caller, id, seen)
        return ACTION.done(session, row, "Corrective action verified")
