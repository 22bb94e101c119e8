"""The operator's page: which certification bodies there are, and nothing of their work."""

from fastapi import APIRouter, Request, Response

from sync_server.auth.callers import PLATFORM
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import Visitor, show
from sync_server.services.tenants import list_tenants

router = APIRouter(prefix="/tenants")


@router.get("")
def index(request: Request, caller: Visitor) -> Response:
    caller.require(PLATFORM)
    rows = list_tenants(database_of(request))
    return show(request, "tenants.html", caller=caller, rows=rows)
