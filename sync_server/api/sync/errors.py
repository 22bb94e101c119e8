"""How the sync protocol says no."""

from typing import Any

from fastapi.responses import JSONResponse

from intact_core.errors import IntactError, RuleBroken


def failure(status: int, error: IntactError) -> JSONResponse:
    """`{title, sentence}`, `code` where a laptop acts on it, `offset` of an upload."""
    body: dict[str, Any] = {"title": error.title, "sentence": error.sentence}
    code = getattr(error, "code", None)
    if code is not None:
        body["code"] = code
    if isinstance(error, RuleBroken):
        body["clause"] = error.clause
    headers = {}
    offset = getattr(error, "offset", None)
    if offset is not None:
        body["offset"] = offset
        headers["Upload-Offset"] = str(offset)
    return JSONResponse(body, status, headers)
