"""Which audits a person may see: the office and deciders all, auditors theirs, clients theirs."""

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, false, select, true
from sqlalchemy.orm import Session

from intact_core.errors import NotFound
from intact_core.records.audits import AuditSchedule, AuditTeam
from sync_server.auth.callers import OFFICE, Caller

SEES_ALL = (*OFFICE, "reviewer")


def visible_audits(caller: Caller) -> Select[AuditSchedule]:
    """The audits that the caller may know of. A client's are those of its own organisation."""
    query = select(AuditSchedule).where(
        AuditSchedule.tenant_id == caller.tenant, AuditSchedule.deleted_at.is_(None)
    )
    if caller.client_id is not None:
        return query.where(AuditSchedule.client_id == caller.client_id)
    if caller.has(*SEES_ALL):
        return query
    on_team = exists().where(
        AuditTeam.tenant_id == AuditSchedule.tenant_id,
        AuditTeam.audit_schedule_id == AuditSchedule.id,
        AuditTeam.user_id == caller.user_id,
        AuditTeam.deleted_at.is_(None),
    )
    return query.where(on_team)


def of_audits(column: Any, *, for_client: bool = False) -> Callable[[Caller], ColumnElement[bool]]:
    """Rows of the audits that the caller may know of, by the column that names the audit.

    A client's representative sees none of them, or with `for_client` those of its own audits
    that came to it for review.
    """

    def visible(caller: Caller) -> ColumnElement[bool]:
        if caller.client_id is None and caller.has(*SEES_ALL):
            return true()
        audits = visible_audits(caller).with_only_columns(AuditSchedule.id)
        if caller.client_id is not None:
            if not for_client:
                return false()
            audits = audits.where(AuditSchedule.workflow_status != "draft")
        return cast(ColumnElement[bool], column.in_(audits))

    return visible


def audit_of(
    session: Session, caller: Caller, audit_id: UUID, *, lock: bool = False
) -> AuditSchedule:
    """The audit, locked when it is about to change; raises NotFound, also for a foreign one."""
    query = visible_audits(caller).where(AuditSchedule.id == audit_id)
    audit = session.scalar(query.with_for_update() if lock else query)
    if audit is None:
        raise NotFound("There is no such audit.")
    return audit


def row_of_audit(
    session: Session, caller: Caller, record: type[Any], row_id: UUID, *, lock: bool = False
) -> Any:
    """A record of an audit that the caller may see; raises NotFound."""
    query = select(record).where(
        record.tenant_id == caller.tenant, record.id == row_id, record.deleted_at.is_(None)
    )
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound("There is no such record.")
    audit_of(session, caller, row.audit_schedule_id)
    return row


def shows_findings(caller: Caller, audit: AuditSchedule) -> bool:
    """A client sees findings once the audit came to it for review."""
    return caller.client_id is None or audit.workflow_status != "draft"
