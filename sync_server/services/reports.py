"""Reports of an audit that laptops have built and signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core.errors import NotFound
from intact_core.records.conclusions import AuditReport, ReportAmendment, Signature
from sync_server.auth.callers import Caller
from sync_server.services.visibility import audit_of, shows_findings
from sync_server.tables.blobs import StoredBlob


@dataclass(frozen=True)
class ReportView:
    """A report with its signatures; `is_here` once its PDF arrived.

    `amendment` says why it is, or was, replaced by another version.
    """

    report: AuditReport
    signatures: Sequence[Signature]
    is_here: bool
    amendment: ReportAmendment | None


def reports_of(session: Session, tenant_id: UUID, audit_id: UUID) -> list[ReportView]:
    """The reports of an audit, newest first."""
    query = select(AuditReport).where(
        AuditReport.audit_schedule_id == audit_id, AuditReport.deleted_at.is_(None)
    )
    signatures = session.scalars(
        select(Signature)
        .where(Signature.audit_schedule_id == audit_id, Signature.deleted_at.is_(None))
        .order_by(Signature.signed_at)
    ).all()
    amendments = session.scalars(
        select(ReportAmendment).where(
            ReportAmendment.audit_schedule_id == audit_id, ReportAmendment.deleted_at.is_(None)
        )
    )
    amended = {one.report_id: one for one in amendments}
    return [
        ReportView(
            report,
            [one for one in signatures if one.report_id == report.id],
            session.get(StoredBlob, (tenant_id, report.sha256)) is not None,
            amended.get(report.id),
        )
        for report in session.scalars(query.order_by(AuditReport.created_at.desc()))
    ]


def report_of(session: Session, caller: Caller, report_id: UUID) -> AuditReport:
    """A report that the caller may read; raises NotFound."""
    row = session.scalar(select(AuditReport).where(AuditReport.id == report_id))
    if row is None or not shows_findings(caller, audit_of(session, caller, row.audit_schedule_id)):
        raise NotFound("There is no such report.")
    return row
