"""What the server refused: visible with its reason, sent again as a new change, or left."""

import pytest
from sqlalchemy import func, select, update

from intact_core import clock, ids
from intact_core.errors import BadInput
from intact_core.records.checklist import AuditChecklist
from intact_core.records.findings import FindingItem, NonConformity
from intact_desktop.store.tables import Device, Outbox
from intact_desktop.sync.refused import leave, refused, send_again

MINE = "Two gauges were seen in the hall. One had no label."


def note_of(session, laptop) -> str | None:
    row = AuditChecklist
    return session.scalar(select(row.auditor_finding).where(row.id == laptop.items[12]))


def refuse(laptop, sentence="This cannot change once it is recorded.", settled=True) -> None:
    """What the server and the next pull do with everything in the outbox."""
    with laptop.opened.engine.begin() as connection:
        connection.execute(
            update(Outbox).values(
                verdict="quarantined", receipt={"reason": "rule", "sentence": sentence}
            )
        )
        connection.execute(update(Device).values(settled_n=Device.last_n if settled else 0))


def test_a_refused_change_is_sent_again(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, laptop.items[12])).auditor_finding = MINE
    refuse(laptop, "You have no access to this audit.", settled=False)
    with bench.readers() as session:
        (one,) = refused(session)
    assert one.sentence == "You have no access to this audit."
    assert one.changes[0].values == {"auditor_finding": MINE}
    assert not one.can_send_again
    refuse(laptop)
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(AuditChecklist).values(auditor_finding=None))
    with bench.sessions.begin() as session:
        assert send_again(session, one.txn_id) == 1
    with bench.readers() as session:
        assert note_of(session, laptop) == MINE
        assert refused(session) == []


def test_a_refused_finding_comes_back_with_what_belongs_to_it(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        nc = NonConformity(
            id=ids.new_id(),
            audit_schedule_id=laptop.audit_id,
            nc_number="NC-09",
            severity="minor",
            description="Lost",
        )
        session.add(nc)
        session.flush()
        session.add(
            FindingItem(
                audit_schedule_id=laptop.audit_id,
                non_conformity_id=nc.id,
                audit_checklist_id=laptop.items[0],
            )
        )
    refuse(laptop)
    with laptop.opened.engine.begin() as connection:
        for table in (FindingItem, NonConformity):
            connection.execute(update(table).values(deleted_at=clock.now()))
    with bench.readers() as session:
        (one,) = refused(session)
    with bench.sessions.begin() as session:
        assert send_again(session, one.txn_id) == 2
    with bench.readers() as session:
        alive = NonConformity.deleted_at.is_(None)
        again = session.scalars(select(NonConformity).where(alive)).one()
        link = session.scalars(select(FindingItem).where(FindingItem.deleted_at.is_(None))).one()
        assert refused(session) == []
    assert again.id != nc.id
    assert (again.description, link.non_conformity_id) == ("Lost", again.id)


def test_what_is_gone_cannot_be_sent_again(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, laptop.items[12])).auditor_finding = MINE
        txn_id = None
    refuse(laptop)
    with laptop.opened.engine.begin() as connection:
        connection.execute(update(AuditChecklist).values(deleted_at=clock.now()))
    with bench.readers() as session:
        txn_id = refused(session)[0].txn_id
    with pytest.raises(BadInput, match="Copy its text"), bench.sessions.begin() as session:
        send_again(session, txn_id)


def test_left_as_it_is_it_stays_visible(laptop, bench) -> None:
    with bench.sessions.begin() as session:
        session.get(AuditChecklist, (laptop.tenant_id, laptop.items[12])).auditor_finding = MINE
    refuse(laptop)
    with bench.sessions.begin() as session:
        (one,) = refused(session)
        assert not one.is_left
        leave(session, one.txn_id)
    with bench.readers() as session:
        (one,) = refused(session)
        assert one.is_left
        assert one.changes[0].values == {"auditor_finding": MINE}
        assert session.scalar(select(func.count(Outbox.n))) == 1
