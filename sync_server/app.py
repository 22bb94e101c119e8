"""The only composition root of the server."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import IntegrityError, OperationalError, TimeoutError
from starlette.exceptions import HTTPException

from intact_core.errors import (
    BadInput,
    Damaged,
    IntactError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    RuleBroken,
    StorageFault,
    UpgradeNeeded,
)
from sync_server.api.intact import (
    applications,
    audit_logs,
    audits,
    authentication,
    certificates,
    checklists,
    clients,
    complaints,
    contracts,
    dashboard,
    devices,
    documentation,
    documents,
    envelope,
    finance,
    findings,
    health,
    objections,
    permissions,
    quotations,
    reports,
    roles,
    standards,
    tenants,
    training,
    users,
)
from sync_server.api.sync import blobs, rounds, tokens
from sync_server.api.sync import errors as sync_errors
from sync_server.auth.device_assertion import Nonces
from sync_server.auth.keys import TenantKeys
from sync_server.auth.passwords import Passwords
from sync_server.auth.public_limit import PublicLimit, TooManyRequests
from sync_server.auth.sealing import Sealing
from sync_server.auth.second_factor import SecondFactor
from sync_server.auth.tokens import Tokens
from sync_server.back_office import site
from sync_server.blobs.opening import open_store
from sync_server.blobs.store import WrongOffset
from sync_server.database.engine import Database
from sync_server.database.no_answer import for_the_log, no_answer
from sync_server.ledger.chains import ChainFork
from sync_server.services import documents as library
from sync_server.services.files import TooLarge
from sync_server.services.records import StaleVersion
from sync_server.settings import Settings

LARGEST_BODY = 64 << 20
LARGEST_BODIES = {"/api/v1/documents": library.LARGEST + (1 << 20)}
"""Of what is taken in as a stream, below these paths: the file and the form around it."""
_TOO_LARGE = "What was sent is too large. Nothing was changed."
PULLS_AT_ONCE = 4
"""Each holds a database connection; the others wait, and leave connections to the pushes."""
_LOG = logging.getLogger("intact.server")

_STATUS: tuple[tuple[type[IntactError], int], ...] = (
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
    (TooLarge, 413),
    (BadInput, 400),
    (RuleBroken, 409),
    (WrongOffset, 409),
    (ChainFork, 409),
    (StaleVersion, 412),
    (UpgradeNeeded, 426),
    (Damaged, 422),
    (TooManyRequests, 429),
    (StorageFault, 503),
)
_CONTENT_CODES = frozenset(
    {"required", "choice", "response_incomplete", "verification_evidence", "stage_2_date", "expiry"}
)
"""Rules about what was sent, rather than about the state that it met."""

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


def make_app(
    settings: Settings, database: Database, *, passwords: Passwords | None = None
) -> FastAPI:
    """The whole server over an open database."""
    app = make_routes()
    equip(app, settings, database, passwords=passwords)
    return app


def make_routes() -> FastAPI:
    """The routes of the server, which find what they work with in the application's state."""
    app = FastAPI(
        title="Intact",
        version="0.1.0",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=_awake,
    )
    # A request meets the routers in this order; the laptops ask most often.
    for part in (rounds, blobs, tokens, devices, health, authentication):
        app.include_router(part.router)
    for facade in (
        *(tenants, users, roles, permissions, audit_logs, documents),
        *(clients, applications, quotations, contracts, standards),
        *(audits, objections, checklists, findings, certificates),
        *(finance, complaints, training, dashboard, reports),
    ):
        for router in facade.routers:
            app.include_router(router)
    site.mount(app)
    documentation.describe(app)
    _add_error_handlers(app)
    app.add_middleware(_Guard)
    return app


@asynccontextmanager
async def _awake(app: FastAPI) -> AsyncIterator[None]:
    """Before the first request: its threads and a connection are ready, or it waited for them.

    A database that is not there yet is told to whoever asks.
    """
    with suppress(OperationalError):
        await run_in_threadpool(app.state.database.ask)
    yield


def equip(
    app: FastAPI, settings: Settings, database: Database, *, passwords: Passwords | None = None
) -> None:
    """Give the routes what they work with."""
    sealing = Sealing(settings.secret)
    app.state.settings = settings
    app.state.database = database
    app.state.passwords = passwords or Passwords()
    app.state.tokens = Tokens(sealing)
    app.state.factor = SecondFactor(sealing)
    app.state.sealing = sealing
    app.state.nonces = Nonces(sealing)
    app.state.keys = TenantKeys(sealing)
    app.state.blobs = open_store(settings)
    app.state.pulls = ThreadPoolExecutor(PULLS_AT_ONCE, "pull")
    app.state.public_limit = PublicLimit()


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(IntactError)
    def expected(request: Request, error: IntactError) -> Response:
        return _refusal(request, _status_of(error), error)

    @app.exception_handler(RequestValidationError)
    def malformed(request: Request, fault: RequestValidationError) -> Response:
        first = fault.errors()[0]
        if first["loc"][0] == "path":
            return _refusal(request, 404, NotFound("There is no such record."))
        where = ".".join(str(part) for part in first["loc"][1:]) or "body"
        return _refusal(request, 400, BadInput(f"{where}: {first['msg']}"))

    @app.exception_handler(HTTPException)
    def by_route(request: Request, fault: HTTPException) -> Response:
        refusal = _refusal(request, fault.status_code, IntactError(str(fault.detail)))
        refusal.headers.update(fault.headers or {})
        return refusal

    @app.exception_handler(IntegrityError)
    def met_another(request: Request, fault: IntegrityError) -> Response:
        _LOG.warning("a write met another: %s", type(fault.orig).__name__)
        sentence = "Somebody else changed the same thing at the same time. Try again."
        return _refusal(request, 409, RuleBroken("met_another", sentence))

    @app.exception_handler(OperationalError)
    @app.exception_handler(TimeoutError)
    def busy(request: Request, fault: OperationalError | TimeoutError) -> Response:
        found = getattr(fault, "orig", fault)
        _LOG.warning("%s", for_the_log(found))
        return _refusal(request, 503, no_answer(found))

    @app.exception_handler(Exception)
    def unforeseen(request: Request, fault: Exception) -> Response:
        # Named and no more: what it carries may be somebody's data.
        _LOG.error("%s %s failed: %s", request.method, request.url.path, type(fault).__name__)
        sentence = "Something went wrong on the server. Nothing was changed. Try again later."
        refusal = _refusal(request, 500, IntactError(sentence))
        # This answer is given outside of the guard, which adds them to all others.
        refusal.headers.update(_headers_for(request.url.path))
        return refusal


def _headers_for(path: str) -> dict[str, str]:
    policy = site.policy_for(path, _POLICY)
    return {**_HEADERS, "content-security-policy": policy}


def _status_of(error: IntactError) -> int:
    if isinstance(error, RuleBroken) and error.code in _CONTENT_CODES:
        return 422
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 400)


def _refusal(request: Request, status: int, error: IntactError) -> Response:
    path = request.url.path
    if path.startswith("/api/"):
        # This API knows one code for values that are wrong.
        return envelope.failure(400 if status == 422 else status, error.sentence, error)
    if path.startswith("/sync/"):
        return sync_errors.failure(status, error)
    return site.refusal(request, status, error)


def _largest(path: str) -> int:
    found = (most for prefix, most in LARGEST_BODIES.items() if path.startswith(prefix))
    return next(found, LARGEST_BODY)


def _too_large(path: str) -> Response:
    if path.startswith("/api/"):
        return envelope.failure(413, _TOO_LARGE)
    return Response(_TOO_LARGE, 413)


class _Guard:
    """Security headers on every answer; a body beyond reason is refused before it is read."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = _headers_for(scope["path"]).items()
        encoded = [(name.encode(), value.encode()) for name, value in headers]

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *encoded]
            await send(message)

        length, most = dict(scope["headers"]).get(b"content-length", b"0"), _largest(scope["path"])
        if not length.isdigit() or int(length) > most:
            refused = _too_large(scope["path"])
            await refused(scope, receive, with_headers)
            return
        await self._app(scope, _counted(receive, most), with_headers)


def _counted(receive: Receive, most: int) -> Receive:
    """The same for a body that comes without its length."""
    taken = 0

    async def counting() -> MutableMapping[str, Any]:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > most:
            raise HTTPException(413, _TOO_LARGE)
        return message

    return counting
