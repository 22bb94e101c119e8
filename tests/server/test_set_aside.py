"""What a withdrawn laptop handed in: the office sees it, lets it count, or leaves it."""

from uuid import UUID

import pytest
from sqlalchemy import select

from intact_core.records.audits import AuditSchedule
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conflicts import Conflict
from tests.server.conftest import Laptop, Server

LEAD, OFFICE = "lead@demo.example", "cbadmin@demo.example"
WORDS = "Gauge 17 was out of calibration since March"


@pytest.fixture
def item(server: Server) -> UUID:
    with server.database.read(server.tenant_of(LEAD)) as session:
        stage2 = select(AuditSchedule.id).where(AuditSchedule.audit_stage == "stage2")
        query = select(AuditChecklist.id).where(AuditChecklist.audit_schedule_id.in_(stage2))
        return session.scalars(query.order_by(AuditChecklist.position)).first()


@pytest.fixture
def handed_in(server: Server, item: UUID) -> str:
    laptop = Laptop(server, LEAD, "Daniel's laptop")
    changes = {"auditor_finding": [None, WORDS], "rating": [None, "minor"]}
    return laptop.hand_in(id=str(item), changes=changes)


def finding(server: Server, item: UUID) -> str | None:
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        return session.get_one(AuditChecklist, (tenant_id, item)).auditor_finding


def test_the_office_lets_it_count(server: Server, item: UUID, handed_in: str) -> None:
    office = server.person(OFFICE)
    page = office.get("/set-aside")
    for words in (WORDS, "Daniel's laptop", "Daniel Otieno", "may not change anything any more"):
        assert words.replace("'", "&#39;") in page, words
    assert finding(server, item) is None
    after = office.done(f"/set-aside/{handed_in}", {"what": "take"})
    assert "It counts now" in after
    assert "Nothing waits" in after
    assert finding(server, item) == WORDS
    assert office.post(f"/set-aside/{handed_in}", {"what": "take"}).status_code == 404


def test_what_somebody_changed_since_becomes_a_conflict(
    server: Server, item: UUID, handed_in: str
) -> None:
    tenant_id = server.tenant_of(LEAD)
    with server.database.write(tenant_id) as session:
        session.get_one(AuditChecklist, (tenant_id, item)).auditor_finding = "Other words"
    server.person(OFFICE).done(f"/set-aside/{handed_in}", {"what": "take"})
    assert finding(server, item) == "Other words"
    with server.database.read(tenant_id) as session:
        conflict = session.scalars(select(Conflict)).one()
        assert conflict.incoming == {"auditor_finding": WORDS}


def test_leaving_it_needs_a_reason_that_stays(server: Server, item: UUID, handed_in: str) -> None:
    office = server.person(OFFICE)
    answer = office.post(f"/set-aside/{handed_in}", {"what": "leave", "reason": " "})
    assert "Say in a few words" in answer.text
    assert "Nothing waits" in office.done(
        f"/set-aside/{handed_in}", {"what": "leave", "reason": "A test of the camera"}
    )
    assert finding(server, item) is None


def test_what_still_cannot_count_says_why(server: Server) -> None:
    laptop = Laptop(server, LEAD)
    txn_id = laptop.hand_in(id=str(UUID(int=7)), changes={"rating": [None, "minor"]})
    answer = server.person(OFFICE).post(f"/set-aside/{txn_id}", {"what": "take"})
    assert "The record is not on the server" in answer.text


@pytest.mark.parametrize("email", [LEAD, "client@demo.example"])
def test_only_the_office_sees_it(server: Server, handed_in: str, email: str) -> None:
    other = server.person(email)
    assert other.client.get("/set-aside").status_code == 403
    assert other.post(f"/set-aside/{handed_in}", {"what": "take"}).status_code == 403
