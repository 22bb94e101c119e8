"""Verifying a certificate by its number: public."""

from typing import Any

from fastapi import APIRouter, Request

from sync_server.api.intact.envelope import success
from sync_server.api.intact.resources import ERRORS
from sync_server.auth.permissions import database_of, public_limit
from sync_server.services.certificates import verify_number

router = APIRouter(prefix="/api/v1/certificates", tags=["Certificates"], responses=ERRORS)


@router.get("/verify/{number}")
def verify(request: Request, number: str) -> dict[str, Any]:
    """Seven facts and no more; an unknown number is not found."""
    public_limit(request)
    found = verify_number(database_of(request), number)
    return success(
        {
            "certificate_number": found.number,
            "client_name": found.client_name,
            "standard": found.standard,
            "issue_date": found.issue_date,
            "expiry_date": found.expiry_date,
            "status": found.status,
            "is_valid": found.is_valid,
        }
    )
