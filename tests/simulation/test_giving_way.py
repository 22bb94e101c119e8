"""A pull is worked out first and written later: what happens in between is not lost."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from intact_core.records.checklist import AuditChecklist
from intact_core.sync.protocol import PROTOCOL_VERSION, Pull
from intact_desktop.store.engine import reading, turn_of
from intact_desktop.store.journal import this_device
from intact_desktop.sync.applying import cursors, prepare, write
from intact_desktop.sync.cuts import read_cut
from tests.simulation.office import Office, make_office
from tests.simulation.world import Laptop, enrol


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    address = f"sqlite:///{tmp_path / 'server.sqlite'}"
    made = make_office(address, address)
    yield made
    made.database.engine.dispose()


def edit(laptop: Laptop, office: Office, place: int, **values: str) -> None:
    with laptop.work() as session:
        item = session.get_one(AuditChecklist, (office.tenant_id, office.items[place]))
        for name, value in values.items():
            setattr(item, name, value)


def item_of(laptop: Laptop, office: Office, place: int) -> AuditChecklist:
    with laptop.sessions() as session:
        query = select(AuditChecklist).where(AuditChecklist.id == office.items[place])
        return session.scalars(query).one()


def test_an_edit_between_working_out_and_writing_stays_on_top(
    office: Office, tmp_path: Path
) -> None:
    lead = enrol(office, tmp_path / "a", "lead_auditor")
    auditor = enrol(office, tmp_path / "b", "auditor")
    lead.round()
    auditor.round()
    edit(lead, office, 0, rating="minor", auditor_finding="of the lead")
    lead.round()
    with reading(auditor.engine).connect() as connection:
        message = Pull(PROTOCOL_VERSION, this_device(connection).epoch, cursors(connection))
    with auditor.gateway.pull(message) as lines:
        cut = read_cut(lines)
    with reading(auditor.engine).connect() as connection:
        prepared = prepare(connection, cut)
    edit(auditor, office, 0, rating="major")
    with auditor.engine.begin() as connection:
        write(connection, prepared)
    item = item_of(auditor, office, 0)
    assert (item.rating, item.auditor_finding) == ("major", "of the lead")


def test_a_round_lets_the_keyboard_go_first_and_ends_all_the_same(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = enrol(office, tmp_path / "a", "lead_auditor")
    auditor = enrol(office, tmp_path / "b", "auditor")
    auditor.round()
    lead.round()
    edit(lead, office, 1, rating="minor")
    lead.round()
    monkeypatch.setattr("intact_desktop.sync.engine._POLITE_SECONDS", 0.2)
    monkeypatch.setattr("intact_desktop.store.engine._LONGEST_REST_SECONDS", 0.1)
    start = time.monotonic()
    with turn_of(auditor.engine).queue():
        auditor.round()
    assert time.monotonic() - start > 0.2
    assert item_of(auditor, office, 1).rating == "minor"


def test_a_pull_is_written_once_the_keyboard_is_quiet(office: Office, tmp_path: Path) -> None:
    lead = enrol(office, tmp_path / "a", "lead_auditor")
    auditor = enrol(office, tmp_path / "b", "auditor")
    auditor.round()
    lead.round()
    edit(lead, office, 1, rating="minor")
    lead.round()
    turn, ended = turn_of(auditor.engine), threading.Event()
    round_ = threading.Thread(target=lambda: (auditor.round(), ended.set()))
    round_.start()
    with turn.queue():
        assert not ended.wait(0.8)
        assert item_of(auditor, office, 1).rating is None
    round_.join()
    assert item_of(auditor, office, 1).rating == "minor"


def test_only_what_others_did_is_news(office: Office, tmp_path: Path) -> None:
    lead = enrol(office, tmp_path / "a", "lead_auditor")
    auditor = enrol(office, tmp_path / "b", "auditor")
    assert auditor.round().news
    lead.round()
    edit(lead, office, 1, rating="minor")
    assert not lead.round().news
    assert auditor.round().news
    assert not auditor.round().news
