"""Standards and checklist templates."""

from fastapi import APIRouter, Request, Response

from sync_server.auth.callers import OFFICE
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import Visitor, show
from sync_server.services.standards import templates

router = APIRouter(prefix="/standards")


@router.get("")
def index(request: Request, caller: Visitor) -> Response:
    caller.require(*OFFICE)
    with database_of(request).read(caller.tenant) as session:
        rows = templates(session)
    return show(request, "standards.html", caller=caller, rows=rows, error=None)
