"""All rules in the order in which they are asked; the session hooks call this."""

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

RULES: tuple[Rule, ...] = (
    check_values,
    check_signed,
    check_amendment,
    check_transition,
    check_close,
    check_state_steps,
    check_permission,
    check_same_audit,
    check_site,
    check_assignment,
    check_led,
    check_stage2,
    check_grade,
    check_response,
    check_verification,
    check_void,
    check_recommendation,
    check_no_conflicts,
    check_decision,
    check_certificate,
    check_certificate_step,
    check_complaint,
    check_whole,
)


def check(change: Change, actor: Actor, world: World) -> None:
    """Ask every rule about one change; raises RuleBroken for the first that is broken."""
    for rule in RULES:
        rule(change, actor, world)
