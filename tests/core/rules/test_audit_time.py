"""Audit time: the ends of each table's bands, worked cases, and what holds for every case."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intact_core.errors import BadInput, RuleBroken
from intact_core.rules.audit_time import assigned_days, audit_time
from intact_core.rules.audit_time_case import Adjustment, AuditCase, Scheme, SiteWork
from intact_core.rules.audit_time_tables import RISKS, table_of
from intact_core.rules.site_sampling import sample_of

BANDS = """
1-5 1.5 3/2.5/2.5/2.5; 6-10 2 3.5/3/3/3; 11-15 2.5 4.5/3.5/3/3; 16-25 3 5.5/4.5/3.5/3;
26-45 4 7/5.5/4/3; 46-65 5 8/6/4.5/3.5; 66-85 6 9/7/5/3.5; 86-125 7 11/8/5.5/4;
126-175 8 12/9/6/4.5; 176-275 9 13/10/7/5; 276-425 10 15/11/8/5.5; 426-625 11 16/12/9/6;
626-875 12 17/13/10/6.5; 876-1175 13 19/15/11/7; 1176-1550 14 20/16/12/7.5;
1551-2025 15 21/17/12/8; 2026-2675 16 23/18/13/8.5; 2676-3450 17 25/19/14/9;
3451-4350 18 27/20/15/10; 4351-5450 19 28/21/16/11; 5451-6800 20 30/23/17/12;
6801-8500 21 32/25/19/13; 8501-10700 22 34/27/20/14
"""
ISMS = """
1-10 5; 11-15 6; 16-25 7; 26-45 8.5; 46-65 10; 66-85 11; 86-125 12; 126-175 13; 176-275 14;
276-425 15; 426-625 16.5; 626-875 17.5; 876-1175 18.5; 1176-1550 19.5; 1551-2025 21;
2026-2675 22; 2676-3450 23; 3451-4350 24; 4351-5450 25; 5451-6800 26; 6801-8500 27; 8501-10700 28
"""


def bands() -> list[tuple[str, str, int, Decimal]]:
    found = []
    for line in BANDS.replace("\n", " ").split(";"):
        band, quality, by_risk = line.split()
        for personnel in map(int, band.split("-")):
            found.append(("qms", "", personnel, Decimal(quality)))
            for risk, days in zip(RISKS, by_risk.split("/"), strict=True):
                found.append(("ems", risk, personnel, Decimal(days)))
                if risk != "limited":
                    found.append(("ohs", risk, personnel, Decimal(days)))
    for line in ISMS.replace("\n", " ").split(";"):
        band, days = line.split()
        found += [("isms", "", personnel, Decimal(days)) for personnel in map(int, band.split("-"))]
    return found


def of(personnel: int, *schemes: Scheme, **more) -> AuditCase:
    return AuditCase(personnel, schemes or (Scheme("qms"),), **more)


def less(percent: str, reason: str = "a mature system") -> Adjustment:
    return Adjustment(-Decimal(percent), reason)


def test_each_band_of_each_table_at_both_ends() -> None:
    assert len(bands()) == 23 * 2 * 8 + 22 * 2
    for scheme, risk, personnel, days in bands():
        assert table_of(scheme, risk).days_for(personnel) == days, (scheme, risk, personnel)
        assert audit_time(of(personnel, Scheme(scheme, risk))).days == days


@pytest.mark.parametrize(
    ("personnel", "percent", "days"),
    [
        (5, "0", "1.5"),
        (65, "-6", "5.5"),  # 5 days and 6 % are 5.3
        (65, "-4", "5"),  # 5.2
        (65, "-5", "5.5"),  # 5.25 is half-way: never too little
        (5, "30", "1.5"),  # 1.05 would round to 1, below 70 %
        (175, "30", "6"),  # 5.6 would round to 5.5, below 70 %
        (175, "25", "6"),
    ],
)
def test_rounding_to_half_days_never_passes_the_limit(personnel, percent, days) -> None:
    case = of(personnel, Scheme("qms", adjustments=(less(percent),)))
    assert audit_time(case).days == Decimal(days)


@pytest.mark.parametrize(
    ("audit_type", "days"), [("initial", 8), ("surveillance", "2.5"), ("recertification", "5.5")]
)
def test_surveillance_takes_a_third_and_recertification_two_thirds(audit_type, days) -> None:
    assert audit_time(of(148, audit_type=audit_type)).days == Decimal(days)


def test_four_fifths_are_spent_on_site() -> None:
    found = audit_time(of(148))
    assert (found.on_site_days, found.off_site_days) == (Decimal("6.5"), Decimal("1.5"))
    with pytest.raises(RuleBroken) as refused:
        audit_time(of(148, on_site_percent=Decimal(79)))
    assert (refused.value.code, refused.value.clause) == ("on_site_share", "IAF MD 5:2019")


def test_integrated_systems_are_added_and_then_reduced() -> None:
    schemes = (Scheme("qms"), Scheme("ems", "high"))
    assert audit_time(of(148, *schemes)).days == 20
    reduced = audit_time(of(148, *schemes, integration=Adjustment(Decimal(20), "one manual")))
    assert reduced.days == 16
    assert [step.source for step in reduced.steps][2] == "IAF MD 11:2019"
    with pytest.raises(RuleBroken, match="20 % at most"):
        audit_time(of(148, *schemes, integration=Adjustment(Decimal(21), "one manual")))
    with pytest.raises(BadInput, match="not integrated"):
        audit_time(of(148, integration=Adjustment(Decimal(20), "one manual")))


@pytest.mark.parametrize(
    ("sites", "visited"),
    [(0, (0, 0, 0)), (1, (1, 1, 1)), (2, (2, 1, 2)), (9, (3, 2, 3)), (25, (5, 3, 4))]
    + [(26, (6, 4, 5)), (100, (10, 6, 8)), (101, (11, 7, 9))],
)
def test_samples_of_sites(sites: int, visited: tuple[int, int, int]) -> None:
    kinds = ("initial", "surveillance", "recertification")
    samples = [sample_of(sites, kind) for kind in kinds]
    assert tuple(one.visited for one in samples) == visited
    assert all(one.at_random * 4 >= one.visited for one in samples)


def test_sites_that_are_not_alike_are_all_visited() -> None:
    found = [
        sample_of(11, kind, eligible=False).visited
        for kind in ("initial", "surveillance", "recertification")
    ]
    assert found == [11, 4, 11]


def test_visited_sites_add_their_time_and_give_up_half_of_it_at_most() -> None:
    sites = [SiteWork("Depot", 20, Decimal(50), "stores only"), SiteWork("Works", 90)]
    found = audit_time(of(30, sites=sites))
    assert (found.sample.visited, found.days) == (2, Decimal("12.5"))  # 4, 7 and half of 3
    with pytest.raises(RuleBroken, match="Depot together; this is 60 %"):
        audit_time(of(30, Scheme("qms", adjustments=(less("10"),)), sites=sites))


def test_a_reduction_has_a_limit_and_a_reason() -> None:
    with pytest.raises(RuleBroken, match="30 % at most") as refused:
        audit_time(of(148, Scheme("qms", adjustments=(less("20"), less("10.5")))))
    assert refused.value.clause == "IAF MD 5:2019"
    with pytest.raises(RuleBroken) as refused:
        audit_time(of(148, Scheme("qms", adjustments=(less("5", " "),))))
    assert refused.value.clause == "ISO/IEC 17021-1:2015, 9.1.4"
    with pytest.raises(RuleBroken, match="says why"):
        audit_time(of(148, sites=[SiteWork("Depot", 20, Decimal(10))]))


@pytest.mark.parametrize(
    "case",
    [
        of(0),
        AuditCase(5, ()),
        of(5, Scheme("qms"), Scheme("qms")),
        of(5, Scheme("ohs", "limited")),
        of(5, Scheme("food")),
        of(5, sites=[SiteWork("Depot", 0)]),
    ],
)
def test_a_case_without_sense_is_refused(case: AuditCase) -> None:
    with pytest.raises(BadInput):
        audit_time(case)


def test_only_auditors_add_audit_time() -> None:
    team = [("lead_auditor", Decimal(3)), ("auditor", Decimal("1.5")), ("trainee", Decimal(3))]
    others = [("technical_expert", Decimal(2)), ("observer", Decimal(1))]
    assert assigned_days([*team, *others]) == Decimal("4.5")


def test_each_step_tells_days_and_source() -> None:
    case = of(30, Scheme("qms", adjustments=(less("10"), Adjustment(Decimal(5), "two shifts"))))
    told = [(step.text, step.days) for step in audit_time(case).steps]
    assert told[1] == (
        "Quality (ISO 9001): 10 % less: a mature system; 5 % more: two shifts",
        Decimal("3.8"),
    )
    assert [days for _, days in told] == [4, Decimal("3.8"), 4, Decimal("3.5")]


cases = st.builds(
    lambda kind, risk, percent, audit_type, sites: {
        "schemes": (Scheme(kind, risk, (less(str(percent)),)),),
        "audit_type": audit_type,
        "sites": [SiteWork(f"Site {n}", people) for n, people in enumerate(sites)],
    },
    st.sampled_from(["qms", "ems", "ohs", "isms"]),
    st.sampled_from(["high", "medium", "low"]),
    st.integers(-100, 30),
    st.sampled_from(["initial", "surveillance", "recertification"]),
    st.lists(st.integers(1, 20_000), max_size=6),
)


@given(cases, st.integers(1, 20_000), st.integers(0, 2_000))
def test_more_people_never_take_less_time(case, personnel: int, more: int) -> None:
    fewer, many = (audit_time(AuditCase(n, **case)).days for n in (personnel, personnel + more))
    assert fewer <= many


@given(cases, st.integers(1, 20_000))
def test_the_time_never_falls_below_seven_tenths_of_the_tables(case, personnel: int) -> None:
    found = audit_time(AuditCase(personnel, **case))
    [scheme] = case["schemes"]
    whole = audit_time(
        AuditCase(personnel, **{**case, "schemes": (Scheme(scheme.kind, scheme.risk),)})
    )
    exact = next(s.days for s in reversed(whole.steps[:-2]))
    assert found.days >= exact * Decimal("0.7") - Decimal("0.01")
    assert found.on_site_days >= found.days * Decimal("0.8")
    assert found.on_site_days + found.off_site_days == found.days
    assert found.days % Decimal("0.5") == 0
