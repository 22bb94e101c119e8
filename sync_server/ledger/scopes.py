"""What a person's laptop holds: reference data, the audits of the person's teams, their clients."""

from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.engine import Connection

from intact_core.records.audits import AuditSchedule, AuditTeam

_IN_TEAM = (AuditTeam.tenant_id == AuditSchedule.tenant_id) & (
    AuditTeam.audit_schedule_id == AuditSchedule.id
)
_GRANTED = (
    select(AuditSchedule.id, AuditSchedule.client_id)
    .join(AuditTeam, _IN_TEAM)
    .where(
        AuditSchedule.tenant_id == bindparam("tenant"),
        AuditTeam.user_id == bindparam("user"),
        AuditTeam.deleted_at.is_(None),
        AuditSchedule.deleted_at.is_(None),
        AuditSchedule.status != "cancelled",
    )
)


def scopes_of(connection: Connection, tenant_id: UUID, user_id: UUID) -> list[str]:
    """Scope keys granted to a user, sorted; cancelled audits are not among them."""
    keys = {f"reference:{tenant_id}"}
    for audit_id, client_id in connection.execute(_GRANTED, {"tenant": tenant_id, "user": user_id}):
        keys |= {f"audit:{audit_id}", f"client:{client_id}"}
    return sorted(keys)
