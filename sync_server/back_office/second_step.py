"""The own second factor: set up with an authenticator, confirmed, removed."""

import base64
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from reportlab.graphics import renderSVG

from intact_core.documents.qr import qr_drawing
from intact_core.errors import IntactError
from sync_server.auth import sessions
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import (
    database_of,
    door_of,
    factor_of,
    own_web_caller,
    settings_of,
)
from sync_server.back_office.page import Form, FormData, Posted, go, show
from sync_server.services import entrance
from sync_server.tables.accounts import Account

router = APIRouter(prefix="/second-step")
Person = Annotated[Caller, Depends(own_web_caller)]


def _posted(request: Request, caller: Person, form: FormData) -> Posted:
    sessions.check_origin(request, settings_of(request))
    sessions.check_form_token(request.state.web_session, form.values.get("form_token"))
    return Posted(caller, form)


# Not `OwnForm`: whoever still lacks the factor that is asked for comes here to set it up.
MyForm = Annotated[Posted, Depends(_posted)]


@router.get("")
def index(request: Request, caller: Person) -> Response:
    return _page(request, caller)


@router.post("/begin")
def begin(request: Request, sent: MyForm) -> Response:
    try:
        entrance.begin_factor(door_of(request), sent.caller, _secret(sent.form, "password"))
    except IntactError as error:
        return _page(request, sent.caller, error=error)
    return go(request, "/second-step")


@router.post("/confirm")
def confirm(request: Request, sent: MyForm) -> Response:
    try:
        codes = entrance.confirm_factor(door_of(request), sent.caller, sent.form.text("code"))
    except IntactError as error:
        return _page(request, sent.caller, error=error)
    return _page(request, sent.caller, codes=codes)


@router.post("/remove")
def remove(request: Request, sent: MyForm) -> Response:
    password, code = _secret(sent.form, "password"), sent.form.text("code")
    try:
        entrance.remove_factor(door_of(request), sent.caller, password, code)
    except IntactError as error:
        return _page(request, sent.caller, error=error)
    return go(request, "/second-step", "You sign in with the password alone again.")


def _secret(form: Form, name: str) -> str:
    return form.values.get(name, "")


def _page(
    request: Request,
    caller: Caller,
    *,
    error: IntactError | None = None,
    codes: list[str] | None = None,
) -> Response:
    with database_of(request).read(None) as session:
        account = session.get_one(Account, caller.email)
        begun = factor_of(request).begun(account)
    more: dict[str, Any] = {
        "since": account.totp_confirmed_at,
        "left": len(account.recovery_codes or ()),
        "begun": begun,
        "picture": _picture(begun.address) if begun else "",
    }
    return show(
        request,
        "second_step.html",
        caller=caller,
        status=400 if error else 200,
        error=error,
        codes=codes,
        **more,
    )


def _picture(address: str) -> str:
    drawn = renderSVG.drawToString(qr_drawing(address, 160))
    content = drawn if isinstance(drawn, bytes) else drawn.encode()
    return "data:image/svg+xml;base64," + base64.b64encode(content).decode()
