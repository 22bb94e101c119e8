"""Signing in and out with a bearer token."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from sync_server.api.intact.envelope import success
from sync_server.auth import tokens
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import (
    address_of,
    bearer_caller,
    database_of,
    passwords_of,
    token_of,
    tokens_of,
)
from sync_server.auth.sign_in import sign_in

router = APIRouter(prefix="/api/v1/auth", tags=["authentication"])
Person = Annotated[Caller, Depends(bearer_caller)]


class Credentials(BaseModel):
    email: str
    password: str


@router.post("/login")
def login(request: Request, given: Credentials) -> dict[str, Any]:
    """A token for the calls that follow. Not in the envelope: that is how it is documented."""
    database = database_of(request)
    caller = sign_in(
        database, passwords_of(request), given.email, given.password, address_of(request)
    )
    with database.write(None) as session:
        token = tokens_of(request).give(session, caller.email, caller.tenant_id, tokens.FOR_PEOPLE)
    user = {**_person(caller), "roles": sorted(caller.roles)}
    lifetime = int(tokens.FOR_PEOPLE.total_seconds())
    return {"success": True, "token": token, "user": user, "expires_in": lifetime}


@router.post("/logout")
def logout(request: Request, caller: Person) -> dict[str, Any]:
    """Ends the token at once."""
    del caller
    with database_of(request).write(None) as session:
        tokens.revoke(session, tokens_of(request).jti_of(token_of(request)))
    return {"success": True, "message": "Logged out successfully"}


@router.get("/me")
def me(caller: Person) -> dict[str, Any]:
    return success(_person(caller))


def _person(caller: Caller) -> dict[str, Any]:
    return {
        "id": caller.user_id,
        "tenant_id": caller.tenant_id,
        "email": caller.email,
        "first_name": caller.first_name,
        "last_name": caller.last_name,
    }
