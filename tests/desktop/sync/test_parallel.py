"""Two people at one record, each at other fields: told, with real laptops and a real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from intact_core.records.checklist import AuditChecklist
from intact_desktop.store.tables import SyncLog
from intact_desktop.sync.parallel import OUTCOME, Met
from tests.simulation.office import Office, make_office
from tests.simulation.world import Laptop, enrol


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    url = f"sqlite:///{tmp_path / 'server.sqlite'}"
    office = make_office(url, url)
    yield office
    office.database.engine.dispose()


@pytest.fixture
def laptops(office: Office, tmp_path: Path) -> Iterator[tuple[Laptop, Laptop]]:
    made = tuple(enrol(office, tmp_path / role, role) for role in ("lead_auditor", "auditor"))
    for laptop in made:
        laptop.round()
    yield made
    for laptop in made:
        laptop.engine.dispose()


def write(laptop: Laptop, office: Office, **values: object) -> None:
    with laptop.work() as session:
        item = session.get(AuditChecklist, (office.tenant_id, office.items[0]))
        for name, value in values.items():
            setattr(item, name, value)


def told(laptop: Laptop) -> list[Met]:
    with laptop.sessions() as session:
        query = select(SyncLog.words).where(SyncLog.outcome == OUTCOME).order_by(SyncLog.id)
        return [Met.read(words) for words in session.scalars(query)]


def test_the_second_is_told_what_the_first_changed(office, laptops) -> None:
    lead, auditor = laptops
    write(lead, office, rating="minor")
    write(auditor, office, auditor_finding="CANARY no record of training")
    for laptop in (lead, auditor, lead, auditor):
        laptop.round()
    assert told(lead) == []
    met = told(auditor)
    assert [(one.type, one.id, one.by) for one in met] == [
        ("audit_checklists", office.items[0], lead.user_id)
    ]
    assert "auditor_finding" in met[0].mine
    assert "rating" in met[0].theirs
    with auditor.sessions() as session:
        logged = session.scalars(select(SyncLog.words)).all()
    assert not any("CANARY" in words for words in logged)


def test_what_was_seen_before_is_no_news(office, laptops) -> None:
    lead, auditor = laptops
    write(lead, office, rating="minor")
    lead.round()
    auditor.round()
    write(auditor, office, auditor_finding="no record of training")
    auditor.round()
    lead.round()
    assert told(lead) == told(auditor) == []


def test_a_conflict_is_not_told_twice(office, laptops) -> None:
    lead, auditor = laptops
    write(lead, office, auditor_finding="one")
    write(auditor, office, auditor_finding="other")
    for laptop in (lead, auditor, lead):
        laptop.round()
    assert told(lead) == told(auditor) == []
