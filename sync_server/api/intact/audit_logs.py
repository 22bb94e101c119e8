"""The audit log, to be read."""

from dataclasses import asdict
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.envelope import Many, answer, paged
from sync_server.api.intact.fields import Day, Filters, Moment
from sync_server.api.intact.resources import ERRORS, shows
from sync_server.services import audit_log
from sync_server.services.audit_log import Wanted

router = APIRouter(prefix="/api/v1/audit-logs", tags=["Audit log"], responses=ERRORS)
routers = (router,)
Reading = Annotated[Ask, needs("audit_log", "read")]


class ShownEntry(BaseModel):
    """`old_values` and `new_values` are of the fields that changed. `prev_hash` is the hash of the
    entry before: who changes one changes all that follow."""

    id: UUID
    user_id: UUID | None
    device_id: UUID | None
    action: str
    resource_type: str
    resource_id: UUID | None
    old_values: dict[str, Any] | None
    new_values: dict[str, Any]
    ip_address: str | None
    prev_hash: str
    hash: str
    created_at: Moment


class ShownCheck(BaseModel):
    """`entries` are whole, counted from the first; `broken_at` is the number of the first entry
    that is missing or not as it was written."""

    is_whole: bool
    entries: int
    last_hash: str
    broken_at: int | None


class EntryFilters(Filters):
    action: str | None = None
    resource_type: str | None = None
    user_id: UUID | None = None
    start_date: Day | None = None
    end_date: Day | None = None


@router.get(
    "",
    summary="List the audit log",
    response_model=None,
    responses={200: {"model": Many[ShownEntry], "description": "One page"}},
)
def listing(ask: Reading, filters: Annotated[EntryFilters, Query()]) -> Response:
    """Newest first. `action` is CREATE, UPDATE, DELETE, TRANSITION, SIGN, LOGIN, LOGOUT, DOWNLOAD,
    EXPORT and others; `resource_type` such as `client`; both days count."""
    with ask.reading() as session:
        found = audit_log.entries(session, ask.caller, Wanted(**filters.model_dump()))
    return paged([_form(row) for row in found.rows], filters.page, filters.limit, found.total)


@router.get("/verify", summary="Check that the audit log is whole", **shows(ShownCheck))
def verify(ask: Reading) -> Response:
    """Recomputes the hashes from the first entry to the last: an entry that was changed, dropped
    or slipped in is named."""
    with ask.reading() as session:
        found = audit_log.check(session, ask.caller.tenant)
    return answer({"success": True, "data": {"is_whole": found.broken_at is None, **asdict(found)}})


@router.get("/{id}", summary="One entry of the audit log", **shows(ShownEntry))
def read(id: UUID, ask: Reading) -> Response:
    """Entries are never changed and never removed."""
    with ask.reading() as session:
        row = audit_log.entry(session, ask.caller, id)
    return answer({"success": True, "data": _form(row)})


def _form(row: Any) -> dict[str, Any]:
    return {
        "id": audit_log.id_of(row),
        "user_id": row.user_id,
        "device_id": row.device_id,
        "action": row.action,
        "resource_type": audit_log.word_of(row.resource_type),
        "resource_id": row.resource_id,
        "old_values": orjson.loads(row.old_values) if row.old_values else None,
        "new_values": orjson.loads(row.new_values),
        "ip_address": row.ip_address,
        "prev_hash": row.prev_hash,
        "hash": row.hash,
        "created_at": row.at,
    }
