"""Conflicts: both sides with person and time; one is chosen, or a third is written."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from intact_core.errors import BadInput, IntactError, RuleBroken
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import Form, OwnForm, Visitor, go, show
from sync_server.services.conflict_views import ConflictView, conflict_views
from sync_server.services.conflicts import conflict_of, settle

router = APIRouter()
_ALL = "/conflicts"


@router.get(_ALL)
def everywhere(request: Request, caller: Visitor) -> Response:
    return _page(request, caller, None)


@router.get("/audits/{audit_id}/conflicts")
def index(request: Request, caller: Visitor, audit_id: UUID) -> Response:
    return _page(request, caller, audit_id)


@router.post("/conflicts/{conflict_id}")
def choose(request: Request, sent: OwnForm, conflict_id: UUID) -> Response:
    caller, form = sent.caller, sent.form
    database = database_of(request)
    with database.read(caller.tenant) as session:
        conflict = conflict_of(session, caller, conflict_id)
    kind, _, scope_id = conflict.scope.partition(":")
    audit_id = UUID(scope_id) if kind == "audit" and form.text("list") != "all" else None
    resolution = form.text("resolution")
    edited = _edited(form) if resolution == "edited" else None
    try:
        with database.write(caller.tenant, caller.actor) as session:
            settle(session, caller, conflict_id, resolution, form.text("reason"), edited)
    except (BadInput, RuleBroken) as error:
        return _page(request, caller, audit_id, (conflict_id, form, error))
    back = f"/audits/{audit_id}/conflicts" if audit_id else _ALL
    return go(request, back, "The conflict is settled; both values stay in the history.")


def _edited(form: Form) -> dict[str, Any]:
    prefix = "value:"
    return {
        name.removeprefix(prefix): value.replace("\r\n", "\n").strip() or None
        for name, value in form.values.items()
        if name.startswith(prefix)
    }


def _page(
    request: Request,
    caller: Caller,
    audit_id: UUID | None,
    failed: tuple[UUID, Form, IntactError] | None = None,
) -> Response:
    with database_of(request).read(caller.tenant) as session:
        views = conflict_views(session, caller, audit_id)
    audits: dict[UUID | None, list[ConflictView]] = {}
    for view in views:
        audits.setdefault(view.audit.id if view.audit else None, []).append(view)
    at, form, error = failed or (None, Form({}), None)
    more: dict[str, Any] = {"audits": audits, "audit_id": audit_id, "count": len(views)}
    is_there = any(view.conflict.id == at for view in views)
    more |= {"failed": at, "typed": form.values, "error": error, "is_there": is_there}
    return show(request, "conflicts.html", caller=caller, **more)
