"""Files of an audit: evidence with small pictures, and the signed reports."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from intact_core.errors import BadInput, NotFound
from intact_core.records.checklist import AuditEvidence
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import Visitor, attachment
from sync_server.services.reports import report_of
from sync_server.services.thumbnails import thumbnail
from sync_server.services.visibility import row_of_audit

router = APIRouter()


@router.get("/evidence/{evidence_id}")
def evidence(request: Request, caller: Visitor, evidence_id: UUID) -> Response:
    row = _evidence(request, caller, evidence_id)
    content = request.app.state.blobs.read(caller.tenant, row.sha256)
    return attachment(content, row.file_name, "application/octet-stream")


@router.get("/evidence/{evidence_id}/small")
def small(request: Request, caller: Visitor, evidence_id: UUID) -> Response:
    row = _evidence(request, caller, evidence_id)
    try:
        picture = thumbnail(request.app.state.blobs.read(caller.tenant, row.sha256))
    except BadInput as fault:
        raise NotFound("There is no preview of this file.") from fault
    kept = {"Cache-Control": "private, max-age=86400, immutable"}
    return Response(picture, media_type="image/jpeg", headers=kept)


@router.get("/reports/{report_id}/pdf")
def report(request: Request, caller: Visitor, report_id: UUID) -> Response:
    with database_of(request).read(caller.tenant) as session:
        row = report_of(session, caller, report_id)
    content = request.app.state.blobs.read(caller.tenant, row.sha256)
    return attachment(content, f"audit-report-v{row.version}.pdf", "application/pdf")


def _evidence(request: Request, caller: Visitor, evidence_id: UUID) -> AuditEvidence:
    with database_of(request).read(caller.tenant) as session:
        row: AuditEvidence = row_of_audit(session, caller, AuditEvidence, evidence_id)
    if caller.client_id is not None and row.kind != "response":
        raise NotFound("There is no such record.")
    return row
