"""All rules in the order in which they are asked; the session hooks call this."""

from functools import cache
from typing import NamedTuple

from intact_core.rules.certificates import check_certificate_step
from intact_core.rules.complaints import check_complaint
from intact_core.rules.content import (
    check_same_audit,
    check_site,
    check_state_steps,
    check_values,
    check_whole,
)
from intact_core.rules.deciding import check_certificate, check_decision, check_recommendation
from intact_core.rules.findings import (
    check_close,
    check_grade,
    check_response,
    check_verification,
    check_void,
)
from intact_core.rules.kernel import Actor, Change, Rule, World
from intact_core.rules.permissions import check_permission
from intact_core.rules.signing import check_amendment, check_no_conflicts, check_signed
from intact_core.rules.teams import check_assignment, check_led
from intact_core.rules.workflow import check_stage2, check_transition


class Asked(NamedTuple):
    """A rule, and the kinds of record that it is about; without any it is about all."""

    rule: Rule
    kinds: frozenset[str] = frozenset()


def _ask(rule: Rule, *kinds: str) -> Asked:
    return Asked(rule, frozenset(kinds))


RULES: tuple[Asked, ...] = (
    _ask(check_whole),
    _ask(check_values),
    _ask(check_signed),
    _ask(check_amendment, "report_amendments"),
    _ask(check_transition, "audit_schedules"),
    _ask(check_close, "non_conformities"),
    _ask(check_state_steps),
    _ask(check_permission),
    _ask(check_same_audit, "audit_evidence", "finding_items"),
    _ask(check_site, "audit_schedules", "client_sites"),
    _ask(check_assignment, "audit_teams"),
    _ask(check_led, "audit_schedules"),
    _ask(check_stage2, "audit_schedules"),
    _ask(check_grade, "non_conformities"),
    _ask(check_response, "non_conformities"),
    _ask(check_verification, "non_conformities"),
    _ask(check_void, "non_conformities"),
    _ask(check_recommendation, "audit_recommendations"),
    _ask(check_no_conflicts, "signatures", "certification_decisions"),
    _ask(check_decision, "certification_decisions"),
    _ask(check_certificate, "certificates"),
    _ask(check_certificate_step, "certificates"),
    _ask(check_complaint, "complaints"),
)
"""In the order in which they are asked: what is said first is what is most to the point."""


def check(change: Change, actor: Actor, world: World) -> None:
    """Ask every rule about one change; raises RuleBroken for the first that is broken."""
    for rule in _rules_about(change.type):
        rule(change, actor, world)


@cache
def _rules_about(kind: str) -> tuple[Rule, ...]:
    return tuple(one.rule for one in RULES if not one.kinds or kind in one.kinds)
