"""What a client has against a member of an audit team: the office's alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from intact_core.records.audits import AuditSchedule
from intact_core.records.base import OfficeRecord, field, fixed, to
from intact_core.records.people import User


class TeamObjection(OfficeRecord):
    """A client's objection to the team, or to one of it; it blocks the start until it is resolved.

    ISO/IEC 17021-1, 9.2.3.
    """

    __tablename__ = "team_objections"
    __table_args__ = (
        to(AuditSchedule, "audit_schedule_id"),
        to(User, "user_id"),
        Index(None, "tenant_id", "audit_schedule_id"),
    )

    audit_schedule_id: Mapped[UUID] = fixed()
    user_id: Mapped[UUID | None] = fixed()
    reason: Mapped[str] = fixed()
    recorded_by: Mapped[UUID | None] = fixed()
    resolution: Mapped[str | None] = field(group="resolved")
    resolved_at: Mapped[datetime | None] = field(group="resolved")
    resolved_by: Mapped[UUID | None] = field(group="resolved")
