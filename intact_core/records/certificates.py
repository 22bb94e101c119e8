"""Certificates with their history; written by the server alone."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import Merge, Record, client_scope, field, fixed, to

CERTIFICATE_STEPS = {
    "active": frozenset({"suspended", "withdrawn", "expired"}),
    "suspended": frozenset({"active", "withdrawn", "expired"}),
    "withdrawn": frozenset[str](),
    "expired": frozenset({"active"}),
}
SUSPENSION_GROUNDS = (
    "nonconformity",
    "audit_refused",
    "client_wish",
    "misuse_of_marks",
    "unpaid_fees",
    "other",
)


class Certificate(Record):
    """A certificate (ISO/IEC 17021-1, 8.2.2). Its number comes from the server alone."""

    __tablename__ = "certificates"
    __scope__ = client_scope()
    __table_args__ = (
        to("clients", "client_id"),
        to("standards", "standard_id"),
        UniqueConstraint("tenant_id", "certificate_number"),
    )

    certificate_number: Mapped[str] = field(merge=Merge.SERVER)
    client_id: Mapped[UUID] = fixed()
    site_id: Mapped[UUID | None] = field(merge=Merge.SERVER)
    audit_schedule_id: Mapped[UUID | None] = fixed()
    standard_id: Mapped[UUID] = fixed()
    scope: Mapped[str] = field(merge=Merge.SERVER)
    status: Mapped[str] = field(merge=Merge.SERVER, steps=CERTIFICATE_STEPS, default="active")
    issue_date: Mapped[date] = field(merge=Merge.SERVER)
    expiry_date: Mapped[date] = field(merge=Merge.SERVER)
    valid_from: Mapped[date | None] = field(merge=Merge.SERVER)
    valid_until: Mapped[date | None] = field(merge=Merge.SERVER)
    revision: Mapped[int] = field(merge=Merge.SERVER, default=1)
    certification_body: Mapped[str] = field(merge=Merge.SERVER)
    accreditation_body: Mapped[str | None] = field(merge=Merge.SERVER)
    accreditation_number: Mapped[str | None] = field(merge=Merge.SERVER)
    special_conditions: Mapped[str | None] = field(merge=Merge.SERVER)
    suspension_ground: Mapped[str | None] = field(merge=Merge.SERVER, choices=SUSPENSION_GROUNDS)
    suspension_reason: Mapped[str | None] = field(merge=Merge.SERVER)
    suspension_date: Mapped[date | None] = field(merge=Merge.SERVER)
    document_sha256: Mapped[str | None] = field(merge=Merge.SERVER)
    """SHA-256 of the signed PDF, which is kept as a blob."""


class CertificateHistory(Record):
    """Append-only: everything that happened to a certificate."""

    __tablename__ = "certificate_history"
    __scope__ = client_scope()
    __table_args__ = (to("certificates", "certificate_id"),)

    client_id: Mapped[UUID] = fixed()
    certificate_id: Mapped[UUID] = fixed()
    action: Mapped[str] = fixed(
        choices=(
            "issued",
            "renewed",
            "amended",
            "suspended",
            "reinstated",
            "withdrawn",
            "expired",
        )
    )
    reason: Mapped[str | None] = fixed()
    effective_date: Mapped[date | None] = fixed()
    audit_schedule_id: Mapped[UUID | None] = fixed()
    new_values: Mapped[dict[str, Any] | None] = fixed()
    performed_by: Mapped[UUID | None] = fixed()
