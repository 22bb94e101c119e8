"""Certificates: issue one that was decided, suspend, reinstate, withdraw, renew, amend."""

from collections.abc import Callable
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, IntactError, NotAllowed, NotFound, RuleBroken
from intact_core.records.certificates import Certificate
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import database_of
from sync_server.back_office.binding import confirm, issuer_of
from sync_server.back_office.page import Form, OwnForm, Posted, go
from sync_server.services import certificate_actions
from sync_server.services.certificate_actions import Renewal
from sync_server.services.certificates import Issuer
from sync_server.services.visibility import SEES_ALL

router = APIRouter()
Act = Callable[[Session, Issuer, Caller], Certificate]


@router.post("/audits/{audit_id}/certificate")
def issue(request: Request, sent: OwnForm, audit_id: UUID) -> Response:
    def act(session: Session, issuer: Issuer, caller: Caller) -> Certificate:
        return certificate_actions.grant_decided(session, issuer, caller, audit_id)

    return _done(request, sent, f"/audits/{audit_id}", act)


def _done(request: Request, sent: Posted, here: str, act: Act) -> Response:
    caller = sent.caller
    caller.require(*SEES_ALL)
    try:
        confirm(request, sent)
        with database_of(request).write(caller.tenant, caller.actor) as session:
            row = act(session, issuer_of(request), caller)
    except (NotAllowed, NotFound):
        raise
    except IntactError as error:
        clause = f" ({error.clause})" if isinstance(error, RuleBroken) and error.clause else ""
        return go(request, here, f"{error.sentence}{clause}", "error")
    done = f"Done. Certificate {row.certificate_number}, revision {row.revision}."
    return go(request, f"/certificates/{row.id}", done)


def _reason(form: Form) -> str:
    if not form.text("reason"):
        raise BadInput("Say why.")
    return form.text("reason")


def _suspend(form: Form, id_: UUID) -> Act:
    reason, ground = _reason(form), form.text("ground")
    return lambda session, _, caller: certificate_actions.suspend(
        session, caller, id_, reason, ground
    )


def _reinstate(form: Form, id_: UUID) -> Act:
    reason = _reason(form)
    return lambda session, _, caller: certificate_actions.reinstate(session, caller, id_, reason)


def _withdraw(form: Form, id_: UUID) -> Act:
    reason = _reason(form)
    return lambda session, _, caller: certificate_actions.withdraw(session, caller, id_, reason)


def _amend(form: Form, id_: UUID) -> Act:
    values = {"scope": form.text("scope"), "reason": _reason(form)}
    if not values["scope"]:
        raise BadInput("A certificate states its scope.")
    return lambda session, issuer, caller: certificate_actions.amend(
        session, issuer, caller, id_, values
    )


def _renew(form: Form, id_: UUID) -> Act:
    wanted = Renewal(form.id("audit"))
    return lambda session, issuer, caller: certificate_actions.renew(
        session, issuer, caller, id_, wanted
    )


def _route(prepare: Callable[[Form, UUID], Act]) -> Callable[..., Response]:
    def change(request: Request, sent: OwnForm, certificate_id: UUID) -> Response:
        def act(session: Session, issuer: Issuer, caller: Caller) -> Certificate:
            return prepare(sent.form, certificate_id)(session, issuer, caller)

        return _done(request, sent, f"/certificates/{certificate_id}", act)

    return change


for name, prepare in (
    ("suspend", _suspend),
    ("reinstate", _reinstate),
    ("withdraw", _withdraw),
    ("amend", _amend),
    ("renew", _renew),
):
    router.post(f"/certificates/{{certificate_id}}/{name}")(_route(prepare))
