"""What a request's handler asks first: who is calling, and with what is it answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

from fastapi import Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import NotAllowed, NotSignedIn
from sync_server.auth import sessions
from sync_server.auth.callers import Caller, caller_of, caller_on_device, withdrawn
from sync_server.auth.device_assertion import Nonces
from sync_server.auth.keys import TenantKeys
from sync_server.auth.passwords import Passwords
from sync_server.auth.public_limit import PublicLimit
from sync_server.auth.sealing import Sealing
from sync_server.auth.second_factor import FactorNeeded, SecondFactor
from sync_server.auth.sign_in import Door
from sync_server.auth.tokens import Tokens, ended, living
from sync_server.database.engine import Database
from sync_server.settings import Settings
from sync_server.tables.accounts import Account, AuthToken, WebSession


def database_of(request: Request) -> Database:
    return cast(Database, request.app.state.database)


def settings_of(request: Request) -> Settings:
    return cast(Settings, request.app.state.settings)


def passwords_of(request: Request) -> Passwords:
    return cast(Passwords, request.app.state.passwords)


def tokens_of(request: Request) -> Tokens:
    return cast(Tokens, request.app.state.tokens)


def factor_of(request: Request) -> SecondFactor:
    return cast(SecondFactor, request.app.state.factor)


def sealing_of(request: Request) -> Sealing:
    return cast(Sealing, request.app.state.sealing)


def door_of(request: Request) -> Door:
    return Door(database_of(request), passwords_of(request), factor_of(request))


def nonces_of(request: Request) -> Nonces:
    return cast(Nonces, request.app.state.nonces)


def keys_of(request: Request) -> TenantKeys:
    return cast(TenantKeys, request.app.state.keys)


def address_of(request: Request) -> str:
    """The network address, for throttling and the audit log."""
    return request.client.host if request.client else ""


def public_limit(request: Request) -> None:
    """Count a public question of this address; raises TooManyRequests."""
    cast(PublicLimit, request.app.state.public_limit).take(address_of(request))


def token_of(request: Request) -> str:
    """The bearer token of the request; raises NotSignedIn without one."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise ended()
    return token.strip()


def bearer_caller(request: Request) -> Caller:
    """The person that a bearer token stands for; a laptop's token reaches only its own routes.

    Raises FactorNeeded where the tenant asks for a second factor and there is none yet.
    """
    return _with_factor(own_caller(request))


def own_caller(request: Request) -> Caller:
    """The same, also where the second factor is still to be set up: for just that."""
    row, account = _living(request)
    if row.device_id is not None:
        raise NotAllowed("This token is for the laptop's sync alone.")
    return replace(caller_of(database_of(request), account), address=address_of(request))


def device_caller(request: Request) -> Caller:
    """The person and the laptop of a laptop's access token; raises Revoked."""
    with device_session(request) as (_, caller):
        return caller


@contextmanager
def device_session(request: Request) -> Iterator[tuple[Session, Caller]]:
    """The same, and the transaction it was read in: for reading on, in the caller's tenant."""
    with _asked_on_device(request) as (session, caller):
        if caller.may_only_deposit:
            raise withdrawn()
        yield session, caller


def depositing_caller(request: Request) -> Caller:
    """The same person and laptop, also where it may only hand in what it has."""
    with _asked_on_device(request) as (_, caller):
        return caller


@contextmanager
def _asked_on_device(request: Request) -> Iterator[tuple[Session, Caller]]:
    database, jti = database_of(request), tokens_of(request).jti_of(token_of(request))
    with database.look_up() as session:
        caller = caller_on_device(database, session, jti)
        yield session, replace(caller, address=address_of(request))


def web_session(request: Request) -> WebSession | None:
    """The browser's session, if it has a living one."""
    value = request.cookies.get(sessions.cookie_name(settings_of(request)))
    with database_of(request).read(None) as session:
        return sessions.find(session, value)


def web_caller(request: Request) -> Caller:
    """The person whose browser this is; raises NotSignedIn, FactorNeeded."""
    return _with_factor(own_web_caller(request))


def own_web_caller(request: Request) -> Caller:
    """The same, also where the second factor is still to be set up: for just that."""
    database, row = database_of(request), web_session(request)
    if row is None:
        raise NotSignedIn("Sign in to see this page.")
    with database.read(None) as session:
        account = session.scalar(select(Account).where(Account.email == row.email))
    if account is None:
        raise NotSignedIn("Sign in to see this page.")
    request.state.web_session = row
    return replace(caller_of(database, account), address=address_of(request))


def _with_factor(caller: Caller) -> Caller:
    if caller.lacks_factor:
        raise FactorNeeded(
            "Your organisation asks for a second factor at sign-in. Set it up first: in the "
            "browser at /second-step, or by POST /api/v1/auth/totp."
        )
    return caller


def _living(request: Request) -> tuple[AuthToken, Account]:
    jti = tokens_of(request).jti_of(token_of(request))
    with database_of(request).read(None) as session:
        row = living(session, jti)
        account = session.get(Account, row.email)
    if account is None:
        raise ended()
    return row, account
