"""The decision on certification, with everything that follows, in one transaction (rule 17)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput, RuleBroken
from intact_core.records.audits import AuditSchedule
from intact_core.records.conclusions import CertificationDecision
from intact_core.records.people import Tenant
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.certificates import no_new_certificate
from intact_core.rules.deciding import (
    GRANTS,
    Candidate,
    deciders,
    decision_problem,
    expiry_of,
    grant_problem,
)
from sync_server.auth.callers import Caller
from sync_server.services import certificates
from sync_server.services.audits import record_step
from sync_server.services.certificates import Grant, Issuer
from sync_server.services.visibility import audit_of

SHORTEST_YEARS, LONGEST_YEARS = 1, 5


@dataclass(frozen=True)
class Decision:
    """What was decided; `years` counts where a certificate is granted.

    With `issue_later` the certificate does not come with the decision but by itself, afterwards.
    """

    decision: str
    decided_on: date
    years: int = 3
    conditions: str | None = None
    issue_later: bool = False


@dataclass(frozen=True)
class Prospect:
    """Who may decide on an audit, and what stands in the way of this person or of a grant."""

    candidates: list[Candidate]
    mine: RuleBroken | None
    grant: RuleBroken | None


def prospect(session: Session, caller: Caller, audit: AuditSchedule) -> Prospect:
    """The computed list of who may decide, each exclusion with its reason (9.5.1)."""
    world = SessionWorld(session, caller.tenant)
    return Prospect(
        deciders(world, audit),
        decision_problem(world, audit, caller.actor),
        grant_problem(world, audit),
    )


def decide(
    session: Session, issuer: Issuer, caller: Caller, audit_id: UUID, given: Decision
) -> CertificationDecision:
    """Record the decision; a grant issues the certificate. All or nothing.

    Stage 1, surveillance, and recertification of a certificate that there is bring no new one.
    Raises RuleBroken (who, state, findings, conflicts, dates), BadInput for impossible values.
    """
    audit = audit_of(session, caller, audit_id, lock=True)
    _check_values(given)
    world = SessionWorld(session, caller.tenant)
    problem = decision_problem(world, audit, caller.actor)
    if problem is not None:
        raise problem
    grants = given.decision in GRANTS
    issues = grants and not given.issue_later and no_new_certificate(world, audit) is None
    certificate_id = ids.new_id() if issues else None
    number = None
    if certificate_id is not None:
        tenant = session.get_one(Tenant, (caller.tenant, caller.tenant))
        number = certificates.take_number(session, tenant, certificate_id, given.decided_on)
    row = CertificationDecision(
        audit_schedule_id=audit.id,
        decision=given.decision,
        decision_date=given.decided_on,
        certificate_number=number,
        validity_period_years=given.years if grants else None,
        special_conditions=(given.conditions or "").strip() or None,
        decided_by=caller.user_id,
        certificate_id=certificate_id,
    )
    session.add(row)
    # The rules of the decision look at the audit before it is decided: so a flush of its own.
    session.flush()
    if certificate_id is not None and number is not None:
        last = expiry_of(given.decided_on, given.years)
        grant = Grant(certificate_id, number, given.decided_on, last, row.special_conditions)
        certificates.issue(session, issuer, caller, audit, grant)
    record_step(session, audit, "workflow", "decided", caller.user_id, None)
    return row


def _check_values(given: Decision) -> None:
    if given.decided_on > clock.today():
        raise BadInput("A decision cannot be dated in the future.")
    if given.decision in GRANTS and not SHORTEST_YEARS <= given.years <= LONGEST_YEARS:
        raise BadInput(f"A certificate lasts {SHORTEST_YEARS} to {LONGEST_YEARS} years.")
    if given.decision == "certify_conditions" and not (given.conditions or "").strip():
        raise BadInput("Write down the conditions that are to be followed up.")
