"""What laptops handed in and the server did not let count."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from intact_core.errors import BadInput, IntactError, RuleBroken
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import OwnForm, Visitor, go, show
from sync_server.services.audit_views import people
from sync_server.services.set_aside import leave, set_aside, subject_of, take_over

router = APIRouter(prefix="/set-aside")


@router.get("")
def index(request: Request, caller: Visitor) -> Response:
    return _page(request, caller)


@router.post("/{txn_id}")
def decide(request: Request, sent: OwnForm, txn_id: UUID) -> Response:
    caller, form = sent.caller, sent.form
    try:
        with database_of(request).write(caller.tenant, caller.actor) as session:
            if form.text("what") == "take":
                take_over(session, caller, txn_id)
            else:
                leave(session, caller, txn_id, form.text("reason"))
    except (BadInput, RuleBroken) as error:
        return _page(request, caller, (txn_id, error))
    counts = "It counts now." if form.text("what") == "take" else "It is left as it is."
    return go(request, "/set-aside", f"{counts} What was handed in stays in the ledger.")


def _page(
    request: Request, caller: Caller, failed: tuple[UUID, IntactError] | None = None
) -> Response:
    at, error = failed or (None, None)
    with database_of(request).read(caller.tenant) as session:
        rows, names = set_aside(session, caller), people(session)
        subjects = {
            one.operation.op_id: subject_of(session, caller, one.operation)
            for row in rows
            for one in row.wanted
        }
    more: dict[str, Any] = {"people": names, "subjects": subjects, "failed": at, "error": error}
    return show(request, "set_aside.html", caller=caller, rows=rows, **more)
