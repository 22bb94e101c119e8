"""What follows from an audit: recommendation, report, signatures, decision."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Record, audit_scope, field, fixed, text, to

OUTCOMES = ("certify", "certify_conditions", "deny")


class AuditRecommendation(Record):
    """The lead auditor's recommendation; one per audit."""

    __tablename__ = "audit_recommendations"
    __scope__ = audit_scope()
    __table_args__ = (
        to("audit_schedules", "audit_schedule_id"),
        UniqueConstraint("tenant_id", "audit_schedule_id"),
    )

    audit_schedule_id: Mapped[UUID] = fixed()
    recommendation: Mapped[str | None] = field(group="recommendation", choices=OUTCOMES)
    justification: Mapped[str | None] = text()
    stage_2_date: Mapped[date | None] = field()
    conditions: Mapped[str | None] = text()
    recommended_by: Mapped[UUID | None] = field(group="recommendation")


class AuditReport(Record):
    """A built report: the PDF travels as a blob named by `sha256`."""

    __tablename__ = "audit_reports"
    __scope__ = audit_scope()
    __table_args__ = (to("audit_schedules", "audit_schedule_id"),)

    audit_schedule_id: Mapped[UUID] = fixed(signed=False)
    version: Mapped[int] = fixed(signed=False)
    sha256: Mapped[str] = fixed(signed=False)
    size: Mapped[int] = fixed(signed=False)
    snapshot_sha256: Mapped[str] = fixed(signed=False)
    manifest: Mapped[dict[str, Any] | None] = fixed(signed=False)
    built_by: Mapped[UUID | None] = fixed(signed=False)
    amends: Mapped[UUID | None] = fixed(signed=False)


class ReportAmendment(Record):
    """The start of a correction: the signed report `report_id` is to be replaced, and why.

    The report and its signatures stay. What they cover may change again until the next version,
    which names this one in `amends`, is signed.
    """

    __tablename__ = "report_amendments"
    __scope__ = audit_scope()
    __table_args__ = (
        to("audit_schedules", "audit_schedule_id"),
        to("audit_reports", "report_id"),
    )

    audit_schedule_id: Mapped[UUID] = fixed(signed=False)
    report_id: Mapped[UUID] = fixed(signed=False)
    reason: Mapped[str] = fixed(signed=False)
    begun_by: Mapped[UUID | None] = fixed(signed=False)


class Signature(Record):
    """A signature on a report: who, when, with what meaning, on which bytes (21 CFR 11.50).

    kind `pades` is made with the device's key, `drawn` by hand on the screen.
    `clock_offset_seconds` is how far the device's clock was from the server's when last known.
    """

    __tablename__ = "signatures"
    __scope__ = audit_scope()
    __table_args__ = (to("audit_schedules", "audit_schedule_id"),)

    audit_schedule_id: Mapped[UUID] = fixed(signed=False)
    report_id: Mapped[UUID] = fixed(signed=False)
    kind: Mapped[str] = fixed(choices=("pades", "drawn"), signed=False)
    signer_id: Mapped[UUID | None] = fixed(signed=False)
    signer_name: Mapped[str] = fixed(signed=False)
    signer_role: Mapped[str] = fixed(signed=False)
    meaning: Mapped[str] = fixed(signed=False)
    signed_at: Mapped[datetime] = fixed(signed=False)
    snapshot_sha256: Mapped[str] = fixed(signed=False)
    document_sha256: Mapped[str] = fixed(signed=False)
    device_id: Mapped[UUID | None] = fixed(signed=False)
    clock_offset_seconds: Mapped[int | None] = fixed(signed=False)


class CertificationDecision(Record):
    """The decision on certification (ISO/IEC 17021-1, 9.5); made on the server alone."""

    __tablename__ = "certification_decisions"
    __scope__ = audit_scope()
    __table_args__ = (
        to("audit_schedules", "audit_schedule_id"),
        UniqueConstraint("tenant_id", "audit_schedule_id"),
    )

    audit_schedule_id: Mapped[UUID] = fixed(signed=False)
    decision: Mapped[str] = fixed(choices=OUTCOMES, signed=False)
    decision_date: Mapped[date] = fixed(signed=False)
    certificate_number: Mapped[str | None] = fixed(signed=False)
    validity_period_years: Mapped[int | None] = fixed(signed=False)
    special_conditions: Mapped[str | None] = fixed(signed=False)
    decided_by: Mapped[UUID] = fixed(signed=False)
    certificate_id: Mapped[UUID | None] = fixed(signed=False)
