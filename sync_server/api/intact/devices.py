"""Enrolling a laptop."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from intact_core import clock
from sync_server.api.intact.envelope import success
from sync_server.api.intact.resources import ERRORS
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import (
    bearer_caller,
    database_of,
    keys_of,
    settings_of,
    tokens_of,
)
from sync_server.services.enrolment import enrol

router = APIRouter(prefix="/api/v1/devices", tags=["Devices"], responses=ERRORS)


class NewDevice(BaseModel):
    """`signing_request` is a PKCS #10 request as PEM, for a key on P-256 that stays there."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Laptop of Ada Okoth",
                    "signing_request": "-----BEGIN CERTIFICATE REQUEST-----\n...",
                }
            ]
        }
    )

    name: str = Field(max_length=100)
    signing_request: str = Field(max_length=10_000)


@router.post("", status_code=201)
def create(
    request: Request, caller: Annotated[Caller, Depends(bearer_caller)], given: NewDevice
) -> dict[str, Any]:
    """Certifies the laptop's key and gives its first lease.

    `audience` is the server's lasting name, to be pinned: the laptop's assertions name it.
    """
    with database_of(request).write(caller.tenant, caller.actor) as session:
        made = enrol(session, keys_of(request), caller, given.signing_request, given.name)
    more = {
        "audience": tokens_of(request).audience,
        "public_url": settings_of(request).public_url,
        "server_time": clock.now(),
        "user_name": caller.name,
        "email": caller.email,
        "roles": sorted(caller.roles),
    }
    return success(asdict(made) | more)
