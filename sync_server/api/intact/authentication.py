"""Signing in and out with a bearer token, the own password, the second factor."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from sync_server.api.intact.envelope import One, Said, success
from sync_server.api.intact.fields import Body, example
from sync_server.api.intact.resources import ERRORS
from sync_server.auth import tokens
from sync_server.auth.callers import Caller
from sync_server.auth.passwords import LONGEST
from sync_server.auth.permissions import (
    address_of,
    database_of,
    door_of,
    own_caller,
    token_of,
    tokens_of,
)
from sync_server.auth.second_factor import DIGITS, STEP_SECONDS
from sync_server.auth.sign_in import Proof, sign_in
from sync_server.services import entrance

router = APIRouter(prefix="/api/v1/auth", tags=["Signing in"], responses=ERRORS)
Person = Annotated[Caller, Depends(own_caller)]
Password = Annotated[str, Field(max_length=LONGEST, json_schema_extra={"format": "password"})]
Code = Annotated[str, Field(min_length=1, max_length=40, examples=["123456"])]


class Credentials(BaseModel):
    """`totp_code` where the account has a second factor: of the authenticator, or for recovery."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"email": "user@example.com", "password": "your_password"}]}
    )

    email: str
    password: str
    totp_code: Code | None = None


class Passwords(Body):
    model_config = example(current_password="old_password", new_password="new_password")  # noqa: S106  an example

    current_password: Password
    new_password: Password


class PasswordAgain(Body):
    model_config = example(password="your_password")  # noqa: S106  an example

    password: Password


class TheCode(Body):
    model_config = example(code="123456")

    code: Code


class Removal(Body):
    model_config = example(password="your_password", code="123456")  # noqa: S106  an example

    password: Password
    code: Code


class Me(BaseModel):
    id: UUID
    tenant_id: UUID | None
    email: str
    first_name: str
    last_name: str


class MeWithRoles(Me):
    roles: list[str]


class LoggedIn(BaseModel):
    success: Literal[True]
    token: str
    user: MeWithRoles
    expires_in: int


class FactorStart(BaseModel):
    """What an authenticator takes: the secret in base32, or the address as a QR code."""

    secret: str
    otpauth_url: str
    digits: int
    period: int


class FactorConfirmed(BaseModel):
    """Shown this once: each recovery code stands in for one code of a lost authenticator."""

    recovery_codes: list[str]


@router.post("/login", summary="Sign in", responses={200: {"model": LoggedIn}})
def login(request: Request, given: Credentials) -> dict[str, Any]:
    """A token for the calls that follow. Not in the envelope: that is how it is documented.

    401 with one and the same message for a wrong address and a wrong password. Where the account
    has a second factor and `totp_code` is missing, 401 with the code `totp_required`.
    """
    proof = Proof(given.email, given.password, address_of(request), given.totp_code)
    caller, token = sign_in(
        door_of(request),
        proof,
        lambda session, known: entrance.begin_with_token(session, known, tokens_of(request)),
    )
    user = {**_person(caller), "roles": sorted(caller.roles)}
    lifetime = int(tokens.FOR_PEOPLE.total_seconds())
    return {"success": True, "token": token, "user": user, "expires_in": lifetime}


@router.post("/logout", summary="Sign out", responses={200: {"model": Said}})
def logout(request: Request, caller: Person) -> dict[str, Any]:
    """Ends the token at once."""
    jti = tokens_of(request).jti_of(token_of(request))
    with database_of(request).write(caller.tenant_id, caller.actor) as session:
        entrance.leave_with_token(session, caller, jti)
    return {"success": True, "message": "Logged out successfully"}


@router.get("/me", summary="Who I am", responses={200: {"model": One[Me]}})
def me(caller: Person) -> dict[str, Any]:
    """The person whose token this is."""
    return success(_person(caller))


@router.post(
    "/change-password", summary="Change the own password", responses={200: {"model": Said}}
)
def change_password(request: Request, caller: Person, given: Passwords) -> dict[str, Any]:
    """Every other session and token of the account ends; this token goes on. 400 where the current
    password is wrong, or the new one is weak: at least 12 characters that are not guessed soon."""
    jti = tokens_of(request).jti_of(token_of(request))
    entrance.change_password(
        door_of(request), caller, given.current_password, given.new_password, jti
    )
    return {"success": True, "message": "Password changed successfully"}


@router.post("/totp", summary="Begin a second factor", responses={200: {"model": One[FactorStart]}})
def begin_totp(request: Request, caller: Person, given: PasswordAgain) -> dict[str, Any]:
    """Gives the secret for an authenticator (RFC 6238). Nothing changes before it is confirmed."""
    start = entrance.begin_factor(door_of(request), caller, given.password)
    told = {"secret": start.secret, "otpauth_url": start.address}
    return success(told | {"digits": DIGITS, "period": STEP_SECONDS})


@router.post(
    "/totp/confirm",
    summary="Put the second factor into use",
    responses={200: {"model": One[FactorConfirmed]}},
)
def confirm_totp(request: Request, caller: Person, given: TheCode) -> dict[str, Any]:
    """Takes a first code of the authenticator, and gives codes for its loss: keep them."""
    codes = entrance.confirm_factor(door_of(request), caller, given.code)
    return success({"recovery_codes": codes})


@router.post("/totp/remove", summary="Remove the second factor", responses={200: {"model": Said}})
def remove_totp(request: Request, caller: Person, given: Removal) -> dict[str, Any]:
    """With the password and a code again, of the authenticator or for recovery."""
    entrance.remove_factor(door_of(request), caller, given.password, given.code)
    return {"success": True, "message": "Second factor removed"}


def _person(caller: Caller) -> dict[str, Any]:
    return {
        "id": caller.user_id,
        "tenant_id": caller.tenant_id,
        "email": caller.email,
        "first_name": caller.first_name,
        "last_name": caller.last_name,
    }
