"""How the sync protocol says no."""

from typing import Any

from fastapi.responses import JSONResponse

from intact_core.errors import IntactError, RuleBroken
from sync_server.ledger.rounds import ChainFork


def failure(status: int, error: IntactError) -> JSONResponse:
    """`{title, sentence}`, with `code` and `clause` of a broken rule, `offset` of an upload."""
    body: dict[str, Any] = {"title": error.title, "sentence": error.sentence}
    if isinstance(error, RuleBroken):
        body |= {"code": error.code, "clause": error.clause}
    if isinstance(error, ChainFork):
        body["code"] = error.code
    headers = {}
    offset = getattr(error, "offset", None)
    if offset is not None:
        body["offset"] = offset
        headers["Upload-Offset"] = str(offset)
    return JSONResponse(body, status, headers)
