"""The public question: is this certificate valid?"""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from intact_core import clock
from intact_core.errors import BadInput, NotFound
from sync_server.auth.permissions import database_of, keys_of, public_limit
from sync_server.back_office.page import FormData, show
from sync_server.services.document_check import check_document
from sync_server.services.files import clean_name
from sync_server.services.public_certificates import verify_number

router = APIRouter(prefix="/verify")


@router.get("")
def form(request: Request, number: str = "") -> Response:
    if number.strip():
        return RedirectResponse(f"/verify/{quote(number.strip(), safe='')}", 303)
    return show(request, "verify.html", number="", found=None, asked=False, **_nothing())


@router.post("")
def check_file(request: Request, sent: FormData) -> Response:
    """A file somebody holds: checked, never kept."""
    public_limit(request)
    if not sent.files:
        return RedirectResponse("/verify", 303)
    upload = sent.files[0]
    shown = _nothing() | {"file": clean_name(upload.name)}
    try:
        shown["checked"] = check_document(database_of(request), keys_of(request), upload.content)
    except BadInput as error:
        shown["error"] = error
    return show(request, "verify.html", number="", found=None, asked=False, **shown)


@router.get("/{number}")
def answer(request: Request, number: str) -> Response:
    public_limit(request)
    shown: dict[str, Any] = {"number": number[:60], "asked": True} | _nothing()
    try:
        found = verify_number(database_of(request), number)
    except NotFound:
        return show(request, "verify.html", status=404, found=None, **shown)
    return show(request, "verify.html", found=found, **shown)


def _nothing() -> dict[str, Any]:
    return {"now": clock.now(), "checked": None, "error": None, "file": ""}
