"""Laptops: when they were last seen, and withdrawing their access."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from sync_server.auth.callers import OFFICE
from sync_server.auth.permissions import address_of, database_of, passwords_of
from sync_server.auth.sign_in import confirm_password
from sync_server.back_office.page import OwnForm, Visitor, go, show
from sync_server.services.audit_views import people
from sync_server.services.enrolment import devices, revoke

router = APIRouter(prefix="/devices")


@router.get("")
def index(request: Request, caller: Visitor) -> Response:
    if caller.client_id is not None:
        caller.require(*OFFICE)
    with database_of(request).read(caller.tenant) as session:
        rows, names = devices(session, caller), people(session)
    return show(request, "devices.html", caller=caller, rows=rows, people=names)


@router.post("/{device_id}/revoke")
def withdraw(request: Request, sent: OwnForm, device_id: UUID) -> Response:
    caller, database = sent.caller, database_of(request)
    caller.require(*OFFICE)
    password = sent.form.values.get("password", "")
    confirm_password(database, passwords_of(request), caller, password, address_of(request))
    with database.write(caller.tenant, caller.actor) as session:
        row = revoke(session, caller, device_id)
    return go(request, "/devices", f"{row.name} is refused from now on.")
