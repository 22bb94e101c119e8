"""Audit time of a management system: each step of the calculation as text, with its source.

Rules 2 to 6 of the field: IAF MD 5 with its tables, MD 1 for several sites, MD 11 for integrated
systems. A day has eight hours; journeys do not count. Numbers are exact until the one rounding.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from math import ceil, floor

from intact_core.errors import BadInput
from intact_core.rules.audit_time_case import (
    LARGEST_REDUCTION,
    LARGEST_REDUCTION_OF_A_SITE,
    Adjustment,
    AuditCase,
    Scheme,
    SiteWork,
    check_case,
    said,
)
from intact_core.rules.audit_time_tables import MD1, MD5, MD11, SCHEMES, table_of
from intact_core.rules.site_sampling import Sample, sample_of

SHARE = {
    "initial": Fraction(1),
    "surveillance": Fraction(1, 3),
    "recertification": Fraction(2, 3),
}
COUNTING_ROLES = frozenset({"lead_auditor", "auditor"})
"""Technical experts, observers and trainees add no audit time (ISO/IEC 17021-1, 9.1.4.4)."""


@dataclass(frozen=True)
class Step:
    """One step of the calculation: what was done, the days after it, and where it comes from."""

    text: str
    days: Decimal
    source: str


@dataclass(frozen=True)
class AuditTime:
    """Days of eight hours, in halves; `steps` is the calculation that has to be kept (9.1.4)."""

    days: Decimal
    on_site_days: Decimal
    off_site_days: Decimal
    steps: tuple[Step, ...]
    sample: Sample


def audit_time(case: AuditCase) -> AuditTime:
    """The time of an audit. Raises BadInput for a case without sense, RuleBroken over a limit."""
    check_case(case)
    steps: list[Step] = []
    sample = sample_of(len(case.sites), case.audit_type, eligible=case.may_sample)
    parts = [_alone(case, scheme, sample, steps) for scheme in case.schemes]
    days = sum((part[0] for part in parts), Fraction(0))
    least = sum((part[1] for part in parts), Fraction(0))
    if case.integration is not None:
        left = 1 - Fraction(case.integration.percent) / 100
        days, least = days * left, least * left
        told = f"One integrated system, {said(case.integration.percent)} % less"
        steps.append(_step(f"{told}: {case.integration.reason}", days, MD11))
    whole = max(_nearest_half(days), _half_above(least))
    steps.append(_step("Rounded to half days, never below the limit of reductions", whole, MD5))
    on_site = _half_above(Fraction(whole) * Fraction(case.on_site_percent) / 100)
    told = f"On site, {said(case.on_site_percent)} % at least; the rest is planning and report"
    steps.append(_step(told, on_site, MD5))
    return AuditTime(
        _decimal(whole), _decimal(on_site), _decimal(whole - on_site), (*steps,), sample
    )


def assigned_days(team: Iterable[tuple[str, Decimal]]) -> Decimal:
    """The days of a team, as (role, days), that count as audit time."""
    return sum((days for role, days in team if role in COUNTING_ROLES), Decimal(0))


def _alone(
    case: AuditCase, scheme: Scheme, sample: Sample, steps: list[Step]
) -> tuple[Fraction, Fraction]:
    """(days, least days allowed) of one standard by itself."""
    table = table_of(scheme.kind, scheme.risk)
    if table is None:
        raise BadInput(f"{SCHEMES[scheme.kind]} has no table for the risk '{scheme.risk}'.")
    name = SCHEMES[scheme.kind] + (f", {scheme.risk} risk" if scheme.kind in ("ems", "ohs") else "")
    days = Fraction(table.days_for(case.personnel))
    beyond = " (the table's progression goes on)" if case.personnel > table.largest else ""
    told = f"{name}: {case.personnel} people, stage 1 and stage 2 together{beyond}"
    steps.append(_step(told, days, table.edition))
    net = sum((Fraction(one.percent) for one in scheme.adjustments), Fraction(0)) / 100
    least = days * (1 - Fraction(LARGEST_REDUCTION, 100))
    days *= 1 + net
    if scheme.adjustments:
        steps.append(_step(f"{name}: {_reasons(scheme.adjustments)}", days, MD5))
    for site in _visited(case, sample):
        on_site = Fraction(table.days_for(site.personnel))
        least += on_site * (1 - Fraction(LARGEST_REDUCTION_OF_A_SITE, 100))
        days += on_site * (1 + net - Fraction(site.reduction) / 100)
        less = f", {said(site.reduction)} % less: {site.reason}" if site.reduction else ""
        steps.append(_step(f"{name}: {site.name}, {site.personnel} people{less}", days, MD1))
    share = SHARE[case.audit_type]
    if share != 1:
        told = f"{name}: {case.audit_type} takes {share} of an initial audit today"
        steps.append(_step(told, days * share, MD5))
    return days * share, least * share


def _visited(case: AuditCase, sample: Sample) -> list[SiteWork]:
    # Which sites are drawn is not known yet: those with most people never give too little time.
    return sorted(case.sites, key=lambda site: -site.personnel)[: sample.visited]


def _reasons(adjustments: Sequence[Adjustment]) -> str:
    return "; ".join(
        f"{said(abs(one.percent))} % {'less' if one.percent < 0 else 'more'}: {one.reason}"
        for one in adjustments
    )


def _step(text: str, days: Fraction, source: str) -> Step:
    return Step(text[:1].upper() + text[1:], _decimal(days), source)


def _nearest_half(days: Fraction) -> Fraction:
    return max(Fraction(floor(days * 2 + Fraction(1, 2)), 2), Fraction(1, 2))


def _half_above(days: Fraction) -> Fraction:
    return Fraction(ceil(days * 2), 2)


def _decimal(days: Fraction) -> Decimal:
    exact = Decimal(days.numerator) / Decimal(days.denominator)
    return Decimal(format(exact.quantize(Decimal("0.01"), ROUND_HALF_UP).normalize(), "f"))
