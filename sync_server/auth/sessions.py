"""Browser sessions: an unguessable cookie known only by its hash, and a token for each form."""

import hashlib
import hmac
import secrets
from datetime import timedelta
from urllib.parse import urlsplit

from fastapi import Request, Response
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import NotAllowed
from sync_server.settings import Settings
from sync_server.tables.accounts import WebSession

LIFETIME = timedelta(hours=12)


def cookie_name(settings: Settings) -> str:
    """Browsers hold `__Host-` cookies to one host and to TLS."""
    return "__Host-intact" if settings.is_https else "intact-session"


def begin(session: Session, email: str) -> str:
    """A new session's cookie value; every sign-in gets a new one."""
    value = secrets.token_urlsafe(32)
    session.execute(delete(WebSession).where(WebSession.expires_at < clock.now()))
    session.add(
        WebSession(
            session_key_hash=_hash(value),
            email=email,
            csrf_secret=secrets.token_urlsafe(32),
            messages=[],
            expires_at=clock.now() + LIFETIME,
        )
    )
    return value


def find(session: Session, value: str | None) -> WebSession | None:
    """The living session of a cookie's value."""
    if not value:
        return None
    query = select(WebSession).where(WebSession.session_key_hash == _hash(value))
    row = session.scalar(query)
    return row if row is not None and row.expires_at > clock.now() else None


def end(session: Session, value: str | None) -> None:
    if value:
        session.execute(delete(WebSession).where(WebSession.session_key_hash == _hash(value)))


def set_cookie(response: Response, settings: Settings, value: str) -> None:
    response.set_cookie(
        cookie_name(settings),
        value,
        httponly=True,
        secure=settings.is_https,
        samesite="lax",
        path="/",
    )


def clear_cookie(response: Response, settings: Settings) -> None:
    response.delete_cookie(
        cookie_name(settings), httponly=True, secure=settings.is_https, samesite="lax", path="/"
    )


def check_form_token(row: WebSession, token: str | None) -> None:
    if not hmac.compare_digest(row.csrf_secret.encode(), (token or "").encode()):
        raise NotAllowed(
            "This form is from another session, so nothing was changed. "
            "Open the page again and send it once more.",
            title="The form has expired",
        )


def check_origin(request: Request, settings: Settings) -> None:
    """A form comes from our own pages (Origin, else what the browser says of the site)."""
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site", "same-origin")
    ours = {settings.public_url, f"{request.url.scheme}://{request.url.netloc}"}
    if origin is None and site in ("same-origin", "none"):
        return
    if origin is None or _plain(origin) not in ours:
        raise NotAllowed("This form was sent from another site, so nothing was changed.")


def _plain(origin: str) -> str:
    parts = urlsplit(origin)
    return f"{parts.scheme}://{parts.netloc}"


def _hash(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
