"""What may happen next: each step draws what it needs from the dice and does it."""

import hashlib
import random
from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import canonical, clock, ids
from intact_core.records.audits import AuditAttendance
from intact_core.records.base import Record
from intact_core.records.checklist import RATINGS, AuditChecklist, AuditEvidence
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import FindingItem, NonConformity
from intact_desktop.evidence.capture import Captured
from intact_desktop.features.conflicts.actions import Choice, resolve
from intact_desktop.features.evidence import actions as evidence
from tests.simulation.laptops import SimLaptop
from tests.simulation.model import Wish
from tests.simulation.sim import Sim


def _living(sim: Sim, laptop: SimLaptop, record: type[Record]) -> list[Any]:
    with laptop.look() as connection, Session(connection, expire_on_commit=False) as session:
        query = select(record).where(record.deleted_at.is_(None)).order_by(record.id)
        return list(session.scalars(query))


def _change(sim: Sim, laptop: SimLaptop, row: Any, values: dict[str, Any], kind: str) -> None:
    """Set the values; the model hears of those that differ from what the person saw."""
    fields = {
        name: canonical.to_wire(value)
        for name, value in values.items()
        if getattr(row, name) != value
    }
    type_, record = row.__tablename__, type(row)

    def work(session: Session) -> None:
        mine = session.get_one(record, (sim.office.tenant_id, row.id))
        for name, value in values.items():
            setattr(mine, name, value)

    sim.tell(f"{laptop.number} {kind} {type_} {str(row.id)[-4:]} {fields}")
    sim.act(laptop, [Wish(type_, row.id, kind, fields)] if fields else [], work)


def _create(sim: Sim, laptop: SimLaptop, *records: tuple[type[Record], dict[str, Any]]) -> None:
    made = [(record, ids.new_id(), values) for record, values in records]
    wishes = [
        Wish(record.__tablename__, id_, "create", _wire(values)) for record, id_, values in made
    ]

    def work(session: Session) -> None:
        for record, id_, values in made:
            session.add(record(id=id_, audit_schedule_id=sim.office.audit_id, **values))

    sim.tell(f"{laptop.number} create {[(w.type, str(w.id)[-4:], dict(w.fields)) for w in wishes]}")
    sim.act(laptop, wishes, work)


def _wire(values: dict[str, Any]) -> dict[str, Any]:
    return {name: canonical.to_wire(value) for name, value in values.items()}


def answer(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Rate an item, note something, or both."""
    rows = _living(sim, laptop, AuditChecklist)
    if not rows:
        return
    values: dict[str, Any] = {}
    if dice.random() < 0.6:
        values["rating"] = dice.choice((None, *RATINGS))
    if not values or dice.random() < 0.5:
        values["auditor_finding"] = sim.unique()
    _change(sim, laptop, dice.choice(rows), values, "update")


def find(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Raise a finding at an item; two people may choose the same number."""
    items = _living(sim, laptop, AuditChecklist)
    if not items:
        return
    id_ = ids.new_id()
    finding = {
        "nc_number": f"AUD-2026-001-{dice.choice('ABC')}01",
        "severity": dice.choice(("observation", "opportunity")),
        "description": sim.unique(),
    }
    link = {"non_conformity_id": id_, "audit_checklist_id": dice.choice(items).id}
    wishes = [Wish("non_conformities", id_, "create", finding)]
    link_id = ids.new_id()
    wishes.append(Wish("finding_items", link_id, "create", _wire(link)))

    def work(session: Session) -> None:
        audit = sim.office.audit_id
        session.add(NonConformity(id=id_, audit_schedule_id=audit, **finding))
        session.flush()
        session.add(FindingItem(id=link_id, audit_schedule_id=audit, **link))

    sim.tell(f"{laptop.number} finds {str(id_)[-4:]} {finding}")
    sim.act(laptop, wishes, work)


def reword(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Change a finding: its unit of grade, clause and statement, or its evidence."""
    rows = _living(sim, laptop, NonConformity)
    if not rows:
        return find(sim, laptop, dice)
    options: list[dict[str, Any]] = [
        {"clause": sim.unique(), "description": sim.unique()},
        {"severity": dice.choice(("observation", "opportunity"))},
        {"evidence": sim.unique()},
    ]
    return _change(sim, laptop, dice.choice(rows), dice.choice(options), "update")


def link(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Put an item behind a finding and note so at the item: both, or neither."""
    findings, items = _living(sim, laptop, NonConformity), _living(sim, laptop, AuditChecklist)
    if not findings:
        return
    id_, item, words = ids.new_id(), dice.choice(items).id, sim.unique()
    fields = {"non_conformity_id": dice.choice(findings).id, "audit_checklist_id": item}
    wishes = [
        Wish("audit_checklists", item, "update", {"auditor_finding": words}),
        Wish("finding_items", id_, "create", _wire(fields)),
    ]

    def work(session: Session) -> None:
        session.get_one(AuditChecklist, (sim.office.tenant_id, item)).auditor_finding = words
        session.add(FindingItem(id=id_, audit_schedule_id=sim.office.audit_id, **fields))

    sim.tell(f"{laptop.number} links {str(item)[-4:]} and notes {words}")
    sim.act(laptop, wishes, work)


def attend(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Note who is there, or correct it."""
    if not _living(sim, laptop, AuditChecklist):
        return None
    rows = _living(sim, laptop, AuditAttendance)
    if not rows or dice.random() < 0.4:
        return _create(sim, laptop, (AuditAttendance, {"name": sim.unique(), "opening": True}))
    return _change(sim, laptop, dice.choice(rows), {"name": sim.unique()}, "update")


def remove(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Take a finding, a photo or a name out, with a reason."""
    kinds: tuple[type[Record], ...] = (NonConformity, AuditAttendance, AuditEvidence)
    rows = [row for record in kinds for row in _living(sim, laptop, record)]
    if rows:
        gone = {"deleted_at": clock.now(), "deleted_reason": sim.unique()}
        _change(sim, laptop, dice.choice(rows), gone, "delete")


def photograph(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Take a photo of an item."""
    items = _living(sim, laptop, AuditChecklist)
    if not items:
        return
    content = dice.randbytes(dice.randrange(1, 3_000))
    written = laptop.files.write(sim.office.audit_id, [content])
    assert written.sha256 == hashlib.sha256(content).hexdigest()
    item = dice.choice(items)
    captured = Captured(written.sha256, written.size, "application/octet-stream")
    name, made = sim.unique("photo"), []
    where = evidence.Where(sim.office.audit_id, item.id)
    fields = {"sha256": written.sha256, "size": written.size, "file_name": name}

    def work(session: Session) -> None:
        made.append(evidence.add(session, where, captured, name))
        wishes[0] = Wish("audit_evidence", made[0], "create", fields)

    wishes = [Wish("audit_evidence", UUID(int=0), "create", fields)]
    sim.tell(f"{laptop.number} photo {name}")
    if sim.act(laptop, wishes, work):
        sim.photos[written.sha256] = content


def settle(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Choose a side of a conflict that lies on this laptop."""
    rows = [row for row in _living(sim, laptop, Conflict) if row.state == "open"]
    if not rows:
        return
    row, side = dice.choice(rows), dice.choice(("server", "incoming"))
    chosen = row.incoming if side == "incoming" else {}
    if side == "server" and row.kind == "delete_edit" and row.server.get("deleted_at") is not None:
        chosen = row.server
    reason = sim.unique()
    wishes: list[Wish] = []

    def work(session: Session) -> None:
        # What differs from the row as this person sees it, read before anything is written.
        wishes.extend(_settled(sim, session, row, (side, chosen, reason)))
        resolve(session, row.id, Choice(side, reason))
        settled = session.get_one(Conflict, (sim.office.tenant_id, row.id))
        at = canonical.to_wire(settled.resolved_at)
        wishes[-1] = Wish("conflicts", row.id, "update", {**wishes[-1].fields, "resolved_at": at})

    sim.tell(f"{laptop.number} settles {str(row.id)[-4:]} {row.record_type} {row.kind} {side}")
    sim.act(laptop, wishes, work)


def _settled(
    sim: Sim, session: Session, row: Conflict, choice: tuple[str, dict[str, Any], str]
) -> list[Wish]:
    side, chosen, reason = choice
    settling = {
        "state": "resolved",
        "resolution": side,
        "reason": reason,
        "resolved_by": _who(sim, session),
    }
    record = _class_of(row.record_type)
    target = session.get(record, (sim.office.tenant_id, row.record_id)) if record else None
    if target is None:
        return [Wish("conflicts", row.id, "update", settling)]
    fields = {
        name: value
        for name, value in chosen.items()
        if canonical.to_wire(getattr(target, name)) != value
    }
    kind = "delete" if fields.get("deleted_at") is not None else "update"
    first = [Wish(row.record_type, row.record_id, kind, fields)] if fields else []
    return [*first, Wish("conflicts", row.id, "update", settling)]


def _who(sim: Sim, session: Session) -> str:
    found = session.connection().exec_driver_sql("SELECT user_id FROM device").scalar_one()
    return str(UUID(found))


def _class_of(type_: str) -> type[Record] | None:
    known = (AuditChecklist, NonConformity, AuditAttendance, AuditEvidence, FindingItem, Conflict)
    return next((record for record in known if record.__tablename__ == type_), None)


Step = Callable[[Sim, SimLaptop, random.Random], None]
WORK: dict[Step, int] = {
    answer: 26,
    find: 5,
    reword: 9,
    link: 5,
    attend: 6,
    remove: 6,
    photograph: 8,
    settle: 14,
}
