"""Colleagues' operations, carried by another laptop: the same receipts, the same digests."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from intact_core import ids
from intact_core.errors import BadInput, NotAllowed, Offline
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_desktop.store.tables import Blob, Carried, CarriedChain, Outbox
from intact_desktop.sync import carrying
from intact_desktop.sync.applying import cursors
from intact_desktop.sync.cards import Own
from intact_desktop.sync.showing import meetings
from sync_server.tables.ledger import Device, OpReceipt
from tests.simulation.office import Office, make_office
from tests.simulation.team import Body, meet
from tests.simulation.wire import LoseNth
from tests.simulation.world import Laptop, enrol, twin_of

Member = tuple[Laptop, Own]


@dataclass
class Team:
    office: Office
    body: Body
    lead: Member
    auditor: Member

    def everybody(self) -> list[Laptop]:
        return [self.lead[0], self.auditor[0]]


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    url = f"sqlite:///{tmp_path / 'server.db'}"
    office = make_office(url, url)
    body = Body(office)
    laptops = [enrol(office, tmp_path / role, role) for role in ("lead_auditor", "auditor")]
    members = [(one, body.enrolled(one, one.gateway.actor.user_id.hex)) for one in laptops]
    for laptop in laptops:
        laptop.round()
    yield Team(office, body, *members)
    for laptop in laptops:
        laptop.engine.dispose()
    office.database.engine.dispose()


def rate(member: Member, office: Office, place: int, **values: object) -> None:
    with member[0].work() as session:
        item = session.get_one(AuditChecklist, (office.tenant_id, office.items[place]))
        for name, value in values.items():
            setattr(item, name, value)


def item_at(holder: Laptop | Office, office: Office, place: int) -> AuditChecklist:
    with holder.sessions() if isinstance(holder, Laptop) else holder.read() as session:
        return session.get_one(AuditChecklist, (office.tenant_id, office.items[place]))


def carried(laptop: Laptop) -> int:
    with laptop.sessions() as session:
        return session.scalar(select(func.count()).select_from(Carried)) or 0


def verdicts(laptop: Laptop) -> list[str | None]:
    with laptop.sessions() as session:
        return list(session.scalars(select(Outbox.verdict).order_by(Outbox.n)))


def all_agree(team: Team) -> None:
    """Everybody synced: receipts once for each operation, equal digests, nothing carried."""
    for laptop in [*team.everybody(), *team.everybody()]:
        laptop.round()
    known = []
    for laptop in team.everybody():
        assert carried(laptop) == 0
        assert None not in verdicts(laptop)
        with laptop.engine.connect() as connection:
            known.append({(one.scope, one.digest) for one in cursors(connection)})
    assert known[0] == known[1]
    with team.office.read() as session:
        names = session.scalars(select(OpReceipt.op_id)).all()
        assert len(names) == len(set(names))
        assert len(names) == sum(len(verdicts(laptop)) for laptop in team.everybody())


def test_one_sees_the_others_work_and_brings_it_to_the_server(team: Team) -> None:
    rate(team.auditor, team.office, 0, rating="minor", auditor_finding="no record")
    assert meet(team.auditor, team.lead) == 1
    assert item_at(team.lead[0], team.office, 0).auditor_finding == "no record"
    assert meet(team.auditor, team.lead) == 0
    team.lead[0].round()
    assert item_at(team.office, team.office, 0).rating == "minor"
    assert carried(team.lead[0]) == 0
    with team.office.read() as session:
        [receipt] = session.scalars(select(OpReceipt))
        assert receipt.device_id == team.auditor[0].device_id
    assert verdicts(team.auditor[0]) == [None]
    team.auditor[0].round()
    assert verdicts(team.auditor[0]) == ["applied"]
    all_agree(team)


def test_a_record_made_in_the_room_and_edited_by_a_colleague_is_no_conflict(team: Team) -> None:
    with team.auditor[0].work() as session:
        finding = NonConformity(
            audit_schedule_id=team.office.audit_id, nc_number="A01", severity="minor"
        )
        session.add(finding)
    meet(team.auditor, team.lead)
    with team.lead[0].work() as session:
        session.get_one(NonConformity, (team.office.tenant_id, finding.id)).description = "words"
    meet(team.lead, team.auditor)
    rate(team.lead, team.office, 1, auditor_finding="first")
    meet(team.lead, team.auditor)
    rate(team.auditor, team.office, 1, auditor_finding="second, seeing the first")
    meet(team.auditor, team.lead)
    for laptop in team.everybody():
        assert item_at(laptop, team.office, 1).auditor_finding == "second, seeing the first"
        with laptop.sessions() as session:
            assert session.scalars(select(NonConformity.description)).one() == "words"
        with laptop.engine.connect() as connection:
            assert meetings(connection) == []
    team.lead[0].round()
    all_agree(team)
    with team.office.read() as session:
        assert session.scalars(select(Conflict)).all() == []
        assert session.scalars(select(NonConformity.description)).one() == "words"


def test_what_two_changed_unseen_stays_on_each_screen_until_the_server_decides(
    team: Team,
) -> None:
    rate(team.lead, team.office, 0, auditor_finding="of the lead")
    rate(team.auditor, team.office, 0, auditor_finding="of the auditor")
    meet(team.auditor, team.lead)
    meet(team.lead, team.auditor)
    assert item_at(team.lead[0], team.office, 0).auditor_finding == "of the lead"
    assert item_at(team.auditor[0], team.office, 0).auditor_finding == "of the auditor"
    with team.lead[0].engine.connect() as connection:
        [met] = meetings(connection)
    assert met.shown == {"auditor_finding": "of the lead"}
    assert met.other == {"auditor_finding": "of the auditor"}
    team.auditor[0].round()
    all_agree(team)
    for laptop in team.everybody():
        with laptop.sessions() as session:
            conflict = session.scalars(select(Conflict)).one()
            assert {conflict.server_by, conflict.incoming_by} == {
                team.lead[0].user_id,
                team.auditor[0].user_id,
            }
        assert item_at(laptop, team.office, 0).auditor_finding == "of the auditor"


def test_a_file_goes_along_and_reaches_the_server_by_the_other_laptop(team: Team) -> None:
    auditor, lead = team.auditor[0], team.lead[0]
    photo = auditor.files.write(team.office.audit_id, [b"photo"])
    with auditor.work() as session:
        session.add(
            AuditEvidence(
                audit_schedule_id=team.office.audit_id,
                file_name="p.jpg",
                content_type="image/jpeg",
                sha256=photo.sha256,
                size=photo.size,
            )
        )
    meet(team.auditor, team.lead)
    with lead.sessions() as session:
        assert session.scalars(select(Blob.state)).one() == "wanted"


@pytest.mark.parametrize("n", range(1, 5))
@pytest.mark.parametrize("way", ["up", "down"])
def test_a_lost_message_while_carrying_loses_and_doubles_nothing(
    team: Team, way: str, n: int
) -> None:
    rate(team.auditor, team.office, 0, rating="minor")
    rate(team.lead, team.office, 1, rating="major")
    meet(team.auditor, team.lead)
    setattr(team.lead[0].wire, way, LoseNth(n))
    try:
        team.lead[0].round()
    except Offline:
        # What came is on the screen whatever was lost.
        assert item_at(team.lead[0], team.office, 0).rating == "minor"
    all_agree(team)
    assert item_at(team.lead[0], team.office, 0).rating == "minor"


def parts_of(giver: Member, taker: Member) -> list[carrying.Part]:
    with giver[0].engine.connect() as connection:
        return carrying.parts_for(connection, giver[1], {}, taker[0].device_id)


def test_every_changed_byte_is_refused(team: Team) -> None:
    rate(team.auditor, team.office, 0, rating="minor")
    [part] = parts_of(team.auditor, team.lead)
    raw = bytes(part.operations[0])
    forged = [
        msgspec.structs.replace(part, operations=[msgspec.Raw(raw.replace(b"minor", b"major"))]),
        msgspec.structs.replace(part, prev_hash="1" * 64),
        msgspec.structs.replace(part, signature="00"),
        msgspec.structs.replace(part, signature="no digits"),
        msgspec.structs.replace(part, operations=[]),
        msgspec.structs.replace(part, operations=[msgspec.Raw(b"[]")]),
        msgspec.structs.replace(part, operations=[msgspec.Raw(raw), msgspec.Raw(raw)]),
        msgspec.structs.replace(part, card=team.lead[1].card),
    ]
    for one in forged:
        with pytest.raises(BadInput):
            carrying.check(one, team.lead[1].trust)
    carrying.check(part, team.lead[1].trust)


def test_a_laptop_of_another_body_or_with_another_ones_lease_is_refused(team: Team) -> None:
    rate(team.auditor, team.office, 0, rating="minor")
    [part] = parts_of(team.auditor, team.lead)
    foreign = Body(team.office).enrolled(team.lead[0], "Foreign").trust
    mixed = replace(team.lead[1].trust, authority=foreign.authority)
    for trust in (foreign, mixed):
        with pytest.raises(NotAllowed, match="does not belong"):
            carrying.check(part, trust)
    borrowed = msgspec.structs.replace(part.card, lease=team.lead[1].card.lease)
    with pytest.raises(NotAllowed, match="does not belong"):
        carrying.check(
            msgspec.structs.replace(part, card=borrowed),
            team.lead[1].trust,
        )


def test_a_gap_and_a_fork_are_refused_and_nothing_is_kept(team: Team, tmp_path: Path) -> None:
    twin = twin_of(team.auditor[0], tmp_path / "twin")
    rate(team.auditor, team.office, 0, rating="minor")
    meet(team.auditor, team.lead)
    rate((twin, team.auditor[1]), team.office, 0, rating="major")
    with pytest.raises(BadInput, match="two histories"):
        force(parts_of((twin, team.auditor[1]), team.lead), team.lead)
    for rating in ("major", "observation"):
        rate(team.auditor, team.office, 0, rating=rating)
    with team.auditor[0].engine.connect() as connection:
        theirs = {team.auditor[0].device_id: 2}
        late = carrying.parts_for(connection, team.auditor[1], theirs, team.lead[0].device_id)
    with pytest.raises(BadInput, match="Changes 2 to 2 of"):
        force(late, team.lead)
    assert carried(team.lead[0]) == 1
    twin.engine.dispose()


def force(parts: list[carrying.Part], taker: Member) -> None:
    checked = [carrying.check(part, taker[1].trust) for part in parts]
    with taker[0].engine.begin() as connection:
        carrying.accept(connection, checked, "room")


def test_a_chain_that_the_server_refuses_stays_and_stops_nobody(team: Team) -> None:
    rate(team.auditor, team.office, 0, rating="minor")
    rate(team.lead, team.office, 1, rating="major")
    meet(team.auditor, team.lead)
    with team.office.write() as session:
        row = session.get_one(Device, (team.office.tenant_id, team.auditor[0].device_id))
        row.certificate = team.lead[1].card.certificate
    team.lead[0].round()
    assert verdicts(team.lead[0]) == ["applied"]
    assert carried(team.lead[0]) == 1
    with team.lead[0].sessions() as session:
        refused = session.scalars(select(CarriedChain.refused)).one()
    assert refused is not None
    assert "not signed" in refused
    assert item_at(team.lead[0], team.office, 0).rating == "minor"


def test_the_work_of_a_withdrawn_laptop_is_kept_aside(team: Team) -> None:
    rate(team.auditor, team.office, 0, rating="minor")
    meet(team.auditor, team.lead)
    with team.office.write() as session:
        session.execute(
            update(Device)
            .where(Device.id == team.auditor[0].device_id)
            .values(revoked_at=func.now())
        )
    team.lead[0].round()
    assert carried(team.lead[0]) == 0
    assert item_at(team.lead[0], team.office, 0).rating is None
    with team.office.read() as session:
        [receipt] = session.scalars(select(OpReceipt))
        assert receipt.verdict == "quarantined"


def test_work_on_an_audit_that_is_not_here_is_carried_and_not_shown(team: Team) -> None:
    rate(team.auditor, team.office, 0, rating="minor")
    with team.lead[0].engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM cursor")
    meet(team.auditor, team.lead)
    assert item_at(team.lead[0], team.office, 0).rating is None
    assert carried(team.lead[0]) == 1


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("rate"), st.booleans(), st.integers(0, 1), st.integers(0, 9)),
        st.tuples(st.just("meet"), st.booleans()),
        st.tuples(st.just("sync"), st.booleans()),
    ),
    min_size=1,
    max_size=14,
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=STEPS)
def test_whatever_way_it_takes_all_end_alike(tmp_path: Path, steps: list[tuple]) -> None:
    folder = tmp_path / str(ids.new_id())
    folder.mkdir()
    url = f"sqlite:///{folder / 'server.db'}"
    office = make_office(url, url, items=2)
    body = Body(office)
    laptops = [enrol(office, folder / role, role) for role in ("lead_auditor", "auditor")]
    members = [(one, body.enrolled(one, "N")) for one in laptops]
    for laptop in laptops:
        laptop.round()
    team = Team(office, body, *members)
    for step in steps:
        first = int(step[1])
        if step[0] == "rate":
            rate(members[first], office, step[2], auditor_finding=f"words {first} {step[3]}")
        elif step[0] == "meet":
            meet(members[first], members[1 - first])
        else:
            laptops[first].round()
    all_agree(team)
    for place in range(2):
        values = {item_at(holder, office, place).auditor_finding for holder in (*laptops, office)}
        assert len(values) == 1
    for laptop in laptops:
        laptop.engine.dispose()
    office.database.engine.dispose()
