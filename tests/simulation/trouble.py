"""What machines, wires and the office do while people work; and all steps with their weights."""

import random
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.errors import RuleBroken
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import Signature
from tests.simulation.faults import FAULTS, MESSAGES
from tests.simulation.laptops import SimLaptop
from tests.simulation.sim import Sim
from tests.simulation.steps import WORK, Step, answer

YEARS = timedelta(days=3650)
_MOST_LAPTOPS = 4
_OFTEN = 0.4
_SELDOM = 0.05


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
    moment = dice.choice(("hello", "push", "pull", "pull"))

    def types(message: str) -> bool:
        if message != moment:
            return False
        answer(sim, laptop, dice)
        return True

    laptop.between = types
    sync(sim, laptop, dice)
    laptop.between = None
    sim.shows_what_waits(laptop)


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


def office_moves(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """The office says that a contact or a site is another client's, once or a few times."""
    for _ in range(dice.randint(1, 3)):
        record, id_ = dice.choice(sim.office.movable)
        with sim.at_server(), sim.office.write() as session:
            row: Any = session.get_one(record, (sim.office.tenant_id, id_))
            here = row.client_id == sim.office.client_id
            row.client_id = sim.office.other_client_id if here else sim.office.client_id
        sim.tell(f"office moves {record.__tablename__} {str(id_)[-4:]}")


def leaves_or_joins(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """A person loses the audit, or gets it again."""
    member = laptop.member
    is_on = member.user_id in sim.ledger.members
    sim.tell(f"{laptop.number} {'leaves' if is_on else 'joins'} the team")
    sim.may(laptop, not is_on)
    if not is_on:
        _break_next_pulls(sim, laptop)


def _break_next_pulls(sim: Sim, laptop: SimLaptop) -> None:
    """All comes whole now, over a bad line: it breaks off twice, somewhere (no dice are thrown)."""
    for again in (1, 2):
        laptop.weather.add("pull", "cut", 7919 * (sim.count + again))


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
    if sim.backup is not None:
        sim.tell("server restored")
        sim.restore()
        for one in sim.laptops:
            _break_next_pulls(sim, one)


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


def burn_after_a_copy(sim: Sim, laptop: SimLaptop, dice: random.Random) -> None:
    """A copied laptop takes a name of its own, and the server comes back from before that."""
    back_up(sim, laptop, dice)
    clone(sim, laptop, dice)
    for one in (laptop, sim.laptops[-1]):
        answer(sim, one, dice)
        dice.choice((sync, sync_badly, sync_and_die))(sim, one, dice)
    if dice.random() < _OFTEN:
        clone(sim, sim.laptops[-1], dice)
    restore(sim, laptop, dice)
    for one in sim.laptops:
        if dice.random() < _OFTEN:
            fault, at = dice.choice(FAULTS), dice.randrange(1 << 16)
            name = dice.choice(("recognise", "succeed"))
            one.weather.add(name, fault, at)
            sim.tell(f"{one.number} will meet {fault} at {name}")


WIRE: dict[Step, int] = {
    sync: 18,
    sync_badly: 16,
    sync_and_die: 8,
    sync_on_a_full_disk: 3,
    type_during_a_round: 6,
    answer_and_die: 1,
    answer_on_a_full_disk: 1,
    office_answers: 5,
    office_moves: 3,
    late_post: 3,
    wrong_clock: 2,
    time_passes: 2,
}
CHANGES: dict[str, dict[Step, int]] = {
    "revoked_scope": {leaves_or_joins: 5},
    "signing": {sign: 3},
    "restored_server": {back_up: 10, restore: 10},
    "restored_laptop": {copy_laptop: 7, go_back: 7},
    "cloned_laptop": {clone: 5},
}


def steps_of(sim: Sim) -> dict[Step, int]:
    """The steps that may happen in this world, with their weights: some worlds are calm."""
    chosen = {**WORK, **WIRE}
    for name, steps in CHANGES.items():
        if getattr(sim.features, name) and sim.dice.random() < _OFTEN:
            chosen |= steps
    if sim.features.newer_names:
        chosen[burn_after_a_copy] = 15
    return chosen
