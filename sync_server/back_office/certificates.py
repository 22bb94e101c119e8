"""Certificates: the list, one with its history, and its signed PDF."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from sqlalchemy import select

from intact_core import clock
from intact_core.errors import NotFound
from intact_core.records.certificates import SUSPENSION_GROUNDS
from intact_core.records.clients import Client
from intact_core.records.standards import Standard
from intact_core.rules.certificates import status_on
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import Visitor, attachment, show
from sync_server.services.audit_views import people
from sync_server.services.certificate_actions import renewals
from sync_server.services.certificates import (
    certificate_of,
    history_of,
    visible_certificates,
)
from sync_server.services.visibility import SEES_ALL

router = APIRouter(prefix="/certificates")


@router.get("")
def index(request: Request, caller: Visitor) -> Response:
    with database_of(request).read(caller.tenant) as session:
        rows = visible_certificates(session, caller)
        clients = {row.id: row.legal_name for row in session.scalars(select(Client))}
        standards = {row.id: row.title for row in session.scalars(select(Standard))}
    today = clock.today()
    statuses = {row.id: status_on(row, today) for row in rows}
    more: dict[str, Any] = {
        "rows": rows,
        "clients": clients,
        "standards": standards,
        "statuses": statuses,
    }
    return show(request, "certificates.html", caller=caller, **more)


@router.get("/{certificate_id}")
def detail(request: Request, caller: Visitor, certificate_id: UUID) -> Response:
    with database_of(request).read(caller.tenant) as session:
        row = certificate_of(session, caller, certificate_id)
        client = session.get_one(Client, (caller.tenant, row.client_id))
        standard = session.get_one(Standard, (caller.tenant, row.standard_id))
        history, names = history_of(session, row.id), people(session)
        audits = renewals(session, row)
    more: dict[str, Any] = {"row": row, "client": client, "standard": standard, "history": history}
    more |= {"may_act": caller.has(*SEES_ALL), "grounds": SUSPENSION_GROUNDS, "renewals": audits}
    status = status_on(row, clock.today())
    return show(request, "certificate.html", caller=caller, people=names, state=status, **more)


@router.get("/{certificate_id}/pdf")
def download(request: Request, caller: Visitor, certificate_id: UUID) -> Response:
    with database_of(request).read(caller.tenant) as session:
        row = certificate_of(session, caller, certificate_id)
    if row.document_sha256 is None:
        raise NotFound("This certificate has no document.")
    content = request.app.state.blobs.read(caller.tenant, row.document_sha256)
    return attachment(content, f"{row.certificate_number}.pdf", "application/pdf")
