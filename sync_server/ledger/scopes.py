"""What a person's laptop holds: reference data, the audits of the person's teams, their clients."""

from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, Text, bindparam, case, cast, func, literal_column, select, union
from sqlalchemy.engine import Connection
from sqlalchemy.sql.elements import ColumnElement

from intact_core.records.audits import AuditSchedule, AuditTeam

_IN_USE = AuditSchedule.deleted_at.is_(None) & (AuditSchedule.status != "cancelled")
# Each by itself and by its key alone: PostgreSQL keeps the plan of a greeting, and a join planned
# for a new tenant would go through all audits for each member of a team once there are many.
_CLIENT = (
    select(case((_IN_USE, AuditSchedule.client_id)))
    .where(
        AuditSchedule.tenant_id == bindparam("tenant"),
        AuditSchedule.id == AuditTeam.audit_schedule_id,
    )
    .scalar_subquery()
)
_TEAMS = select(AuditTeam.audit_schedule_id.label("audit_id"), _CLIENT.label("client_id")).where(
    AuditTeam.tenant_id == bindparam("tenant"),
    AuditTeam.user_id == bindparam("user"),
    AuditTeam.deleted_at.is_(None),
)
_PARTS = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
"""Where the parts of a UUID (RFC 9562) begin among its 32 digits, and how long they are."""


def asked_for(tenant_id: UUID, user_id: UUID) -> dict[str, Any]:
    """What a question with `granted_scopes` names."""
    return {"tenant": tenant_id, "user": user_id, "reference": f"reference:{tenant_id}"}


@cache
def granted_scopes(dialect: str) -> Subquery:
    """The keys of the scopes that are granted to a user, each once, as a part of a question.

    Cancelled audits are not among them.
    """
    teams = _TEAMS.cte("teams")
    counts = teams.c.client_id.is_not(None)
    return union(
        select(bindparam("reference", type_=Text).label("scope")),
        select(_key("audit", teams.c.audit_id, dialect)).where(counts),
        select(_key("client", teams.c.client_id, dialect)).where(counts),
    ).subquery("granted")


def _key(kind: str, id_: ColumnElement[UUID], dialect: str) -> ColumnElement[str]:
    digits = cast(id_, Text)
    if dialect == "postgresql":
        return literal_column(f"'{kind}:'", Text) + digits
    parts = [func.substr(digits, start, length) for start, length in _PARTS]
    return func.concat(literal_column(f"'{kind}:'"), func.concat_ws("-", *parts))


def scopes_of(connection: Connection, tenant_id: UUID, user_id: UUID) -> list[str]:
    """Scope keys granted to a user, sorted."""
    query = select(granted_scopes(connection.dialect.name).c.scope)
    return sorted(connection.scalars(query, asked_for(tenant_id, user_id)))
