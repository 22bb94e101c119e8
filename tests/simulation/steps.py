"""What may happen next: each step draws what it needs from the dice and does it."""

import hashlib
import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import canonical, clock, ids
from intact_core.errors import RuleBroken
from intact_core.records.audits import AuditAttendance
from intact_core.records.base import Record
from intact_core.records.checklist import RATINGS, AuditChecklist, AuditEvidence
from intact_core.records.conclusions import Signature
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import FindingItem, NonConformity
from intact_desktop.evidence.capture import Captured
from intact_desktop.features.conflicts.actions import Choice, resolve
from intact_desktop.features.evidence import actions as evidence
from tests.simulation.faults import FAULTS, MESSAGES
from tests.simulation.laptops import SimLaptop
from tests.simulation.model import Wish
from tests.simulation.sim import Sim

_MOST_LAPTOPS = 4
_OFTEN = 0.4
_SELDOM = 0.05
YEARS = timedelta(days=3650)


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


def sync(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """A round on a good day."""
    sim.tell(f"{laptop.number} round")
    sim.round(laptop)


def sync_badly(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """A round with one to three faults on the wire."""
    for _ in range(dice.randint(1, 3)):
        name = dice.choice(MESSAGES)
        fault, at = dice.choice(FAULTS), dice.randrange(1 << 16)
        laptop.weather.add(name, fault, at)
        sim.tell(f"{laptop.number} will meet {fault} at {name}")
    laptop.weather.stuck = dice.random() < _SELDOM
    sync(sim, laptop, dice)
    laptop.weather.clear()


def sync_and_die(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """A round that is killed at one of its steps."""
    laptop.kill_at(dice.randint(1, 24))
    sync(sim, laptop, dice)
    laptop.fuse.clear()


def sync_on_a_full_disk(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """The disk is full from one of the round's writes on, until it is over."""
    laptop.disk.set(dice.randint(1, 6))
    sync(sim, laptop, dice)
    laptop.disk.room()


def type_during_a_round(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """The person goes on working while a round is under way."""
    laptop.between = lambda _: answer(sim, laptop, dice)
    sync(sim, laptop, dice)
    laptop.between = None


def answer_and_die(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Killed before what was typed was committed."""
    laptop.kill_at(2)
    answer(sim, laptop, dice)
    laptop.fuse.clear()


def answer_on_a_full_disk(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """What was typed does not fit on the disk, and the person is told."""
    laptop.disk.set(1)
    answer(sim, laptop, dice)
    laptop.disk.room()


def late_post(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Messages that were given up long ago arrive."""
    sim.tell("late messages arrive")
    sim.deliver_late()


def wrong_clock(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Somebody sets the laptop's clock, up to ten years off."""
    laptop.skew = YEARS * dice.uniform(-1, 1)
    sim.tell(f"{laptop.number} clock off by {laptop.skew}")


def time_passes(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    sim.time.passes(timedelta(minutes=dice.randint(1, 2_000)))


def office_answers(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """Somebody in the office changes an item on the server."""
    id_, value = dice.choice(sim.office.items), sim.unique()

    def work(session: Session) -> None:
        row = session.get_one(AuditChecklist, (sim.office.tenant_id, id_))
        row.auditor_finding = value

    if not sim.ledger.signed:
        sim.tell(f"office notes {value} at {str(id_)[-4:]}")
        sim.office_writes("audit_checklists", id_, {"auditor_finding": value}, work)


def leaves_or_joins(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """A person loses the audit, or gets it again."""
    member = laptop.member
    is_on = member.user_id in sim.ledger.members
    sim.tell(f"{laptop.number} {'leaves' if is_on else 'joins'} the team")
    sim.may(laptop, not is_on)


def sign(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """The report is signed: nothing that it covers changes from now on."""
    if sim.ledger.signed or dice.random() > 0.2:
        return
    report_id, signature_id = ids.new_id(), ids.new_id()
    audit = {"audit_schedule_id": sim.office.audit_id}
    zero = "0" * 64

    def work(session: Session) -> None:
        session.add(
            Signature(
                id=signature_id,
                report_id=report_id,
                kind="pades",
                signer_name="A",
                signer_role="lead",
                meaning="approval",
                signed_at=clock.now(),
                snapshot_sha256=zero,
                document_sha256=zero,
                **audit,
            )
        )

    try:
        sim.office_writes("signatures", signature_id, {"kind": "pades"}, work)
    except RuleBroken:
        assert sim.ledger.open_disputes(), "signing was refused without an open conflict"
        return
    assert not sim.ledger.open_disputes(), "signed over an open conflict"
    sim.tell("the report is signed")
    sim.ledger.signed = True


def back_up(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    sim.tell("server copied")
    sim.back_up()


def restore(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    if sim.backup is not None and not sim.renamed_since_backup():
        sim.tell("server restored")
        sim.restore()


def copy_laptop(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    sim.tell(f"{laptop.number} copied")
    sim.copies[laptop.number] = laptop.copy()


def go_back(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    if laptop.number in sim.copies:
        sim.tell(f"{laptop.number} restored from its copy")
        sim.go_back(laptop)


def clone(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    if len(sim.laptops) < _MOST_LAPTOPS:
        sim.tell(f"{laptop.number} cloned as {len(sim.laptops)}")
        sim.clone(laptop)


Step = Callable[[Sim, SimLaptop, random.Random], None]
WORK: dict[Step, int] = {
    answer: 26,
    find: 5,
    reword: 9,
    attend: 6,
    remove: 6,
    photograph: 4,
    settle: 14,
    office_answers: 5,
}
WIRE: dict[Step, int] = {
    sync: 18,
    sync_badly: 16,
    sync_and_die: 8,
    sync_on_a_full_disk: 3,
    type_during_a_round: 4,
    answer_and_die: 1,
    answer_on_a_full_disk: 1,
    late_post: 3,
    wrong_clock: 2,
    time_passes: 2,
}
CHANGES: dict[str, dict[Step, int]] = {
    "revoked_scope": {leaves_or_joins: 5},
    "signing": {sign: 3},
    "restored_server": {back_up: 6, restore: 6},
    "restored_laptop": {copy_laptop: 7, go_back: 7},
    "cloned_laptop": {clone: 5},
}


def steps_of(sim: Sim) -> dict[Step, int]:
    """The steps that may happen in this world, with their weights: some worlds are calm."""
    chosen = {**WORK, **WIRE}
    for name, steps in CHANGES.items():
        if getattr(sim.features, name) and sim.dice.random() < _OFTEN:
            chosen |= steps
    return chosen
