"""The public question: is this certificate valid?"""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from intact_core import clock
from intact_core.errors import NotFound
from sync_server.auth.permissions import database_of, public_limit
from sync_server.back_office.page import show
from sync_server.services.certificates import verify_number

router = APIRouter(prefix="/verify")


@router.get("")
def form(request: Request, number: str = "") -> Response:
    if number.strip():
        return RedirectResponse(f"/verify/{quote(number.strip(), safe='')}", 303)
    return show(request, "verify.html", number="", found=None, asked=False, now=clock.now())


@router.get("/{number}")
def answer(request: Request, number: str) -> Response:
    public_limit(request)
    shown: dict[str, Any] = {"number": number[:60], "asked": True, "now": clock.now()}
    try:
        found = verify_number(database_of(request), number)
    except NotFound:
        return show(request, "verify.html", status=404, found=None, **shown)
    return show(request, "verify.html", found=found, **shown)
