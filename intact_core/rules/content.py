"""Values that a field may have, and references that must stay inside one audit or client."""

from intact_core.records.catalogue import spec_of
from intact_core.rules.kernel import Actor, Change, World, broken

_SAME_AUDIT = {
    "audit_evidence": (
        ("audit_checklist_id", "audit_checklists"),
        ("non_conformity_id", "non_conformities"),
    ),
    "finding_items": (
        ("audit_checklist_id", "audit_checklists"),
        ("non_conformity_id", "non_conformities"),
    ),
}


def check_values(change: Change, actor: Actor, world: World) -> None:
    """A choice is one of its choices; a required field is not emptied (tables.md)."""
    del actor, world
    spec = spec_of(change.type)
    for name in spec.required:
        if name in change.fields and getattr(change.after, name) is None:
            raise broken("required", f"{name} must not be empty.", change, name)
    for name, choices in spec.choices.items():
        value = getattr(change.after, name) if name in change.fields else None
        if value is not None and value not in choices:
            allowed = ", ".join(choices)
            raise broken("choice", f"{name} must be one of: {allowed}.", change, name)


def check_whole(change: Change, actor: Actor, world: World) -> None:
    """A new record has every required field, also those of which the change says nothing."""
    del actor, world
    if not change.is_new:
        return
    for name in spec_of(change.type).required:
        if getattr(change.after, name) is None:
            raise broken("required", f"{name} must not be empty.", change, name)


def check_state_steps(change: Change, actor: Actor, world: World) -> None:
    """A state moves only along its legal steps; a new record starts at the first."""
    del actor, world
    if change.is_new:
        return
    spec = spec_of(change.type)
    for name in change.fields & spec.states:
        old, new = str(getattr(change.before, name)), str(getattr(change.after, name))
        if new not in (spec.fields[name].steps or {}).get(old, frozenset()):
            raise broken("transition", f"Invalid transition from '{old}' to '{new}'", change, name)


def check_same_audit(change: Change, actor: Actor, world: World) -> None:
    """Evidence and findings point only to items and findings of their own audit."""
    del actor
    for field, target in _SAME_AUDIT.get(change.type, ()):
        if field not in change.fields or getattr(change.after, field) is None:
            continue
        row = world.get(target, getattr(change.after, field))
        if row is None or row.audit_schedule_id != change.after.audit_schedule_id:
            raise broken(
                "other_audit", "This belongs to another audit or was deleted.", change, field
            )


def check_site(change: Change, actor: Actor, world: World) -> None:
    """An audit's site is its client's: a laptop holds the client of its audits and no other."""
    del actor
    after = change.after
    if change.type == "audit_schedules" and change.fields & {"site_id", "client_id"}:
        site = world.get("client_sites", after.site_id)
        if after.site_id is not None and (site is None or site.client_id != after.client_id):
            raise broken(
                "other_client", "This site is another client's or was deleted.", change, "site_id"
            )
    elif change.type == "client_sites" and "client_id" in change.fields and not change.is_new:
        audits = world.find("audit_schedules", site_id=change.id)
        if any(audit.client_id != after.client_id for audit in audits):
            raise broken(
                "other_client",
                "An audit takes place at this site, so it stays with its client.",
                change,
                "client_id",
            )
