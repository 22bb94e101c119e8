"""Who is competent for what: the decision form stands on it."""

from fastapi import APIRouter, Request, Response

from intact_core.errors import BadInput
from sync_server.auth.callers import OFFICE, Caller
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import Form, OwnForm, Visitor, go, show
from sync_server.services import competences
from sync_server.services.standards import staff

router = APIRouter(prefix="/competences")


@router.get("")
def index(request: Request, caller: Visitor) -> Response:
    caller.require(*OFFICE)
    return _page(request, caller)


@router.post("")
def record(request: Request, sent: OwnForm) -> Response:
    caller, form = sent.caller, sent.form
    caller.require(*OFFICE)
    try:
        person, standard = form.id("person"), form.id("standard")
        level, until = form.text("level"), form.day("until")
        with database_of(request).write(caller.tenant, caller.actor) as session:
            competences.record_competence(session, person, standard, level, until)
    except BadInput as error:
        return _page(request, caller, form, error)
    return go(request, "/competences", "The competence is recorded.")


def _page(
    request: Request, caller: Caller, typed: Form | None = None, error: BadInput | None = None
) -> Response:
    with database_of(request).read(caller.tenant) as session:
        return show(
            request,
            "competences.html",
            caller=caller,
            error=error,
            typed=typed.values if typed else {},
            rows=competences.competences(session),
            staff=staff(session),
            standards=competences.standards(session),
            levels=competences.LEVELS,
        )
