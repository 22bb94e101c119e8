"""A record stands once on a laptop; a text stands beside it only while something lies on it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from intact_core.records.checklist import AuditChecklist
from intact_desktop.store import bases
from intact_desktop.sync.deriving import derive_again
from tests.simulation.checks import confirmed_rows, digest_of, server_rows
from tests.simulation.office import Office, make_office
from tests.simulation.world import Laptop, enrol


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    address = f"sqlite:///{tmp_path / 'server.sqlite'}"
    made = make_office(address, address)
    yield made
    made.database.engine.dispose()


@pytest.fixture
def lead(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    laptop = enrol(office, tmp_path / "lead", "lead_auditor")
    laptop.round()
    yield laptop
    laptop.engine.dispose()


def edit(laptop: Laptop, office: Office, place: int, **values: Any) -> None:
    with laptop.work() as session:
        item = session.get_one(AuditChecklist, (office.tenant_id, office.items[place]))
        for name, value in values.items():
            setattr(item, name, value)


def shown(laptop: Laptop, office: Office, place: int) -> str | None:
    with laptop.sessions() as session:
        key = (office.tenant_id, office.items[place])
        return session.get_one(AuditChecklist, key).auditor_finding


def texts(laptop: Laptop) -> int:
    """How many items have a text beside them."""
    query = "SELECT count(*) FROM base_row WHERE type = 'audit_checklists'"
    with laptop.engine.connect() as connection:
        return int(connection.exec_driver_sql(query).scalar_one())


def confirmed(laptop: Laptop, office: Office, place: int) -> tuple[int, Any]:
    """The version and the words that the server confirmed."""
    with laptop.engine.connect() as connection:
        rows = confirmed_rows(connection)
    _, rev, body = rows["audit_checklists", str(office.items[place])]
    return rev, body.get("auditor_finding")


def assert_level(office: Office, laptop: Laptop) -> None:
    """The laptop holds what the server holds, and its digests say so."""
    with office.read() as session:
        server = server_rows(session.connection())
    with laptop.engine.connect() as connection:
        mine = confirmed_rows(connection)
        digests = dict(connection.exec_driver_sql("SELECT scope, digest FROM cursor").all())
    assert mine == {ref: row for ref, row in server.items() if row[0] in digests}
    for scope, digest in digests.items():
        assert digest == digest_of((ref, row) for ref, row in mine.items() if row[0] == scope)


def test_a_text_stands_beside_a_row_while_an_edit_waits(office: Office, lead: Laptop) -> None:
    assert texts(lead) == 0
    edit(lead, office, 0, auditor_finding="first")
    edit(lead, office, 0, auditor_finding="second")
    assert texts(lead) == 1
    assert confirmed(lead, office, 0) == (1, None)
    lead.round()
    assert texts(lead) == 0
    assert confirmed(lead, office, 0)[1] == shown(lead, office, 0) == "second"
    assert_level(office, lead)


def test_an_edit_that_is_rolled_back_leaves_the_row_as_it_was(office: Office, lead: Laptop) -> None:
    with lead.sessions() as session:
        key = (office.tenant_id, office.items[0])
        session.get_one(AuditChecklist, key).auditor_finding = "never"
        session.flush()
        session.rollback()
    assert texts(lead) == 0
    lead.round()
    assert_level(office, lead)


def test_a_store_of_the_version_before_drops_its_texts(office: Office, lead: Laptop) -> None:
    edit(lead, office, 0, auditor_finding="waits")
    with lead.engine.begin() as connection:
        refs = list(bases.held(connection, [f"audit:{office.audit_id}"]))
        bases.keep(connection, refs)
        connection.exec_driver_sql("PRAGMA user_version = 0")
    assert texts(lead) == len(office.items)
    assert derive_again(lead.engine)
    assert texts(lead) == 1
    assert shown(lead, office, 0) == "waits"
    lead.round()
    assert texts(lead) == 0
    assert_level(office, lead)
