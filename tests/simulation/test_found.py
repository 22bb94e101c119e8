"""What the simulation found in our own code, each told by itself."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from intact_core import clock, ids
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import Signature
from intact_core.records.conflicts import Conflict
from intact_desktop.sync import outgoing
from intact_desktop.sync.pushing import Sender
from tests.simulation.laptops import SimLaptop
from tests.simulation.playing import new_world
from tests.simulation.sim import Features, Sim
from tests.simulation.stage import at_once


@pytest.fixture
def sim() -> Iterator[Sim]:
    with new_world(1, Features()) as made:
        yield made


def note(sim: Sim, laptop: SimLaptop, text: str, place: int = 0) -> None:
    with laptop.sessions.begin() as session:
        item = session.get_one(AuditChecklist, (sim.office.tenant_id, sim.office.items[place]))
        item.auditor_finding = text


def verdicts(laptop: SimLaptop) -> list[tuple[str, str | None]]:
    with laptop.look() as connection:
        rows = connection.exec_driver_sql(
            "SELECT verdict, json_extract(receipt, '$.reason') FROM outbox ORDER BY n"
        )
        return [tuple(row) for row in rows]


def sign(sim: Sim) -> None:
    zero = "0" * 64
    with sim.office.write() as session:
        session.add(
            Signature(
                audit_schedule_id=sim.office.audit_id,
                report_id=ids.new_id(),
                kind="pades",
                signer_name="A",
                signer_role="lead",
                meaning="approval",
                signed_at=clock.now(),
                snapshot_sha256=zero,
                document_sha256=zero,
            )
        )


def test_what_meets_a_signed_record_is_refused_not_disputed(sim: Sim) -> None:
    """An edit from before the signature, clashing as well: nobody may be asked to choose."""
    first, second = sim.laptops[:2]
    for laptop in (first, second):
        laptop.sync._gateway.watch.took = lambda *_: None
    note(sim, first, "of the first")
    note(sim, second, "of the second")
    first.sync.round()
    sign(sim)
    second.sync.round()
    assert verdicts(second) == [("quarantined", "signed")]
    with sim.office.read() as session:
        assert session.scalars(select(Conflict)).all() == []


def test_a_laptop_renamed_after_the_backup_goes_on_with_the_restored_server(sim: Sim) -> None:
    first = sim.laptops[0]
    sim.clone(first)
    twin = sim.laptops[-1]
    note(sim, first, "of the first")
    note(sim, twin, "of the copy")
    for laptop in (first, twin):
        laptop.watch.took = lambda *_: None
    sim.back_up()
    for laptop in (first, twin):
        laptop.sync.round()
    assert twin.device_id != first.device_id
    sim.restore()
    for laptop in (first, twin, first):
        laptop.sync.round()


def test_a_copied_laptop_never_clashes_with_its_own_work(sim: Sim) -> None:
    """What both copies hold and one has sent is no other person's work to the second."""
    first = sim.laptops[0]
    first.watch.took = lambda *_: None
    note(sim, first, "before the copy, not sent yet")
    sim.clone(first)
    twin = sim.laptops[-1]
    note(sim, twin, "reworded on the copy")
    rate_another(sim, first)
    first.sync.round()
    twin.sync.round()
    assert "conflict" not in {verdict for verdict, _ in verdicts(twin)}


def test_what_two_copies_went_on_to_write_does_clash(sim: Sim) -> None:
    """Own work is what both copies hold; what each did afterwards, the other has not seen."""
    first = sim.laptops[0]
    first.watch.took = lambda *_: None
    note(sim, first, "before the copy, not sent yet")
    sim.clone(first)
    twin = sim.laptops[-1]
    note(sim, first, "reworded on the first")
    note(sim, twin, "reworded on the copy")
    for laptop in (first, twin):
        laptop.sync.round()
    assert [verdict for verdict, _ in verdicts(twin)][-1] == "conflict"
    with sim.office.read() as session:
        [conflict] = session.scalars(select(Conflict)).all()
    assert conflict.server == {"auditor_finding": "reworded on the first"}
    assert conflict.incoming == {"auditor_finding": "reworded on the copy"}


def test_own_work_that_came_under_the_copys_name_is_own_work(sim: Sim) -> None:
    """After a restore the copy may be the first to bring what both hold."""
    first = sim.laptops[0]
    first.watch.took = lambda *_: None
    sim.back_up()
    note(sim, first, "before the copy")
    sim.clone(first)
    twin = sim.laptops[-1]
    rate_another(sim, first)
    note(sim, twin, "elsewhere, on the copy", place=2)
    for laptop in (first, twin):
        laptop.sync.round()
    assert twin.device_id != first.device_id
    note(sim, first, "reworded on the first")
    sim.restore()
    for laptop in (twin, first):
        laptop.sync.round()
    assert "conflict" not in {verdict for verdict, _ in verdicts(first)}
    with sim.office.read() as session:
        key = (sim.office.tenant_id, sim.office.items[0])
        assert session.get_one(AuditChecklist, key).auditor_finding == "reworded on the first"


def rate_another(sim: Sim, laptop: SimLaptop) -> None:
    with laptop.sessions.begin() as session:
        item = session.get_one(AuditChecklist, (sim.office.tenant_id, sim.office.items[1]))
        item.rating = "minor"


def test_what_colleagues_brought_to_the_server_gets_its_receipts_here_too(sim: Sim) -> None:
    """The server knows more than the first batch holds: what lies between is asked for as well."""
    laptop = sim.laptops[0]
    laptop.watch.took = lambda *_: None
    for number in range(6):
        note(sim, laptop, f"version {number}")
    engine, gateway, sign = laptop.sync._engine, laptop.sync._gateway, laptop.sync._sign
    with laptop.look() as connection:
        brought = outgoing.next_batch(connection, 0, 4)
    assert brought is not None
    gateway.push(brought.body(sign(brought.last_hash.encode())))
    sender = Sender(engine, gateway, sign, at_once, lambda *_: None, (0, brought.prev_hash))
    sender.send(500, until=2)
    sender.send(500)
    assert [verdict for verdict, _ in verdicts(laptop)] == ["applied"] * 6
