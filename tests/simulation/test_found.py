"""What the simulation found in our own code, each told by itself."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from intact_core import clock, ids
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conclusions import Signature
from intact_core.records.conflicts import Conflict
from tests.simulation.laptops import SimLaptop
from tests.simulation.playing import new_world
from tests.simulation.sim import Features, Sim


@pytest.fixture
def sim() -> Iterator[Sim]:
    with new_world(1, Features()) as made:
        yield made


def note(sim: Sim, laptop: SimLaptop, text: str) -> None:
    with laptop.sessions.begin() as session:
        item = session.get_one(AuditChecklist, (sim.office.tenant_id, sim.office.items[0]))
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
