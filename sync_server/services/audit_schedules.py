"""Audits as records: planned on a contract, moved, started, ended, removed (17021-1, 9.2)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, NotFound, RuleBroken
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.clients import ClientSite
from intact_core.records.conclusions import AuditReport
from intact_core.records.contracts import Application, Contract, Quotation
from intact_core.records.findings import NonConformity
from intact_core.records.standards import ChecklistTemplate
from sync_server.auth.callers import Caller
from sync_server.services import audits, records
from sync_server.services.records import Kind, Values
from sync_server.services.visibility import audit_of, visible_audits

_OVER = ("completed", "cancelled")
_WORK: tuple[Any, ...] = (NonConformity, AuditEvidence, AuditReport)
_PARTS: tuple[Any, ...] = (AuditTeam, AuditChecklist)
"""Listed by themselves, so they go with their audit."""


def _visible(caller: Caller) -> ColumnElement[bool]:
    return AuditSchedule.id.in_(visible_audits(caller).with_only_columns(AuditSchedule.id))


def _check(session: Session, row: AuditSchedule) -> None:
    start, end = row.scheduled_start_date, row.scheduled_end_date
    if start and end and end < start:
        raise BadInput("The audit ends before it starts. Check the dates.")
    if row.site_id is not None:
        site = session.get(ClientSite, (row.tenant_id, row.site_id))
        if site is None or site.client_id != row.client_id:
            raise BadInput("site_id: this site is another client's. Check the id.")


def _may_remove(session: Session, row: AuditSchedule) -> None:
    if row.status != "scheduled":
        raise RuleBroken("state", "Only an audit that did not start is removed. Cancel it instead.")
    for record in _WORK:
        work = select(record.id).where(
            record.audit_schedule_id == row.id, record.deleted_at.is_(None)
        )
        if session.scalar(work.limit(1)) is not None:
            raise RuleBroken(
                "in_use", "Work was recorded in this audit, so it stays. Cancel it instead."
            )


AUDITS = Kind(
    AuditSchedule,
    "audit",
    search=("audit_number", "scope"),
    number=("audit_number", "AUD"),
    visible=_visible,
    check=_check,
    may_remove=_may_remove,
)


def plan(session: Session, caller: Caller, values: Values) -> AuditSchedule:
    """Make an audit from a request: on a contract (`contract_id`), a template (`template_id`),
    or both, from which standard and scope follow where they are not given.

    Raises BadInput for references to nothing or to another client, and without a standard.
    """
    given = {name: value for name, value in values.items() if value is not None}
    contract = _contract(session, caller, given)
    template = _template(session, caller, given)
    application = None if contract is None else _application(session, contract)
    if contract is not None:
        given["contract_number"] = contract.contract_number
    if template is not None:
        given.setdefault("standard_id", template.standard_id)
    if application is not None:
        given.setdefault("standard_id", application.standard_id)
        given.setdefault("scope", application.scope_description)
    if "standard_id" not in given:
        raise BadInput(
            "standard_id: say which standard is audited, or name a contract that stands on an "
            "application."
        )
    if template is not None and template.standard_id != given["standard_id"]:
        raise BadInput("template_id: this template is for another standard.")
    _stage1(session, given)
    _days(given)
    row = records.create(session, caller, AUDITS, given)
    audits.equip(session, row.id, template.id if template else None)
    return row


def _days(given: dict[str, Any]) -> None:
    start, end = given["scheduled_start_date"], given["scheduled_end_date"]
    given.setdefault("total_audit_days", max((end - start) / timedelta(days=1), 0) + 1)


def _contract(session: Session, caller: Caller, given: dict[str, Any]) -> Contract | None:
    id_ = given.pop("contract_id", None)
    if id_ is None:
        return None
    row = session.get(Contract, (caller.tenant, id_))
    if row is None or row.deleted_at is not None or row.client_id != given["client_id"]:
        raise BadInput("contract_id: this client has no such contract. Check the id.")
    if row.status == "terminated":
        raise RuleBroken("state", "This contract was terminated, so no audit is planned on it.")
    return row


def _application(session: Session, contract: Contract) -> Application | None:
    query = (
        select(Application)
        .join(Quotation, Quotation.application_id == Application.id)
        .where(Quotation.id == contract.quotation_id)
    )
    return session.scalar(query)


def _template(session: Session, caller: Caller, given: dict[str, Any]) -> ChecklistTemplate | None:
    id_ = given.pop("template_id", None)
    if id_ is None:
        return None
    row = session.get(ChecklistTemplate, (caller.tenant, id_))
    if row is None or row.deleted_at is not None:
        raise BadInput("template_id: there is no such template. Check the id.")
    return row


def _stage1(session: Session, given: dict[str, Any]) -> None:
    """A Stage 2 stands on the client's latest Stage 1 on this standard unless one is named."""
    if given.get("audit_stage") != "stage2":
        if "stage1_audit_id" in given:
            raise BadInput("stage1_audit_id: only a Stage 2 stands on a Stage 1.")
        return
    query = select(AuditSchedule).where(
        AuditSchedule.client_id == given["client_id"],
        AuditSchedule.standard_id == given["standard_id"],
        AuditSchedule.audit_stage == "stage1",
        AuditSchedule.status != "cancelled",
        AuditSchedule.deleted_at.is_(None),
    )
    if "stage1_audit_id" in given:
        query = query.where(AuditSchedule.id == given["stage1_audit_id"])
    found = session.scalar(query.order_by(AuditSchedule.id.desc()).limit(1))
    if found is not None:
        given["stage1_audit_id"] = found.id
        given.setdefault("scope", found.scope)
    elif "stage1_audit_id" in given:
        raise BadInput("stage1_audit_id: there is no such Stage 1 of this client and standard.")


def change(session: Session, caller: Caller, audit_id: UUID, values: Values) -> AuditSchedule:
    """Change the plan of an audit that is not over; its dates only before it starts."""
    row = records.one(session, caller, AUDITS, audit_id, lock=True)
    if row.status in _OVER or row.workflow_status == "decided":
        raise RuleBroken("state", "This audit is over; its plan stays as it is.")
    if row.status != "scheduled" and values.keys() & {"scheduled_start_date", "scheduled_end_date"}:
        raise RuleBroken("state", "This audit has started; its planned days stay as they are.")
    return records.change(session, caller, AUDITS, audit_id, values)


def remove(session: Session, caller: Caller, audit_id: UUID) -> AuditSchedule:
    """Take back an audit that did not start and in which nothing was recorded."""
    why = "the audit was removed through the API"
    row = records.remove(session, caller, AUDITS, audit_id, why)
    for record in _PARTS:
        parts = select(record).where(
            record.audit_schedule_id == row.id, record.deleted_at.is_(None)
        )
        for part in session.scalars(parts):
            part.deleted_at, part.deleted_reason = row.deleted_at, why
    session.flush()
    return row


def start(session: Session, caller: Caller, audit_id: UUID) -> AuditSchedule:
    """Start an audit today; raises RuleBroken without a lead, or without Stage 1's conclusions."""
    return audits.move_progress(session, caller, audit_id, "in_progress")


def complete(session: Session, caller: Caller, audit_id: UUID, report: str | None) -> AuditSchedule:
    """End an audit today with a summary; raises RuleBroken once its report is signed."""
    audit = audit_of(session, caller, audit_id, lock=True)
    if report:
        audit.audit_report = report
    return audits.move_progress(session, caller, audit_id, "completed")


def open_audit(session: Session, caller: Caller, audit_id: UUID) -> AuditSchedule:
    """The audit that a new part names, locked. Raises BadInput where there is none for the caller,
    RuleBroken (`state`) where it was cancelled or is decided."""
    try:
        audit = audit_of(session, caller, audit_id, lock=True)
    except NotFound as fault:
        raise BadInput("audit_schedule_id: there is no such audit. Check the id.") from fault
    if audit.status == "cancelled" or audit.workflow_status == "decided":
        raise RuleBroken("state", "This audit is over: nothing is added to it or changed in it.")
    return audit


def contract_ids(session: Session, rows: Sequence[Any]) -> Mapping[UUID, dict[str, Any]]:
    """`contract_id` of each audit, by the number that the audit keeps."""
    numbers = {row.contract_number for row in rows if row.contract_number}
    if not numbers:
        return {}
    query = select(Contract).where(
        Contract.contract_number.in_(numbers), Contract.deleted_at.is_(None)
    )
    found = {(one.client_id, one.contract_number): one.id for one in session.scalars(query)}
    return {
        row.id: {"contract_id": found.get((row.client_id, row.contract_number))} for row in rows
    }
