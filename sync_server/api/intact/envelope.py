"""The envelope of the Intact API: success with data, or a message with its status code."""

from datetime import UTC, datetime
from typing import Any

from fastapi.responses import JSONResponse

from intact_core.errors import IntactError, RuleBroken


def success(data: Any) -> dict[str, Any]:
    return {"success": True, "data": data}


def moment(value: datetime) -> str:
    """Date-times of this API: `2025-07-20 14:30:00`, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def failure(status: int, message: str, error: IntactError | None = None) -> JSONResponse:
    body: dict[str, Any] = {"success": False, "message": message, "status_code": status}
    if isinstance(error, RuleBroken):
        body |= {"code": error.code, "clause": error.clause}
    return JSONResponse(body, status_code=status)
