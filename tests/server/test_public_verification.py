"""What anybody may ask about a certificate: one answer, computed by the day."""

from datetime import date, timedelta

import pytest

from intact_core import clock, ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.certificates import Certificate
from sync_server.auth.public_limit import PublicLimit
from sync_server.tables.accounts import PublicNumber
from tests.server.conftest import Server

NUMBER = "DC-2026-001-ABCDEF"


@pytest.fixture
def certificate(server: Server) -> None:
    tenant_id, certificate_id = server.tenant_of("lead@demo.example"), ids.new_id()
    with server.database.write(tenant_id) as session:
        audit = session.query(AuditSchedule).filter_by(audit_stage="stage2").one()
        session.add(
            Certificate(
                id=certificate_id,
                certificate_number=NUMBER,
                client_id=audit.client_id,
                standard_id=audit.standard_id,
                scope="Machined parts",
                issue_date=date(2026, 1, 10),
                expiry_date=date(2029, 1, 9),
                certification_body="Demo Certification Ltd",
            )
        )
        session.add(
            PublicNumber(
                certificate_number=NUMBER, home_tenant_id=tenant_id, certificate_id=certificate_id
            )
        )


def set_status(server: Server, status: str) -> None:
    with server.database.write(server.tenant_of("lead@demo.example")) as session:
        row = session.query(Certificate).one()
        row.suspension_ground, row.suspension_reason = "unpaid_fees", "Three invoices are open."
        row.status = status


def ask(server: Server, number: str = NUMBER):
    page = server.client().get(f"/verify/{number}")
    answer = server.client().get(f"/api/v1/certificates/verify/{number}")
    assert page.status_code == answer.status_code
    return page.text, answer.json()


@pytest.mark.parametrize(
    ("day", "status", "shown"),
    [
        (date(2026, 1, 9), "not_yet_valid", "not in force yet"),
        (date(2026, 1, 10), "active", "in force until 9 Jan 2029"),
        (date(2029, 1, 9), "active", "in force until 9 Jan 2029"),
        (date(2029, 1, 10), "expired", "expired on 9 Jan 2029"),
    ],
)
def test_the_status_follows_the_day(
    server: Server, certificate: None, frozen_clock, day: date, status: str, shown: str
) -> None:
    frozen_clock.moment = frozen_clock.moment.replace(year=day.year, month=day.month, day=day.day)
    page, answer = ask(server)
    assert answer["data"]["status"] == status
    assert answer["data"]["is_valid"] is (status == "active")
    assert shown in page
    assert ("✓ Valid" in page) is (status == "active")
    assert f"As of {day.day} {day:%b %Y}" in page


@pytest.mark.parametrize("status", ["suspended", "withdrawn"])
def test_a_certificate_out_of_force_says_so(
    server: Server, certificate: None, frozen_clock, status: str
) -> None:
    set_status(server, status)
    page, answer = ask(server)
    assert answer["data"]["status"] == status
    assert answer["data"]["is_valid"] is False
    assert "✗ Not valid" in page
    assert status in page


@pytest.mark.parametrize("number", ["DC-2026-001", "x", "'; DROP TABLE", "%25", "<b>", "é" * 99])
def test_an_unknown_number_is_plainly_not_known(
    server: Server, certificate: None, number: str
) -> None:
    page, answer = ask(server, number)
    assert "Not known" in page
    assert "<b>" not in page.partition("Not known")[2]
    assert answer["success"] is False
    assert answer["status_code"] == 404


def test_the_number_may_be_typed_as_people_do(
    server: Server, certificate: None, frozen_clock
) -> None:
    answer = server.client().get("/verify", params={"number": f" {NUMBER.lower()} "})
    assert answer.status_code == 303
    assert "✓ Valid" in server.client().get(answer.headers["location"]).text


def test_asking_too_often_is_slowed_down(server: Server, certificate: None) -> None:
    server.app.state.public_limit = PublicLimit(burst=3, per_second=0.001)
    answers = [server.client().get(f"/verify/{NUMBER}").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    refused = server.client().get(f"/api/v1/certificates/verify/{NUMBER}")
    assert refused.status_code == 429
    assert refused.json()["status_code"] == 429


def test_numbers_of_a_deleted_certificate_are_not_known(server: Server, certificate: None) -> None:
    with server.database.write(server.tenant_of("lead@demo.example")) as session:
        row = session.query(Certificate).one()
        row.deleted_at, row.deleted_reason = clock.now() - timedelta(days=1), "Made by mistake"
    assert "Not known" in ask(server)[0]
