"""Conflicts: both sides with person and time; one is chosen, or a third is written."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from intact_core.errors import BadInput, RuleBroken
from intact_core.records.conflicts import Conflict
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import OwnForm, Visitor, go, show
from sync_server.services.audit_views import people
from sync_server.services.conflicts import conflict_of, open_in_audit, settle
from sync_server.services.visibility import audit_of

router = APIRouter()


@router.get("/audits/{audit_id}/conflicts")
def index(request: Request, caller: Visitor, audit_id: UUID) -> Response:
    if caller.client_id is not None:
        caller.require("cb_admin")
    with database_of(request).read(caller.tenant) as session:
        audit = audit_of(session, caller, audit_id)
        rows, names = open_in_audit(session, audit_id), people(session)
    more: dict[str, Any] = {"audit": audit, "rows": rows, "people": names, "editable": _editable}
    return show(request, "conflicts.html", caller=caller, **more)


@router.post("/conflicts/{conflict_id}")
def choose(request: Request, sent: OwnForm, conflict_id: UUID) -> Response:
    caller, form = sent.caller, sent.form
    database = database_of(request)
    with database.read(caller.tenant) as session:
        conflict = conflict_of(session, caller, conflict_id)
    back = f"/audits/{conflict.scope.partition(':')[2]}/conflicts"
    resolution = form.text("resolution")
    edited = _edited(conflict, form.values) if resolution == "edited" else None
    try:
        with database.write(caller.tenant, caller.actor) as session:
            settle(session, caller, conflict_id, resolution, form.text("reason"), edited)
    except (BadInput, RuleBroken) as error:
        return go(request, back, error.sentence, "error")
    return go(request, back, "The conflict is settled; both values stay in the history.")


def _editable(conflict: Conflict) -> list[str]:
    """Fields whose value is text on either side: those that a form can edit."""
    names = sorted({*conflict.server, *conflict.incoming})
    return [
        name
        for name in names
        if any(isinstance(side.get(name), str) for side in (conflict.server, conflict.incoming))
    ]


def _edited(conflict: Conflict, values: dict[str, str]) -> dict[str, Any]:
    return {name: values.get(f"value:{name}", "") or None for name in _editable(conflict)}
