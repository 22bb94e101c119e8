"""How a laptop signs in: a nonce, then an assertion by its key for a short-lived token."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from sqlalchemy import select

from intact_core import clock
from sync_server.auth import device_assertion
from sync_server.auth.callers import caller_of
from sync_server.auth.permissions import database_of, nonces_of, settings_of, tokens_of
from sync_server.auth.tokens import FOR_DEVICES
from sync_server.tables.accounts import Account
from sync_server.tables.ledger import Device

router = APIRouter(prefix="/sync/v1", tags=["sync"])


class Assertion(BaseModel):
    """A JWT, ES256 by the device key: iss = sub = device id, tenant_id, aud, nonce."""

    assertion: str = Field(max_length=4096)


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
    audiences = {tokens.audience, settings_of(request).public_url}
    proved = device_assertion.check(claimed, device, audiences)
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
