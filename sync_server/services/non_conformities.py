"""Non-conformities as records: raised, answered, accepted, closed (17021-1, 9.4.5 to 9.4.10)."""

import re
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.errors import BadInput, RuleBroken
from intact_core.records.audits import AuditSchedule
from intact_core.records.findings import NonConformity
from intact_core.records.people import Tenant
from intact_core.records.quality import CorrectiveAction
from intact_core.rules.clauses import clause
from intact_core.rules.findings import GRADED, RESPONSE_DAYS, RESPONSE_FIELDS
from sync_server.auth.callers import Caller
from sync_server.services import findings, records
from sync_server.services.audit_schedules import open_audit
from sync_server.services.numbers import hold, next_number
from sync_server.services.records import Kind, Values
from sync_server.services.visibility import of_audits

PHASES = {
    "open": ("open",),
    "under_review": ("responded", "accepted", "verified"),
    "closed": ("closed", "void"),
}
"""The three states that the API knows, each with those of our own that it stands for."""
_CLAUSE = re.compile(r"(?<![\d.:])\d{1,2}(?:\.\d+)*(?![\d:])")


def phase_of(status: str) -> str:
    """The state of the API for one of our own."""
    return next(name for name, ours in PHASES.items() if status in ours)


def _in_phase(phase: str) -> ColumnElement[bool]:
    return NonConformity.status.in_(PHASES[phase])


def _may_remove(session: Session, row: NonConformity) -> None:
    if row.status != "open":
        raise RuleBroken("state", "Only an open finding is removed; this one was answered.")
    audit = session.get_one(AuditSchedule, (row.tenant_id, row.audit_schedule_id))
    if audit.workflow_status != "draft":
        raise RuleBroken("void_late", "The client has seen this finding; it stays.")
    actions = select(CorrectiveAction.id).where(
        CorrectiveAction.non_conformity_id == row.id, CorrectiveAction.deleted_at.is_(None)
    )
    if session.scalar(actions.limit(1)) is not None:
        raise RuleBroken("in_use", "A corrective action answers this finding, so it stays.")


FINDINGS = Kind(
    NonConformity,
    "non-conformity",
    search=("nc_number", "description"),
    visible=of_audits(NonConformity.audit_schedule_id, for_client=True),
    computed={"status": _in_phase},
    may_remove=_may_remove,
)


def add(session: Session, caller: Caller, values: Values) -> NonConformity:
    """Raise a finding in an audit. Without a number one is given, without a clause it is read
    from the requirement, and a graded one gets the tenant's days for the answer.

    Raises RuleBroken: `duplicate`, `stage1_grade`; BadInput.
    """
    open_audit(session, caller, values["audit_schedule_id"])
    given = {name: value for name, value in values.items() if value is not None}
    given["nc_number"] = _number(session, caller, given.get("nc_number"))
    given.setdefault("clause", clause_in(given.get("requirement_reference")))
    _clock(session, caller, given)
    return records.create(session, caller, FINDINGS, {**given, "raised_by": caller.user_id})


def clause_in(reference: str | None) -> str | None:
    """The clause that a reference names: "7.5" of "ISO 9001:2015 clause 7.5"; None without one."""
    found = _CLAUSE.findall(reference or "")
    return found[-1] if found else None


def _number(session: Session, caller: Caller, given: str | None) -> str:
    hold(session, caller.tenant, "NC")
    if given is not None and _is_taken(session, given):
        raise RuleBroken(
            "duplicate",
            f"nc_number '{given}' is taken already, also when it was of something that was "
            "removed. Use another one.",
        )
    while given is None:
        number = next_number(session, caller.tenant, "NC")
        given = None if _is_taken(session, number) else number
    return given


def _is_taken(session: Session, number: str) -> bool:
    query = select(NonConformity.id).where(NonConformity.nc_number == number)
    return session.scalar(query.limit(1)) is not None


def _clock(session: Session, caller: Caller, given: dict[str, Any]) -> None:
    if given["severity"] in GRADED:
        given.setdefault("due_date", _due(session, caller))
    elif "due_date" in given:
        raise BadInput("due_date: an observation or opportunity needs no answer by a day.")


def _due(session: Session, caller: Caller) -> date:
    tenant = session.get_one(Tenant, (caller.tenant, caller.tenant))
    return clock.today() + timedelta(days=int(tenant.settings.get("response_days", RESPONSE_DAYS)))


def change(session: Session, caller: Caller, finding_id: UUID, values: Values) -> NonConformity:
    """Change a finding. `under_review` accepts its complete response, `open` sends it back.

    Raises RuleBroken: `signed`, `nc_as_ofi`, `no_response` (9.4.9), `transition`; BadInput.
    """
    row = records.one(session, caller, FINDINGS, finding_id, lock=True)
    open_audit(session, caller, row.audit_schedule_id)
    given = dict(values)
    phase, notes = given.pop("status", None), given.pop("review_notes", None)
    if given.get("severity") in GRADED and row.due_date is None:
        given.setdefault("due_date", _due(session, caller))
    if given and phase_of(row.status) == "closed":
        raise RuleBroken("state", "This finding is closed; it stays as it is.")
    if given:
        row = records.change(session, caller, FINDINGS, finding_id, given)
    if phase is not None:
        _move(session, caller, row, phase, notes or "")
    return row


def _move(session: Session, caller: Caller, row: NonConformity, phase: str, notes: str) -> None:
    if phase == "closed" or phase_of(row.status) == "closed":
        raise RuleBroken("transition", f"Invalid transition from '{row.status}' to '{phase}'")
    if phase == "open":
        if row.status != "open":
            findings.review(session, caller, row.id, accept=False, notes=notes)
        return
    if row.status == "open":
        _respond(session, caller, row)
    if row.status == "responded":
        findings.review(session, caller, row.id, accept=True, notes=notes)


def _respond(session: Session, caller: Caller, row: NonConformity) -> None:
    missing = [name for name in RESPONSE_FIELDS if not (getattr(row, name) or "").strip()]
    if missing:
        words = ", ".join(name.replace("_", " ") for name in missing)
        raise RuleBroken(
            "no_response",
            f"There is no complete response to review yet: the {words} is missing.",
            clause=clause("response"),
        )
    responded(row, caller)
    session.flush()


def responded(row: NonConformity, caller: Caller) -> None:
    """Mark an open finding as answered; the rule asks whether the answer is complete (9.4.9)."""
    row.status = "responded"
    row.responded_at, row.responded_by = clock.now(), caller.user_id


def close(session: Session, caller: Caller, finding_id: UUID) -> NonConformity:
    """Close a finding; raises RuleBroken, also when somebody was quicker."""
    records.one(session, caller, FINDINGS, finding_id, lock=True)
    return findings.close(session, caller, finding_id)
