"""Audits: the list, and one audit with everything that belongs to it."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from intact_core.errors import RuleBroken
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import OwnForm, Visitor, go, show
from sync_server.services import audit_views
from sync_server.services.audits import cancel, move_progress, move_workflow

router = APIRouter(prefix="/audits")


@router.get("")
def index(
    request: Request, caller: Visitor, q: str = "", workflow: str = "", progress: str = ""
) -> Response:
    wanted = audit_views.Filter(q, workflow, progress)
    with database_of(request).read(caller.tenant) as session:
        rows = audit_views.audit_list(session, caller, wanted)
    return show(request, "audits.html", caller=caller, rows=rows, wanted=wanted)


@router.get("/{audit_id}")
def detail(request: Request, caller: Visitor, audit_id: UUID) -> Response:
    with database_of(request).read(caller.tenant) as session:
        view = audit_views.audit_view(session, caller, audit_id)
    return show(request, "audit.html", caller=caller, view=view)


@router.post("/{audit_id}/step")
def step(request: Request, sent: OwnForm, audit_id: UUID) -> Response:
    caller, to = sent.caller, sent.form.text("to")
    here = f"/audits/{audit_id}"
    try:
        with database_of(request).write(caller.tenant, caller.actor) as session:
            if sent.form.text("machine") == "status":
                move_progress(session, caller, audit_id, to)
            else:
                move_workflow(session, caller, audit_id, to, sent.form.text("notes"))
    except RuleBroken as error:
        return go(request, here, error.sentence, "error")
    return go(request, here, f"Audit status changed to {to}")


@router.post("/{audit_id}/cancel")
def call_off(request: Request, sent: OwnForm, audit_id: UUID) -> Response:
    caller = sent.caller
    with database_of(request).write(caller.tenant, caller.actor) as session:
        cancel(session, caller, audit_id, sent.form.text("reason"))
    return go(request, f"/audits/{audit_id}", "The audit is cancelled.")
