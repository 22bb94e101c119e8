"""Complaints: taken in, acknowledged, looked into, resolved."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.fields import (
    EXAMPLE_ID,
    Body,
    Day,
    Filters,
    Moment,
    Number,
    Reason,
    Shown,
    Text,
    example,
)
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import complaints

Status = Literal["open", "investigating", "resolved", "closed"]


class ComplaintChanges(Body):
    model_config = example(status="investigating")

    complaint_type: Text | None = None
    description: Reason | None = None
    investigation_summary: Reason | None = None
    status: Status | None = None


class NewComplaint(Body):
    """Without a number one is given; without a date it was received today."""

    model_config = example(
        client_id=EXAMPLE_ID,
        complaint_number="CMP-2025-001",
        complaint_type="Service Quality",
        description="Client dissatisfied with audit response time",
        received_date="2025-07-20",
        status="open",
    )

    client_id: UUID | None = None
    complaint_number: Number | None = None
    complaint_type: Text | None = None
    description: Reason
    received_date: Day | None = None
    status: Literal["open"] | None = None


class Resolution(Body):
    model_config = example(
        resolution="Apology sent and process improved",
        investigation_summary="Found delay due to staff shortage",
    )

    resolution: Reason
    investigation_summary: Reason | None = None


class ShownComplaint(Shown):
    client_id: UUID | None
    complaint_number: str
    complaint_type: str | None
    description: str
    received_date: Day
    acknowledged_at: Moment | None
    status: Status
    resolution: str | None
    investigation_summary: str | None
    resolved_at: Moment | None
    resolved_by: UUID | None


class ComplaintFilters(Filters):
    search: str | None = None
    status: Status | None = None
    complaint_type: str | None = None
    client_id: UUID | None = None


COMPLAINT = Resource(
    complaints.COMPLAINTS,
    "complaints",
    "complaint",
    ShownComplaint,
    ComplaintFilters,
    NewComplaint,
    ComplaintChanges,
    create=complaints.file_complaint,
    change=complaints.change_complaint,
)
router = router_of(COMPLAINT, "Complaints")
routers = (router,)
add_single(router, COMPLAINT)


@router.post("/{id}/acknowledge", summary="Acknowledge a complaint", **shows(ShownComplaint))
def acknowledge(id: UUID, ask: Annotated[Ask, needs("complaint", "update")]) -> Response:
    """Records that the complainant was told of the receipt (ISO/IEC 17021-1, 9.8)."""
    with ask.writing() as session:
        row = complaints.acknowledge(session, ask.caller, id)
        return COMPLAINT.done(session, row, "Complaint acknowledged")


@router.post("/{id}/resolve", summary="Resolve a complaint", **shows(ShownComplaint))
def resolve(
    id: UUID, ask: Annotated[Ask, needs("complaint", "approve")], given: Resolution
) -> Response:
    """Decides on a complaint that is open or looked into.

    409 for whoever is or was on an audit team at the client concerned (ISO/IEC 17021-1, 9.8).
    """
    with ask.writing() as session:
        row = complaints.resolve(
            session, ask.caller, id, given.resolution, given.investigation_summary
        )
        return COMPLAINT.done(session, row, "Complaint resolved")
