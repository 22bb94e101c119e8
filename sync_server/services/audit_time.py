"""The audit time of an application: calculated, justified and kept with it (17021-1, 9.1.4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.errors import BadInput, NotFound, Place, RuleBroken
from intact_core.records.contracts import Application
from intact_core.records.standards import Standard
from intact_core.rules.audit_time import AuditTime, assigned_days, audit_time
from intact_core.rules.audit_time_case import Adjustment, AuditCase, Scheme, SiteWork
from intact_core.rules.audit_time_tables import SCHEME_OF_STANDARD
from intact_core.rules.clauses import clause
from sync_server.auth.callers import Caller
from sync_server.services import records
from sync_server.services.applications import APPLICATIONS, personnel_of

CYCLE = ("initial", "surveillance", "recertification")


@dataclass(frozen=True)
class Basis:
    """What the office says of the work; the application fills in standard and personnel.

    `standards` are pairs of a standard's code and its risk; empty: the application's own, with
    `risk`. `team` are pairs of role and days, to be compared with the time needed.
    """

    audit_type: str
    risk: str
    personnel: int | None
    standards: Sequence[tuple[str, str]]
    adjustments: Sequence[Adjustment]
    sites: Sequence[SiteWork]
    may_sample: bool
    integration: Adjustment | None
    on_site_percent: Decimal
    team: Sequence[tuple[str, Decimal]]


def determine(session: Session, caller: Caller, id_: UUID, basis: Basis) -> Application:
    """Calculate an application's audit time and keep the calculation with it.

    Raises BadInput where personnel or a table are unknown, RuleBroken over a limit of reductions
    and for an application that was declined.
    """
    row = records.one(session, caller, APPLICATIONS, id_, lock=True)
    if row.status == "rejected":
        raise RuleBroken(
            "decided",
            "This application was declined: there is no audit to plan.",
            place=Place("applications", row.id, "status"),
        )
    case = _case(session, row, basis)
    found = {kind: audit_time(replace(case, audit_type=kind)) for kind in CYCLE}
    row.audit_time = _stored(caller, case, basis, found)
    session.flush()
    return row


def calculation_of(row: Application) -> Mapping[str, Any]:
    """The calculation kept with an application, its numbers as text; raises NotFound."""
    if row.audit_time is None:
        raise NotFound("The audit time of this application is not determined yet.")
    return row.audit_time


def _case(session: Session, row: Application, basis: Basis) -> AuditCase:
    personnel = basis.personnel or personnel_of(session, row)
    if personnel is None:
        raise BadInput(
            "personnel: neither the application nor its client says how many work there."
        )
    own = session.get_one(Standard, (row.tenant_id, row.standard_id)).standard_code
    standards = basis.standards or ((own, basis.risk),)
    return AuditCase(
        personnel=personnel,
        schemes=[Scheme(_scheme(code), risk, basis.adjustments) for code, risk in standards],
        audit_type=basis.audit_type,
        sites=basis.sites,
        may_sample=basis.may_sample,
        integration=basis.integration,
        on_site_percent=basis.on_site_percent,
    )


def _scheme(code: str) -> str:
    found = SCHEME_OF_STANDARD.get(" ".join(code.partition(":")[0].split()))
    if found is None:
        known = ", ".join(SCHEME_OF_STANDARD)
        raise BadInput(
            f"There is no table of audit time for '{code}'. Name in standards what comes nearest: "
            f"{known}."
        )
    return found


def _stored(
    caller: Caller, case: AuditCase, basis: Basis, found: Mapping[str, AuditTime]
) -> dict[str, Any]:
    time = found[case.audit_type]
    return {
        "audit_type": case.audit_type,
        "days": _text(time.days),
        "on_site_days": _text(time.on_site_days),
        "off_site_days": _text(time.off_site_days),
        "personnel": case.personnel,
        "standards": [{"scheme": one.kind, "risk": one.risk} for one in case.schemes],
        "sites": vars(time.sample),
        "steps": [
            {"text": one.text, "days": _text(one.days), "source": one.source} for one in time.steps
        ],
        "cycle": {kind: _text(one.days) for kind, one in found.items()},
        "assigned_days": _text(assigned_days(basis.team)) if basis.team else None,
        "rule": clause("audit_time"),
        "calculated_at": canonical.moment(clock.now()),
        "calculated_by": str(caller.user_id),
    }


def _text(days: Decimal) -> str:
    return canonical.decimal(days)
