"""What the OpenAPI document says beside the routes: sign-in, pages, errors."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

_ABOUT = """
Certification management over one data model. Every path below `/api/v1` answers in one form.

**Signing in.** `POST /api/v1/auth/login` gives a token for 24 hours. Send it as
`Authorization: Bearer TOKEN`. It ends at once with `POST /api/v1/auth/logout`. Where the account
has a second factor, the login takes `totp_code`; without it the answer is 401 with the code
`totp_required`.

**Lists** take `page` (from 1) and `limit` (1 to 100, 50 without it) and answer `data` with
`pagination`. Text filters named `search` look for a part of a word in any case.

**Errors** are `{"success": false, "message": ..., "status_code": ...}`, with `code` and `clause`
where a rule of certification stands behind it. A value that is wrong is 400, a duplicate or a
state that forbids something is 409. What belongs to another tenant is 404 like what is not there.

**Numbers** such as `APP-2026-001` are given by the server where a request leaves them out.

**Nothing twice.** A create with the header `Idempotency-Key` is done once; the same request with
the same key gets the same answer for a day.

**Nothing over a colleague's change.** One record answers with an `ETag`; send it as `If-Match`
with a change, and the change is refused with 412 where somebody was quicker.

Date-times are `2025-07-20 14:30:00` in UTC, dates `2025-07-20`, money is exact to two decimals.
"""
_PREFIX = "/api/v1"


def describe(app: FastAPI) -> None:
    """Make the application's OpenAPI document: once, when it is first asked for."""
    made: dict[str, Any] = {}

    def document() -> dict[str, Any]:
        if not made:
            made.update(
                get_openapi(
                    title=app.title, version=app.version, description=_ABOUT, routes=app.routes
                )
            )
            for path, verbs in made["paths"].items():
                if path.startswith(_PREFIX):
                    for operation in verbs.values():
                        # Values that are wrong are 400 here, in this API's own form.
                        operation["responses"].pop("422", None)
        return made

    app.openapi = document  # type: ignore[method-assign]
