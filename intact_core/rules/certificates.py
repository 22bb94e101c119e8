"""What may be done with a certificate: issue, suspend, restore, renew (rules 16 to 22)."""

from collections.abc import Iterator
from datetime import date

from intact_core import clock
from intact_core.errors import Place, RuleBroken
from intact_core.rules.deciding import GRANTS, add_months
from intact_core.rules.findings import GRADED
from intact_core.rules.kernel import Actor, Change, Row, World, broken_at

RESTORED_WITHIN_MONTHS = 6
"""How long after its expiry a certificate is still renewed (9.6.3)."""
_DONE = ("verified", "closed", "void")


def status_on(certificate: Row, day: date) -> str:
    """Status as it is on a day: active, suspended, withdrawn, expired, or not_yet_valid."""
    if certificate.status in ("active", "suspended") and certificate.expiry_date < day:
        return "expired"
    if certificate.status == "active" and (certificate.valid_from or certificate.issue_date) > day:
        return "not_yet_valid"
    return str(certificate.status)


def granted(world: World, audit: Row) -> Row | None:
    """The decision to certify on this audit, or None (9.5.1)."""
    decisions = world.find("certification_decisions", audit_schedule_id=audit.id)
    return next((one for one in decisions if one.decision in GRANTS), None)


def no_new_certificate(world: World, audit: Row) -> RuleBroken | None:
    """Why an audit of this kind brings no new certificate, whatever is decided; or None."""
    place = Place("audit_schedules", audit.id, "audit_type")
    if audit.audit_stage == "stage1":
        sentence = "Stage 1 alone brings no certificate. It is issued on the Stage 2 audit."
        return broken_at("stage1_certificate", sentence, place, cites="stage2")
    if audit.audit_type == "surveillance":
        sentence = "A surveillance audit keeps the certificate that there is and brings no new one."
        return broken_at("surveillance_certificate", sentence, place, cites="surveillance")
    if audit.audit_type == "recertification" and _renewable(world, audit):
        sentence = "This client has a certificate for the standard. Renew it on this audit."
        return broken_at("renew_instead", sentence, place, cites="recertification")
    return None


def _renewable(world: World, audit: Row) -> bool:
    held = world.find("certificates", client_id=audit.client_id, standard_id=audit.standard_id)
    today = clock.today()
    return any(one.status != "withdrawn" and _last_day(one) >= today for one in held)


def _last_day(certificate: Row) -> date:
    return add_months(certificate.expiry_date, RESTORED_WITHIN_MONTHS)


def issue_problem(world: World, audit: Row) -> RuleBroken | None:
    """Why no certificate is issued on this audit now, or None (9.5)."""
    place = Place("audit_schedules", audit.id, "workflow_status")
    if granted(world, audit) is None:
        sentence = "A certificate needs a decision to certify on this audit, and there is none."
        return broken_at("no_decision", sentence, place, cites="decision")
    if world.find("certificates", audit_schedule_id=audit.id):
        sentence = "The certificate of this audit is issued already."
        return broken_at("certificate_exists", sentence, place)
    return no_new_certificate(world, audit)


def check_certificate_step(change: Change, actor: Actor, world: World) -> None:
    """Suspending has a ground that holds; what is restored is in date and has no cause left."""
    del actor
    step = change.moved("status")
    if change.is_new or step is None:
        return
    problem = None
    if step[1] == "suspended":
        problem = _ground_problem(world, change.after)
    elif step == ("suspended", "active"):
        problem = _restore_problem(
            world, change.after, str(getattr(change.before, "suspension_ground", ""))
        )
    if problem is not None:
        raise problem


def _ground_problem(world: World, certificate: Row) -> RuleBroken | None:
    place = Place("certificates", certificate.id, "suspension_ground")
    if not certificate.suspension_ground or not (certificate.suspension_reason or "").strip():
        sentence = "A suspension has a ground and says why."
        return broken_at("suspension_ground", sentence, place, cites="suspension")
    if certificate.suspension_ground != "nonconformity":
        return None
    if any(one.severity in GRADED for one in open_findings(world, certificate)):
        return None
    return broken_at(
        "invalid_suspension_request",
        "No non-conformity of this client is open, so it is no ground for a suspension. "
        "Say another ground.",
        place,
        cites="suspension",
    )


def _restore_problem(world: World, certificate: Row, ground: str) -> RuleBroken | None:
    place = Place("certificates", certificate.id, "status")
    if certificate.expiry_date < clock.today():
        sentence = f"This certificate ended on {certificate.expiry_date}. It can only be renewed."
        return broken_at("expired", sentence, place, cites="suspension")
    if ground != "nonconformity":
        return None
    for finding in open_findings(world, certificate):
        if finding.severity == "major":
            return broken_at(
                "major_unverified",
                "The certificate was suspended for non-conformities, and the action for "
                f"{finding.nc_number} (major) is not verified yet.",
                Place("non_conformities", finding.id, "status"),
                cites="suspension",
            )
    return None


def open_findings(world: World, certificate: Row) -> Iterator[Row]:
    """Findings whose action is not verified, in audits of the certificate's client and standard."""
    audits = world.find(
        "audit_schedules",
        client_id=certificate.client_id,
        standard_id=certificate.standard_id,
    )
    for audit in audits:
        for finding in world.find("non_conformities", audit_schedule_id=audit.id):
            if finding.status not in _DONE:
                yield finding


def renewal_problem(
    world: World, certificate: Row, audit: Row, expiry: date, day: date
) -> RuleBroken | None:
    """Why the certificate is not renewed to `expiry` on this audit, or None (9.6.3)."""
    place = Place("certificates", certificate.id, "expiry_date")
    for code, sentence in _renewal_faults(world, certificate, audit, expiry, day):
        return broken_at(code, sentence, place, cites="recertification")
    return None


def _renewal_faults(
    world: World, certificate: Row, audit: Row, expiry: date, day: date
) -> Iterator[tuple[str, str]]:
    if (audit.client_id, audit.standard_id) != (certificate.client_id, certificate.standard_id):
        yield "other_audit", "This audit is another client's or on another standard."
    if audit.audit_type != "recertification":
        yield (
            "not_recertification",
            "A certificate is renewed on a recertification audit, not on another kind of audit.",
        )
    decision = granted(world, audit)
    if decision is None:
        yield "no_decision", "The recertification audit has no decision to certify yet."
        return
    if _last_day(certificate) < day:
        yield (
            "too_late",
            f"This certificate ended on {certificate.expiry_date}, more than six months ago. "
            "At least another Stage 2 audit is needed.",
        )
    if expiry <= certificate.expiry_date:
        yield "not_later", "The new expiry date must be after the present one."
    years = decision.validity_period_years or 3
    if expiry > add_months(certificate.expiry_date, 12 * years):
        yield (
            "beyond_cycle",
            f"The new expiry follows the old cycle: at most {years} years after "
            f"{certificate.expiry_date}.",
        )
    used = world.find("certificate_history", audit_schedule_id=audit.id, action="renewed")
    if used:
        yield "renewed_already", "A certificate was renewed on this audit already."
