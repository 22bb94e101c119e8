"""What happens to certificates: granted, suspended, reinstated, withdrawn, renewed, amended.

ISO/IEC 17021-1, 9.5 and 9.6.3 to 9.6.5. Every action locks its row, writes its history, and is
public at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import BadInput, NotFound, Place, RuleBroken
from intact_core.records.audits import AuditSchedule
from intact_core.records.certificates import Certificate, CertificateHistory
from intact_core.records.people import Tenant
from intact_core.records.unit_of_work import SessionWorld
from intact_core.rules.certificates import granted, issue_problem, renewal_problem, status_on
from intact_core.rules.clauses import clause
from intact_core.rules.deciding import add_months, expiry_of
from sync_server.auth.callers import Caller
from sync_server.services import certificates, records
from sync_server.services.certificates import Event, Grant, Issuer
from sync_server.services.clients import of_client
from sync_server.services.records import Kind, Values
from sync_server.services.visibility import audit_of

YEARS = 3
"""Of a certificate where the decision says no other number."""


def _with_status(status: str) -> ColumnElement[bool]:
    stored, over = Certificate.status == status, Certificate.expiry_date < clock.today()
    if status == "expired":
        return or_(stored, and_(Certificate.status.in_(("active", "suspended")), over))
    return stored if status == "withdrawn" else and_(stored, ~over)


CERTIFICATES = Kind(
    Certificate,
    "certificate",
    search=("certificate_number", "scope"),
    visible=of_client(Certificate),
    computed={"status": _with_status},
)
HISTORY = Kind(
    CertificateHistory, "entry of a certificate's history", visible=of_client(CertificateHistory)
)


def status_today(certificate: Any) -> str:
    """active, suspended, withdrawn or expired, as it is today."""
    status = status_on(certificate, clock.today())
    return "active" if status == "not_yet_valid" else status


def is_valid(certificate: Any) -> bool:
    """True for an active certificate in its dates."""
    return status_on(certificate, clock.today()) == "active"


@dataclass(frozen=True)
class Wanted:
    """A certificate as it is asked for; what is left out follows from audit and decision."""

    audit_id: UUID
    client_id: UUID
    standard_id: UUID
    number: str | None = None
    scope: str | None = None
    issue_date: date | None = None
    expiry_date: date | None = None
    conditions: str | None = None


def grant(session: Session, issuer: Issuer, caller: Caller, wanted: Wanted) -> Certificate:
    """Issue the certificate of an audit that was decided positively and has none (17021-1, 9.5).

    Raises RuleBroken: `no_decision`, `certificate_exists`, `duplicate`, `before_decision`;
    BadInput.
    """
    audit = _audit(session, caller, wanted.audit_id)
    if (wanted.client_id, wanted.standard_id) != (audit.client_id, audit.standard_id):
        raise BadInput("client_id and standard_id must be those of the audit. Check the ids.")
    world = SessionWorld(session, caller.tenant)
    problem, decision = issue_problem(world, audit), granted(world, audit)
    if problem is not None or decision is None:
        raise problem or RuleBroken("no_decision", "There is no decision to certify.")
    starts_on = wanted.issue_date or clock.today()
    longest = expiry_of(starts_on, decision.validity_period_years or YEARS)
    expires_on = wanted.expiry_date or longest
    if expires_on > longest:
        raise BadInput(f"expiry_date: the decision grants a certificate until {longest} at most.")
    id_ = ids.new_id()
    number = wanted.number
    if number is None:
        tenant = session.get_one(Tenant, (caller.tenant, caller.tenant))
        number = certificates.take_number(session, tenant, id_, starts_on)
    else:
        certificates.claim_number(session, caller.tenant, number, id_)
    conditions = wanted.conditions or decision.special_conditions
    given = Grant(id_, number, starts_on, expires_on, conditions, wanted.scope)
    return certificates.issue(session, issuer, caller, audit, given)


def _audit(session: Session, caller: Caller, audit_id: UUID) -> AuditSchedule:
    try:
        return audit_of(session, caller, audit_id, lock=True)
    except NotFound as fault:
        raise BadInput("audit_schedule_id: there is no such audit. Check the id.") from fault


def suspend(
    session: Session, caller: Caller, certificate_id: UUID, reason: str, ground: str = "other"
) -> Certificate:
    """Suspend an active certificate from today (9.6.5).

    Raises RuleBroken: `transition`, `invalid_suspension_request` where the ground is
    `nonconformity` and none is open.
    """
    row = _in_state(session, caller, certificate_id, "suspended", "active")
    row.status, row.suspension_date = "suspended", clock.today()
    row.suspension_ground, row.suspension_reason = ground, reason
    new = {"status": "suspended", "ground": ground}
    return _happened(session, caller, row, Event("suspended", clock.today(), None, reason, new))


def reinstate(session: Session, caller: Caller, certificate_id: UUID, reason: str) -> Certificate:
    """Make a suspended certificate active again; raises RuleBroken, also past its expiry."""
    row = _in_state(session, caller, certificate_id, "reinstated", "suspended")
    row.status = "active"
    row.suspension_ground = row.suspension_reason = row.suspension_date = None
    new = {"status": "active"}
    return _happened(session, caller, row, Event("reinstated", clock.today(), None, reason, new))


def withdraw(session: Session, caller: Caller, certificate_id: UUID, reason: str) -> Certificate:
    """Withdraw a certificate for good; raises RuleBroken."""
    row = _in_state(session, caller, certificate_id, "withdrawn", "active", "suspended")
    old, row.status = row.status, "withdrawn"
    new, before = {"status": "withdrawn"}, {"status": old}
    event = Event("withdrawn", clock.today(), None, reason, new, before)
    return _happened(session, caller, row, event)


@dataclass(frozen=True)
class Renewal:
    """The recertification audit behind a renewal; the expiry follows the old cycle unless said."""

    audit_id: UUID
    expiry_date: date | None = None
    notes: str | None = None


def renew(
    session: Session, issuer: Issuer, caller: Caller, certificate_id: UUID, wanted: Renewal
) -> Certificate:
    """Renew a certificate on a recertification audit that was decided positively (9.6.3).

    Raises RuleBroken: `transition`, `not_recertification`, `no_decision`, `too_late`,
    `not_later`, `beyond_cycle`, `renewed_already`; BadInput.
    """
    records.one(session, caller, CERTIFICATES, certificate_id)
    audit = _audit(session, caller, wanted.audit_id)
    row = _in_state(session, caller, certificate_id, "renewed", "active", "expired")
    world, today = SessionWorld(session, caller.tenant), clock.today()
    decision = granted(world, audit)
    years = (decision.validity_period_years if decision else None) or YEARS
    expiry = wanted.expiry_date or add_months(row.expiry_date, 12 * years)
    problem = renewal_problem(world, row, audit, expiry, today)
    if problem is not None:
        raise problem
    old = {"expiry_date": str(row.expiry_date)}
    row.status, row.valid_from = "active", today
    row.expiry_date = row.valid_until = expiry
    new = {"expiry_date": str(expiry)}
    event = Event("renewed", today, audit.id, wanted.notes, new, old)
    return _revised(session, issuer, caller, row, event)


def amend(
    session: Session, issuer: Issuer, caller: Caller, certificate_id: UUID, values: Values
) -> Certificate:
    """Change what an active certificate says, as a new revision with a new document.

    `values` are `scope` and `special_conditions`, with a `reason` for the history. Raises
    RuleBroken (`transition`), BadInput.
    """
    given = dict(values)
    reason = given.pop("reason", None)
    row = _in_state(session, caller, certificate_id, "amended", "active")
    changed = {name: value for name, value in given.items() if value != getattr(row, name)}
    if not changed:
        return row
    old = {name: getattr(row, name) for name in changed}
    records.change(session, caller, CERTIFICATES, certificate_id, changed)
    event = Event("amended", clock.today(), None, reason, changed, old)
    return _revised(session, issuer, caller, row, event)


def renewals(session: Session, certificate: Certificate) -> Sequence[AuditSchedule]:
    """The decided recertification audits of the certificate's client on its standard."""
    query = select(AuditSchedule).where(
        AuditSchedule.client_id == certificate.client_id,
        AuditSchedule.standard_id == certificate.standard_id,
        AuditSchedule.audit_type == "recertification",
        AuditSchedule.workflow_status == "decided",
        AuditSchedule.deleted_at.is_(None),
    )
    return session.scalars(query.order_by(AuditSchedule.id.desc())).all()


def grant_decided(session: Session, issuer: Issuer, caller: Caller, audit_id: UUID) -> Certificate:
    """Issue the certificate that an audit and its decision describe; raises RuleBroken."""
    audit = audit_of(session, caller, audit_id)
    wanted = Wanted(audit.id, audit.client_id, audit.standard_id)
    return grant(session, issuer, caller, wanted)


def _in_state(
    session: Session, caller: Caller, certificate_id: UUID, action: str, *states: str
) -> Certificate:
    row = records.one(session, caller, CERTIFICATES, certificate_id, lock=True)
    state = status_today(row)
    if state not in states:
        raise RuleBroken(
            "transition",
            f"A certificate that is {state} is not {action}. It would have to be "
            f"{' or '.join(states)}.",
            clause=clause("suspension"),
            place=Place("certificates", row.id, "status"),
        )
    return row


def _revised(
    session: Session, issuer: Issuer, caller: Caller, row: Certificate, event: Event
) -> Certificate:
    row.revision += 1
    certificates.sign(session, issuer, caller, row)
    return _happened(session, caller, row, event)


def _happened(session: Session, caller: Caller, row: Certificate, event: Event) -> Certificate:
    session.flush()
    certificates.record(session, caller, row, event)
    return row
