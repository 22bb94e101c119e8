"""Signing in and out."""

from typing import Any

from fastapi import APIRouter, Request, Response

from intact_core.errors import NotSignedIn
from sync_server.auth import sessions
from sync_server.auth.permissions import address_of, database_of, passwords_of, settings_of
from sync_server.auth.sign_in import sign_in
from sync_server.back_office.page import FormData, OwnForm, go, show

router = APIRouter()


@router.get("/sign-in")
def form(request: Request, next: str = "/") -> Response:
    return show(request, "sign_in.html", next=local(next), email="", error=None)


@router.post("/sign-in")
def submit(request: Request, sent: FormData) -> Response:
    settings, database = settings_of(request), database_of(request)
    sessions.check_origin(request, settings)
    email, password = sent.text("email"), sent.values.get("password", "")
    try:
        caller = sign_in(database, passwords_of(request), email, password, address_of(request))
    except NotSignedIn as error:
        kept: dict[str, Any] = {"next": local(sent.text("next")), "email": email, "error": error}
        return show(request, "sign_in.html", status=401, **kept)
    old = request.cookies.get(sessions.cookie_name(settings))
    with database.write(None) as session:
        sessions.end(session, old)
        value = sessions.begin(session, caller.email)
    answer = go(request, local(sent.text("next")))
    sessions.set_cookie(answer, settings, value)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, sent: OwnForm) -> Response:
    del sent
    settings = settings_of(request)
    with database_of(request).write(None) as session:
        sessions.end(session, request.cookies.get(sessions.cookie_name(settings)))
    answer = go(request, "/sign-in")
    sessions.clear_cookie(answer, settings)
    return answer


def local(path: str) -> str:
    """A path of this server; anything else becomes the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
