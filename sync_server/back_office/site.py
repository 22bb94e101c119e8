"""The pages put together: routes, static files, the refusals, the API's documentation."""

from pathlib import Path
from urllib.parse import quote

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from starlette.staticfiles import StaticFiles

from intact_core.errors import IntactError
from sync_server.auth.permissions import web_caller
from sync_server.auth.second_factor import FactorNeeded
from sync_server.back_office import (
    audits,
    certificate_actions,
    certificates,
    competences,
    conflicts,
    decisions,
    devices,
    files,
    findings,
    scheduling,
    second_step,
    set_aside,
    sign_in,
    standards,
    tenants,
    verify,
)
from sync_server.back_office.page import Visitor, show

_STATIC = Path(__file__).parent / "static"
_DOCS = "/docs"
router = APIRouter()


@router.get("/")
def home(caller: Visitor) -> Response:
    return RedirectResponse("/tenants" if caller.is_platform else "/audits", 303)


@router.get(_DOCS)
def docs(request: Request) -> Response:
    return show(request, "docs.html")


def mount(app: FastAPI) -> None:
    parts = (
        sign_in,
        second_step,
        scheduling,
        set_aside,
        audits,
        findings,
        conflicts,
        decisions,
        certificates,
        certificate_actions,
        files,
        devices,
        tenants,
        standards,
        competences,
        verify,
    )
    for part in parts:
        app.include_router(part.router, include_in_schema=False)
    app.include_router(router, include_in_schema=False)
    app.mount("/static", StaticFiles(directory=_STATIC))


def refusal(request: Request, status: int, error: IntactError) -> Response:
    """A page that says what happened; somebody not signed in comes to the sign-in page."""
    if status == 401 and request.method == "GET":
        return RedirectResponse(f"/sign-in?next={quote(request.url.path)}", 303)
    if isinstance(error, FactorNeeded):
        return RedirectResponse("/second-step", 303)
    try:
        caller = web_caller(request)
    except IntactError:
        caller = None
    return show(request, "refusal.html", caller=caller, status=status, error=error, code=status)


def policy_for(path: str, policy: str) -> str:
    """The content policy; the API's documentation sets styles from its own script."""
    if path == _DOCS:
        return policy.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
    return policy
