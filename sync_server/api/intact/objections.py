"""A client's objections to an audit team."""

from typing import Annotated
from uuid import UUID

from fastapi import Response

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.fields import EXAMPLE_ID, Body, Filters, Moment, Reason, Shown, example
from sync_server.api.intact.resources import Resource, add_single, router_of, shows
from sync_server.services import objections
from sync_server.services.objections import OBJECTIONS


class NewObjection(Body):
    """To the whole team, or with `user_id` to one member."""

    model_config = example(
        audit_schedule_id=EXAMPLE_ID,
        reason="The auditor worked for a competitor of ours.",
    )

    audit_schedule_id: UUID
    user_id: UUID | None = None
    reason: Reason


class Resolution(Body):
    model_config = example(resolution="Another auditor was assigned.")

    resolution: Reason


class ShownObjection(Shown):
    audit_schedule_id: UUID
    user_id: UUID | None
    reason: str
    recorded_by: UUID | None
    resolution: str | None
    resolved_at: Moment | None
    resolved_by: UUID | None


class ObjectionFilters(Filters):
    search: str | None = None
    audit_schedule_id: UUID | None = None


OBJECTION = Resource(
    OBJECTIONS,
    "team-objections",
    "audit_team",
    ShownObjection,
    ObjectionFilters,
    NewObjection,
    removable=False,
    create=objections.note,
)

router = router_of(OBJECTION, "Team objections")
add_single(router, OBJECTION)
routers = (router,)


@router.post("/{id}/resolve", summary="Resolve an objection", **shows(ShownObjection))
def resolve(
    id: UUID, ask: Annotated[Ask, needs("audit_team", "update")], given: Resolution
) -> Response:
    """An audit does not start while an objection to its team is open (9.2.3)."""
    with ask.writing() as session:
        row = objections.resolve(session, ask.caller, id, given.resolution)
        return OBJECTION.done(session, row, "Objection resolved")
