"""Standards and checklist templates."""

from fastapi import APIRouter, Request, Response

from intact_core.errors import BadInput
from sync_server.auth.callers import OFFICE, Caller
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import OwnForm, Visitor, go, show
from sync_server.services.standards import import_catalog, templates

router = APIRouter(prefix="/standards")


@router.get("")
def index(request: Request, caller: Visitor) -> Response:
    caller.require(*OFFICE)
    return _page(request, caller, None)


@router.post("/import")
def import_file(request: Request, sent: OwnForm) -> Response:
    caller, files = sent.caller, sent.form.files
    caller.require(*OFFICE)
    try:
        if not files:
            raise BadInput("Choose a file: an OSCAL catalog in JSON.")
        with database_of(request).write(caller.tenant, caller.actor) as session:
            template = import_catalog(session, files[0].name, files[0].content)
    except BadInput as error:
        return _page(request, caller, error)
    return go(request, "/standards", f"{template.name} is imported.")


def _page(request: Request, caller: Caller, error: BadInput | None) -> Response:
    with database_of(request).read(caller.tenant) as session:
        rows = templates(session)
    return show(request, "standards.html", caller=caller, rows=rows, error=error)
