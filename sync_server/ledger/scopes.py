"""What a person's laptop holds: reference data, the audits of the person's teams, their clients."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.engine import Connection

from intact_core.records.audits import AuditSchedule, AuditTeam


def scopes_of(connection: Connection, tenant_id: UUID, user_id: UUID) -> list[str]:
    """Scope keys granted to a user, sorted; cancelled audits are not among them."""
    audit, team = AuditSchedule, AuditTeam
    query = (
        select(audit.id, audit.client_id)
        .join(team, (team.tenant_id == audit.tenant_id) & (team.audit_schedule_id == audit.id))
        .where(
            audit.tenant_id == tenant_id,
            team.user_id == user_id,
            team.deleted_at.is_(None),
            audit.deleted_at.is_(None),
            audit.status != "cancelled",
        )
    )
    keys = {f"reference:{tenant_id}"}
    for audit_id, client_id in connection.execute(query):
        keys |= {f"audit:{audit_id}", f"client:{client_id}"}
    return sorted(keys)
