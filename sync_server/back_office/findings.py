"""A finding: the client answers it, the lead reviews and verifies the answer."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, IntactError, NotAllowed, RuleBroken
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import database_of, keys_of
from sync_server.back_office.page import Form, OwnForm, Posted, Visitor, go, show
from sync_server.services import finding_views, findings
from sync_server.services.findings import Answer, FileKeeper

router = APIRouter(prefix="/findings")
Act = Callable[[Session], Any]


@router.get("/{finding_id}")
def detail(request: Request, caller: Visitor, finding_id: UUID) -> Response:
    return _page(request, caller, finding_id)


@router.post("/{finding_id}/answer")
def answer(request: Request, sent: OwnForm, finding_id: UUID) -> Response:
    form, caller = sent.form, sent.caller
    if caller.client_id is None:
        raise NotAllowed("Cause, correction and corrective action come from the client.")
    given = Answer(form.text("cause"), form.text("correction"), form.text("corrective_action"))
    submit = form.text("submit") == "send"

    def act(session: Session) -> None:
        _add_files(request, session, sent, finding_id)
        findings.answer(session, caller, finding_id, given, submit=submit)

    done = "Your answer was sent." if submit else "Your draft is kept."
    return _act(request, sent, finding_id, act, done)


@router.post("/{finding_id}/review")
def review(request: Request, sent: OwnForm, finding_id: UUID) -> Response:
    accept, notes = sent.form.text("verdict") == "accept", sent.form.text("review_notes")

    def act(session: Session) -> None:
        findings.review(session, sent.caller, finding_id, accept=accept, notes=notes)

    done = "The answer is accepted." if accept else "The answer went back to the client."
    return _act(request, sent, finding_id, act, done)


@router.post("/{finding_id}/verify")
def verify(request: Request, sent: OwnForm, finding_id: UUID) -> Response:
    def act(session: Session) -> None:
        _add_files(request, session, sent, finding_id)
        findings.verify(session, sent.caller, finding_id, sent.form.text("verification_notes"))

    return _act(request, sent, finding_id, act, "The action is verified.")


@router.post("/{finding_id}/close")
def close(request: Request, sent: OwnForm, finding_id: UUID) -> Response:
    def act(session: Session) -> None:
        findings.close(session, sent.caller, finding_id)

    return _act(request, sent, finding_id, act, "The finding is closed.")


def _add_files(request: Request, session: Session, sent: Posted, finding_id: UUID) -> None:
    keeper = FileKeeper(request.app.state.blobs, keys_of(request))
    words = sent.form.text("file_description")
    for upload in sent.form.files:
        findings.add_file(session, sent.caller, keeper, finding_id, upload, words)


def _act(request: Request, sent: Posted, finding_id: UUID, act: Act, done: str) -> Response:
    caller = sent.caller
    try:
        with database_of(request).write(caller.tenant, caller.actor) as session:
            act(session)
    except (BadInput, RuleBroken) as error:
        return _page(request, caller, finding_id, sent.form, error)
    return go(request, f"/findings/{finding_id}", done)


def _page(
    request: Request,
    caller: Caller,
    finding_id: UUID,
    typed: Form | None = None,
    error: IntactError | None = None,
) -> Response:
    with database_of(request).read(caller.tenant) as session:
        view = finding_views.finding_view(session, caller, finding_id)
    kept = typed.values if typed else {}
    return show(request, "finding.html", caller=caller, view=view, typed=kept, error=error)
