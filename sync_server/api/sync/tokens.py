"""How a laptop signs in: a nonce, then an assertion by its key for a short-lived token."""

from typing import Annotated, Any

from cryptography import x509
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import select

from intact_core import clock
from intact_core.errors import BadInput
from sync_server.auth import device_assertion
from sync_server.auth.callers import caller_of
from sync_server.auth.permissions import (
    database_of,
    keys_of,
    nonces_of,
    settings_of,
    tokens_of,
)
from sync_server.auth.tokens import FOR_DEVICES
from sync_server.services.recognition import Claim, recognise
from sync_server.tables.accounts import Account
from sync_server.tables.ledger import Device

router = APIRouter(prefix="/sync/v1", tags=["Sync of laptops"])
_MOST_MILESTONES = 128
_Place = Annotated[int, Field(ge=1, lt=1 << 63)]


class Assertion(BaseModel):
    """A JWT, ES256 by the device key: iss = sub = device id, tenant_id, aud, nonce."""

    assertion: str = Field(max_length=4096)


class Recognition(Assertion):
    """The same with the laptop's certificate (PEM), and (n, hash) of its chain, newest first."""

    certificate: str = Field(max_length=4096)
    chain: list[tuple[_Place, str]] = Field(max_length=_MOST_MILESTONES)


@router.post("/nonce")
def nonce(request: Request) -> dict[str, Any]:
    """Stands in for the laptop's clock, which may be wrong: good for two minutes, once."""
    lifetime = int(device_assertion.NONCE_LIFETIME.total_seconds())
    given = nonces_of(request).give()
    return {"nonce": given, "expires_in": lifetime, "server_time": clock.now()}


@router.post("/token")
def token(request: Request, given: Assertion) -> dict[str, Any]:
    """An access token of 15 minutes (RFC 7523, with the nonce in the place of exp and jti)."""
    database, tokens = database_of(request), tokens_of(request)
    claimed = device_assertion.read(given.assertion)
    with database.read(claimed.tenant_id) as session:
        device = session.get(Device, (claimed.tenant_id, claimed.device_id))
    proved = device_assertion.check(claimed, device, _audiences(request))
    with database.write(None) as session:
        nonces_of(request).use(session, claimed.nonce)
        account = session.scalar(select(Account).where(Account.user_id == proved.user_id))
    if account is None:
        raise device_assertion.refused("the account is gone")
    caller = caller_of(database, account, proved.id)
    with database.write(None) as session:
        access = tokens.give(session, caller.email, caller.tenant_id, FOR_DEVICES, proved.id)
    lifetime = int(FOR_DEVICES.total_seconds())
    return {"access_token": access, "token_type": "Bearer", "expires_in": lifetime}


@router.post("/recognise", status_code=204)
def known_again(request: Request, given: Recognition) -> None:
    """Take up again a laptop that a restored backup does not know: by key and certificate."""
    database = database_of(request)
    claimed = device_assertion.read(given.assertion)
    certificate = _certificate(given.certificate)
    device_assertion.check_key(claimed, certificate, _audiences(request))
    with database.write(None) as session:
        nonces_of(request).use(session, claimed.nonce)
    claim = Claim(claimed.tenant_id, claimed.device_id, certificate, given.chain)
    with database.write(claimed.tenant_id) as session:
        recognise(session, keys_of(request), claim)


def _certificate(text: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except ValueError as fault:
        raise BadInput("The laptop's certificate cannot be read.") from fault


def _audiences(request: Request) -> set[str]:
    return {tokens_of(request).audience, settings_of(request).public_url}
