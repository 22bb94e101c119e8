"""The envelope of the Intact API: success with data, or a message with its status code."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

import orjson
from fastapi import Response
from pydantic import BaseModel

from intact_core.errors import IntactError, RuleBroken

T = TypeVar("T")
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME


class Pagination(BaseModel):
    current_page: int
    per_page: int
    total: int
    total_pages: int


class One(BaseModel, Generic[T]):
    success: Literal[True]
    message: str | None = None
    data: T


class Many(BaseModel, Generic[T]):
    success: Literal[True]
    data: list[T]
    pagination: Pagination


class Said(BaseModel):
    success: Literal[True]
    message: str


class Failure(BaseModel):
    """`code` and `clause` are there where a rule stands behind it (ISO/IEC 17021-1)."""

    success: Literal[False]
    message: str
    status_code: int
    code: str | None = None
    clause: str | None = None


def success(data: Any) -> dict[str, Any]:
    return {"success": True, "data": data}


def answer(content: dict[str, Any], status: int = 200, **headers: str) -> Response:
    """JSON with moments, days and money in the forms of this API."""
    body = orjson.dumps(content, default=_form, option=_OPTIONS)
    return Response(body, status, headers, "application/json")


def paged(rows: list[dict[str, Any]], page: int, limit: int, total: int) -> Response:
    """One page of rows, and how many there are in all."""
    pagination = {
        "current_page": page,
        "per_page": limit,
        "total": total,
        "total_pages": -(-total // limit),
    }
    return answer({"success": True, "data": rows, "pagination": pagination})


def moment(value: datetime) -> str:
    """Date-times of this API: `2025-07-20 14:30:00`, in UTC."""
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def _form(value: object) -> object:
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        # As digits, not as a float: money is exact on the wire too.
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{type(value).__name__} has no form in this API")


def failure(status: int, message: str, error: IntactError | None = None) -> Response:
    body: dict[str, Any] = {"success": False, "message": message, "status_code": status}
    if isinstance(error, RuleBroken):
        body |= {"code": error.code, "clause": error.clause}
    elif code := getattr(error, "code", None):
        body |= {"code": code}
    return answer(body, status)
