"""What a signature covers stays as it was signed; conflicts come first."""

from functools import cache
from uuid import UUID

from intact_core.errors import Place
from intact_core.records.catalogue import TYPES, spec_of
from intact_core.rules.kernel import Actor, Change, Row, World, broken, broken_at

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
    """True once the lead has signed a report of the audit."""
    return bool(world.find("signatures", audit_schedule_id=audit_id, kind="pades"))


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
    """An open conflict blocks signing and the decision."""
    del actor
    if change.type not in ("signatures", "certification_decisions") or not change.is_new:
        return
    waiting = open_conflicts(world, change.after.audit_schedule_id)
    if waiting:
        first = waiting[0]
        raise broken_at(
            "open_conflict",
            f"{len(waiting)} conflict(s) wait for a choice. Settle them first.",
            Place(first.record_type, first.record_id, first.field_group),
        )
