"""What audit time follows from, and the limits of what may be taken off it."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from intact_core.errors import BadInput, RuleBroken
from intact_core.rules.audit_time_tables import MD1, MD5, MD11, SCHEMES
from intact_core.rules.clauses import clause

LARGEST_REDUCTION = 30
LARGEST_REDUCTION_OF_A_SITE = 50
LARGEST_INTEGRATION = 20
LEAST_ON_SITE = 80


@dataclass(frozen=True)
class Adjustment:
    """A factor that shortens (below 0) or lengthens the time, in percent, with its reason."""

    percent: Decimal
    reason: str


@dataclass(frozen=True)
class Scheme:
    """A standard's kind (`qms`, `ems`, `ohs`, `isms`) and, where it counts, the risk."""

    kind: str
    risk: str = "medium"
    adjustments: Sequence[Adjustment] = ()


@dataclass(frozen=True)
class SiteWork:
    """A site beside the central function; `reduction` in percent, with its reason."""

    name: str
    personnel: int
    reduction: Decimal = Decimal(0)
    reason: str = ""


@dataclass(frozen=True)
class AuditCase:
    """What audit time follows from.

    `personnel` is effective: shifts and temporary people count, part-time is converted. With
    `sites` it is that of the central function alone. `integration` is the reduction for one
    integrated system, in percent.
    """

    personnel: int
    schemes: Sequence[Scheme]
    audit_type: str = "initial"
    sites: Sequence[SiteWork] = ()
    may_sample: bool = True
    integration: Adjustment | None = None
    on_site_percent: Decimal = Decimal(LEAST_ON_SITE)


def check_case(case: AuditCase) -> None:
    """Raises BadInput for a case without sense, RuleBroken (with its source) over a limit."""
    if not case.schemes or len({scheme.kind for scheme in case.schemes}) != len(case.schemes):
        raise BadInput("Name each standard of the audit once.")
    if case.personnel < 1 or any(site.personnel < 1 for site in case.sites):
        raise BadInput("personnel must be 1 or more, at each site.")
    for scheme in case.schemes:
        if scheme.kind not in SCHEMES:
            raise BadInput(f"There is no table of audit time for '{scheme.kind}'.")
        _check_reductions(case, -sum((one.percent for one in scheme.adjustments), Decimal(0)))
    if case.integration is not None:
        if len(case.schemes) == 1:
            raise BadInput("An audit of one standard is not integrated.")
        _within("integration_limit", "integration", case.integration.percent, LARGEST_INTEGRATION)
    if not LEAST_ON_SITE <= case.on_site_percent <= 100:
        raise RuleBroken(
            "on_site_share",
            f"At least {LEAST_ON_SITE} % of the audit time is spent on site, and not over 100 %.",
            clause=MD5,
        )


def _check_reductions(case: AuditCase, reduction: Decimal) -> None:
    _within("reduction_limit", "all reductions together", reduction, LARGEST_REDUCTION)
    for site in case.sites:
        _within(
            "site_reduction_limit",
            f"the reductions of {site.name} together",
            reduction + site.reduction,
            LARGEST_REDUCTION_OF_A_SITE,
        )
    unsaid = [site.name for site in case.sites if site.reduction and not site.reason.strip()]
    if unsaid or any(not one.reason.strip() for one in _all_adjustments(case)):
        raise RuleBroken(
            "reduction_reason",
            "Whoever reduces or adds audit time says why: the justification is kept.",
            clause=clause("audit_time"),
        )


def _all_adjustments(case: AuditCase) -> list[Adjustment]:
    found = [one for scheme in case.schemes for one in scheme.adjustments]
    return found if case.integration is None else [*found, case.integration]


def _within(code: str, what: str, percent: Decimal, largest: int) -> None:
    if percent > largest:
        source = {"integration_limit": MD11, "site_reduction_limit": MD1}.get(code, MD5)
        raise RuleBroken(
            code,
            f"The audit time may be reduced by {largest} % at most for {what}; "
            f"this is {said(percent)} %.",
            clause=source,
        )


def said(percent: Decimal) -> str:
    """A percentage without zeros at its end."""
    return format(percent.normalize(), "f")
