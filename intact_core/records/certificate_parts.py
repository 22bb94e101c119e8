"""Further sites and extensions of scope of a certificate: the office's alone."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from intact_core.records.base import OfficeRecord, field, fixed, to
from intact_core.records.certificates import Certificate
from intact_core.records.clients import ClientSite


class CertificateSite(OfficeRecord):
    """A further site that a certificate covers."""

    __tablename__ = "certificate_sites"
    __table_args__ = (
        to(Certificate, "certificate_id"),
        to(ClientSite, "site_id"),
        Index(None, "tenant_id", "certificate_id"),
    )

    certificate_id: Mapped[UUID] = fixed()
    site_id: Mapped[UUID] = fixed()


class CertificateScope(OfficeRecord):
    """An extension of a certificate's scope."""

    __tablename__ = "certificate_scopes"
    __table_args__ = (to(Certificate, "certificate_id"), Index(None, "tenant_id", "certificate_id"))

    certificate_id: Mapped[UUID] = fixed()
    scope_description: Mapped[str] = fixed()
    effective_date: Mapped[date | None] = fixed()
    audit_schedule_id: Mapped[UUID | None] = fixed()
    notes: Mapped[str | None] = field()
    is_active: Mapped[bool] = field(default=True)
    added_by: Mapped[UUID | None] = fixed()
