"""Applications for certification: made, submitted, decided, and the audit time they need."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Response

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.audit_time import NewAuditTime, ShownAuditTime, shown_audit_time
from sync_server.api.intact.envelope import answer, success
from sync_server.api.intact.fields import (
    Body,
    Count,
    Filters,
    Long,
    Moment,
    Number,
    Reason,
    Shown,
    Text,
)
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import applications as service
from sync_server.services import audit_time, records
from sync_server.services.applications import APPLICATIONS

Status = Literal["draft", "submitted", "approved", "rejected"]


class ApplicationChanges(Body):
    scheme_type: Text | None = None
    standard_id: UUID | None = None
    scope_description: Long | None = None
    employee_count: Count | None = None


class NewApplication(ApplicationChanges):
    """Begins as a draft. Without a number one is given."""

    client_id: UUID
    application_number: Number | None = None
    standard_id: UUID
    status: Literal["draft"] = "draft"


class Rejection(Body):
    rejection_reason: Reason


class ShownApplication(Shown):
    """`employee_count` is the effective personnel; without it the client's counts."""

    client_id: UUID
    application_number: str
    scheme_type: str | None
    standard_id: UUID
    scope_description: str | None
    employee_count: int | None
    status: Status
    submitted_at: Moment | None
    decided_at: Moment | None
    rejection_reason: str | None


class WholeApplication(ShownApplication):
    audit_time: ShownAuditTime | None


class ApplicationFilters(Filters):
    search: str | None = None
    status: Status | None = None
    scheme_type: str | None = None
    client_id: UUID | None = None


APPLICATION = Resource(
    APPLICATIONS,
    "applications",
    "application",
    ShownApplication,
    ApplicationFilters,
    NewApplication,
    ApplicationChanges,
    single=WholeApplication,
    computed={"audit_time": shown_audit_time},
    create=service.create_application,
    change=service.change_application,
)
router = router_of(APPLICATION, "Applications")
add_single(router, APPLICATION)
routers = (router,)


@router.post("/{id}/submit", **shows(WholeApplication))
def submit(id: UUID, ask: Annotated[Ask, needs("application", "update")]) -> Response:
    """Hand a draft in for review. It needs a scope and the number of people (409 without)."""
    with ask.writing() as session:
        row = service.submit(session, ask.caller, id)
        return APPLICATION.done(session, row, "Application submitted")


@router.post("/{id}/approve", **shows(WholeApplication))
def approve(id: UUID, ask: Annotated[Ask, needs("application", "approve")]) -> Response:
    """Accept a submitted application."""
    with ask.writing() as session:
        row = service.approve(session, ask.caller, id)
        return APPLICATION.done(session, row, "Application approved")


@router.post("/{id}/reject", **shows(WholeApplication))
def reject(
    id: UUID, given: Rejection, ask: Annotated[Ask, needs("application", "approve")]
) -> Response:
    """Decline a submitted application with the reason that the client is told."""
    with ask.writing() as session:
        row = service.reject(session, ask.caller, id, given.rejection_reason)
        return APPLICATION.done(session, row, "Application rejected")


@router.post("/{id}/audit-time", **shows(ShownAuditTime))
def determine_audit_time(
    id: UUID, given: NewAuditTime, ask: Annotated[Ask, needs("application", "update")]
) -> Response:
    """Calculate the audit time by IAF MD 5, MD 1 and MD 11 and keep the calculation."""
    with ask.writing() as session:
        row = audit_time.determine(session, ask.caller, id, given.basis())
        return answer(success(ShownAuditTime.of(row).model_dump()))


@router.get("/{id}/audit-time", **shows(ShownAuditTime))
def read_audit_time(id: UUID, ask: Annotated[Ask, needs("application", "read")]) -> Response:
    """The calculation that was kept; 404 before there is one."""
    with ask.reading() as session:
        row = records.one(session, ask.caller, APPLICATIONS, id)
        return answer(success(ShownAuditTime.of(row).model_dump()))
