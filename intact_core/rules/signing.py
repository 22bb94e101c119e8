"""What a signature covers stays as it was signed; conflicts come first."""

from functools import cache
from uuid import UUID

from intact_core.errors import Place
from intact_core.records.catalogue import TYPES, spec_of
from intact_core.rules.kernel import Actor, Change, Row, World, broken, broken_at
from intact_core.rules.workflow import is_lead

_KEYS = frozenset({"tenant_id", "id", "created_at", "deleted_at", "deleted_reason"})


@cache
def covered_fields(type_: str) -> frozenset[str]:
    """The fields of a kind of record that a signed report shows."""
    spec = spec_of(type_)
    if spec.scope.kind != "audit":
        return frozenset()
    own = {name for name, field in spec.fields.items() if field.signed and name not in _KEYS}
    return frozenset(own | _KEYS) if own else frozenset()


COVERED_TYPES = tuple(name for name in TYPES if covered_fields(name))
"""The kinds of record that a report shows."""


def audit_id_of(type_: str, row: Row) -> UUID:
    """The audit that a row of the audit's scope belongs to."""
    found: UUID = getattr(row, spec_of(type_).scope.column)
    return found


def is_signed(world: World, audit_id: UUID) -> bool:
    """True while a report that the lead has signed stands: not once its amendment was begun."""
    signatures = world.find("signatures", audit_schedule_id=audit_id, kind="pades")
    if not signatures:
        return False
    amended = _amended(world, audit_id)
    return any(one.report_id not in amended for one in signatures)


def awaits_signature(world: World, audit_id: UUID) -> bool:
    """True while the amendment of a signed report was begun and not signed yet."""
    return bool(_amended(world, audit_id)) and not is_signed(world, audit_id)


def _amended(world: World, audit_id: UUID) -> set[UUID]:
    return {one.report_id for one in world.find("report_amendments", audit_schedule_id=audit_id)}


def check_amendment(change: Change, actor: Actor, world: World) -> None:
    """A signed report is corrected by another version, begun by the lead with a reason."""
    row = change.after
    if not (actor.system or is_lead(world, actor, row.audit_schedule_id)):
        raise broken("lead_only", "Only the audit's lead auditor amends the report.", change)
    if not row.reason.strip():
        raise broken("reason", "Say why the report is amended.", change, "reason")
    if change.deletes:
        raise broken("amendment", "An amendment stays. Sign the next version.", change)
    if world.find("certification_decisions", audit_schedule_id=row.audit_schedule_id):
        sentence = "The decision was made on this report, so it stays as it is."
        raise broken("amendment", sentence, change, cites="records")
    signed = world.find("signatures", report_id=row.report_id, kind="pades")
    earlier = world.find("report_amendments", report_id=row.report_id)
    if not signed or any(one.id != change.id for one in earlier):
        raise broken(
            "amendment", "Only a signed report is amended, and only once.", change, "report_id"
        )


def check_signed(change: Change, actor: Actor, world: World) -> None:
    """Nothing changes that a signature covers; a correction is an amendment (rule 26)."""
    del actor
    if not (change.fields & covered_fields(change.type)):
        return
    if change.type == "audit_evidence" and change.after.kind != "evidence":
        return
    if is_signed(world, audit_id_of(change.type, change.after)):
        raise broken(
            "signed",
            "The report of this audit is signed, and this is part of what was signed. "
            "A correction needs an amendment of the report.",
            change,
            next(iter(sorted(change.fields - _KEYS)), None),
            cites="records",
        )


def open_conflicts(world: World, audit_id: UUID) -> list[Row]:
    """Conflicts in the audit that nobody has settled yet."""
    return list(world.find("conflicts", scope=f"audit:{audit_id}", state="open"))


def check_no_conflicts(change: Change, actor: Actor, world: World) -> None:
    """An open conflict blocks signing and the decision; so does an open amendment the decision."""
    del actor
    if not change.is_new:
        return
    audit_id = change.after.audit_schedule_id
    if change.type == "certification_decisions" and awaits_signature(world, audit_id):
        raise broken_at(
            "open_amendment",
            "The lead auditor is amending the report. The decision waits for its signature.",
            Place("audit_schedules", audit_id),
            cites="decision",
        )
    waiting = open_conflicts(world, audit_id)
    if waiting:
        first = waiting[0]
        raise broken_at(
            "open_conflict",
            f"{len(waiting)} conflict(s) wait for a choice. Settle them first.",
            Place(first.record_type, first.record_id, first.field_group),
        )
