"""The decision form, with the computed list of who may decide."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from intact_core import clock
from intact_core.errors import IntactError, NotAllowed
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import database_of
from sync_server.back_office.binding import confirm, issuer_of
from sync_server.back_office.page import Form, OwnForm, Visitor, go, show
from sync_server.services import audit_views
from sync_server.services.decisions import Decision, decide, prospect

router = APIRouter(prefix="/audits")


@router.get("/{audit_id}/decision")
def form(request: Request, caller: Visitor, audit_id: UUID) -> Response:
    return _page(request, caller, audit_id)


@router.post("/{audit_id}/decision")
def record(request: Request, sent: OwnForm, audit_id: UUID) -> Response:
    caller = sent.caller
    try:
        confirm(request, sent)
        given = _decision(sent.form)
        with database_of(request).write(caller.tenant, caller.actor) as session:
            made = decide(session, issuer_of(request), caller, audit_id, given)
    except NotAllowed:
        raise
    except IntactError as error:
        return _page(request, caller, audit_id, sent.form, error)
    if made.certificate_id is None:
        return go(request, f"/audits/{audit_id}", "Decision saved successfully.")
    done = f"Decision saved successfully. Certificate {made.certificate_number} is issued."
    return go(request, f"/certificates/{made.certificate_id}", done)


def _decision(form: Form) -> Decision:
    return Decision(
        decision=form.text("decision"),
        decided_on=form.day("decision_date"),
        years=form.number("validity_period_years", 3),
        conditions=form.text("special_conditions") or None,
        issue_later=bool(form.text("issue_later")),
    )


def _page(
    request: Request,
    caller: Caller,
    audit_id: UUID,
    typed: Form | None = None,
    error: IntactError | None = None,
) -> Response:
    if caller.client_id is not None:
        raise NotAllowed("Decisions are made by the certification body.")
    with database_of(request).read(caller.tenant) as session:
        view = audit_views.audit_view(session, caller, audit_id)
        prospects = prospect(session, caller, view.audit)
    more: dict[str, Any] = {"view": view, "prospect": prospects, "today": clock.today()}
    kept = typed.values if typed else {}
    return show(request, "decision.html", caller=caller, typed=kept, error=error, **more)
