"""Signing in and out."""

from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from intact_core.errors import NotSignedIn
from sync_server.auth import sessions, tickets
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import (
    address_of,
    database_of,
    door_of,
    sealing_of,
    settings_of,
)
from sync_server.auth.sign_in import Proof, check_password, enter
from sync_server.back_office.page import FormData, OwnForm, go, show
from sync_server.services import entrance
from sync_server.tables.accounts import Account

router = APIRouter()


@router.get("/sign-in")
def form(request: Request, next: str = "/") -> Response:
    return show(request, "sign_in.html", next=local(next), email="", error=None)


@router.post("/sign-in")
def submit(request: Request, sent: FormData) -> Response:
    sessions.check_origin(request, settings_of(request))
    email, to = sent.text("email"), local(sent.text("next"))
    proof = Proof(email, sent.values.get("password", ""), address_of(request))
    try:
        account = check_password(door_of(request), proof)
        if account.totp_confirmed_at is not None:
            return _ask_for_code(request, account, to, None)
        return _come_in(request, account, proof, to)
    except NotSignedIn as error:
        kept: dict[str, Any] = {"next": to, "email": email, "error": error}
        return show(request, "sign_in.html", status=401, **kept)


@router.post("/sign-in/code")
def second_step(request: Request, sent: FormData) -> Response:
    sessions.check_origin(request, settings_of(request))
    to = local(sent.text("next"))
    try:
        with database_of(request).read(None) as session:
            account = tickets.read(session, sealing_of(request), sent.text("ticket"))
    except NotSignedIn as error:
        return show(request, "sign_in.html", status=401, next=to, email="", error=error)
    proof = Proof(account.email, "", address_of(request), sent.text("code") or "-")
    try:
        return _come_in(request, account, proof, to)
    except NotSignedIn as error:
        return _ask_for_code(request, account, to, error)


def _ask_for_code(
    request: Request, account: Account, to: str, error: NotSignedIn | None
) -> Response:
    ticket = tickets.write(sealing_of(request), account)
    status = 200 if error is None else 401
    return show(request, "code.html", status=status, next=to, ticket=ticket, error=error)


def _come_in(request: Request, account: Account, proof: Proof, to: str) -> Response:
    settings = settings_of(request)
    old = request.cookies.get(sessions.cookie_name(settings))

    def begin(session: Session, caller: Caller) -> str:
        return entrance.begin_with_browser(session, caller, old)

    _, value = enter(door_of(request), account, proof, begin)
    answer = go(request, to)
    sessions.set_cookie(answer, settings, value)
    return answer


@router.post("/sign-out")
def sign_out(request: Request, sent: OwnForm) -> Response:
    settings, caller = settings_of(request), sent.caller
    value = request.cookies.get(sessions.cookie_name(settings))
    with database_of(request).write(caller.tenant_id, caller.actor) as session:
        entrance.leave_with_browser(session, caller, value)
    answer = go(request, "/sign-in")
    sessions.clear_cookie(answer, settings)
    return answer


def local(path: str) -> str:
    """A path of this server; anything else becomes the first page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
