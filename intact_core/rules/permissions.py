"""Who may write what: team, lead, client's representative, office."""

from intact_core.records.catalogue import spec_of
from intact_core.rules.findings import RESPONSE_FIELDS
from intact_core.rules.kernel import Actor, Change, World, broken
from intact_core.rules.signing import audit_id_of
from intact_core.rules.workflow import is_lead

_CLIENT_MAY = frozenset({*RESPONSE_FIELDS, "status", "responded_at", "responded_by"})
_OFFICE = ("admin", "cb_admin")


def check_permission(change: Change, actor: Actor, world: World) -> None:
    """The right follows from the audit's team, then from the role (tables.md, section 3)."""
    if actor.system:
        return
    if actor.client_id is not None:
        if change.type not in actor.permits:
            _client(change, world, actor)
        return
    if spec_of(change.type).scope.kind == "audit":
        _audit(change, actor, world)
    elif change.type == "conflicts":
        return
    elif change.type not in actor.permits and not actor.has(*_OFFICE, *_deciding(change)):
        raise broken("permission", "Only the office may change this.", change)


def _deciding(change: Change) -> tuple[str, ...]:
    return ("reviewer",) if change.type in ("certificates", "certificate_history") else ()


def _client(change: Change, world: World, actor: Actor) -> None:
    inside = spec_of(change.type).scope.kind == "audit"
    audit_id = audit_id_of(change.type, change.after) if inside else None
    audit = world.get("audit_schedules", audit_id)
    own = audit is not None and audit.client_id == actor.client_id
    answer = change.type == "non_conformities" and change.fields <= _CLIENT_MAY
    file = change.type == "audit_evidence" and change.after.kind == "response"
    status = change.moved("status") if change.type == "non_conformities" else None
    if not own or change.deletes or not (answer or file) or (status and status[1] != "responded"):
        raise broken(
            "permission", "You may answer findings of your own organisation, nothing else.", change
        )


def _audit(change: Change, actor: Actor, world: World) -> None:
    audit_id = audit_id_of(change.type, change.after)
    team = world.find("audit_teams", audit_schedule_id=audit_id, user_id=actor.user_id)
    working = any(member.role != "observer" for member in team)
    if change.type == "audit_recommendations" and not change.is_new:
        if not is_lead(world, actor, audit_id):
            raise broken("lead_only", "Only lead auditor can create recommendations", change)
        return
    if change.type == "certification_decisions":
        return
    if change.type == "non_conformities":
        _no_answers_from_auditors(change, actor)
    if not working and not actor.has(*_OFFICE, *_deciding_state(change)):
        raise broken("permission", "Only the audit's team and the office may change this.", change)


def _deciding_state(change: Change) -> tuple[str, ...]:
    decided = change.moved("workflow_status")
    moves = change.type == "audit_schedules" and decided is not None and decided[1] == "decided"
    return ("reviewer",) if moves or change.type == "audit_status_history" else ()


def _no_answers_from_auditors(change: Change, actor: Actor) -> None:
    written = change.fields & frozenset(RESPONSE_FIELDS)
    if any(getattr(change.after, name) for name in written) and not actor.has(*_OFFICE):
        raise broken(
            "auditor_solution",
            "Cause, correction and corrective action come from the client, not from the auditor.",
            change,
            sorted(written)[0],
            cites="finding_content",
        )
