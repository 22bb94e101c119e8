"""From an application over its audit time to a signed contract, by the Intact API."""

import base64
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from intact_core import clock
from intact_core.records.standards import Standard
from tests.server.conftest import Server
from tests.server.intact_api import samples_business as samples
from tests.server.intact_api import samples_clients
from tests.server.intact_api.samples_business import create, send

TODAY = clock.today()
SOON, YESTERDAY = str(TODAY + timedelta(days=30)), str(TODAY - timedelta(days=1))


@pytest.fixture
def office(server: Server) -> TestClient:
    return server.bearer("cbadmin@demo.example")


@pytest.fixture
def made(server: Server, office: TestClient) -> dict[str, str]:
    """A client with its site, and the standard of the demo."""
    found: dict[str, str] = {}
    samples_clients.make(office, found)
    with server.database.read(server.tenant_of("cbadmin@demo.example")) as session:
        found["standards"] = str(session.scalars(select(Standard.id)).first())
    return found


def application(office: TestClient, made: dict[str, str], state: str = "approved", **more) -> str:
    given = {"client_id": made["clients"], "standard_id": made["standards"]}
    id_ = create(office, "applications", given | {"scope_description": "Pumps"} | more)
    for action in {"draft": [], "submitted": ["submit"], "approved": ["submit", "approve"]}[state]:
        send(office, "POST", f"applications/{id_}/{action}")
    return id_


def quotation(office: TestClient, application_id: str, **more) -> str:
    given = {"application_id": application_id, "total_amount": 1000, "valid_until": SOON} | more
    return create(office, "quotations", given)


def refused(client: TestClient, method: str, path: str, body=None, status: int = 409) -> str:
    told = send(client, method, path, body, status)
    assert (told["success"], told["status_code"]) == (False, status)
    return f"{told.get('code')}: {told['message']} ({told.get('clause')})"


def total(client: TestClient, path: str) -> int:
    return client.get(f"/api/v1/{path}").json()["pagination"]["total"]


def test_the_documents_examples_in_their_order(office: TestClient, made: dict[str, str]) -> None:
    samples.make(office, made)
    shown = send(office, "GET", f"applications/{made['applications']}")
    sent = {name: value for name, value in samples.APPLICATION.items() if name != "status"}
    assert shown.items() >= {**sent, "status": "approved"}.items()
    assert shown["audit_time"]["days"] == 11
    offered = {**samples.QUOTATION, "valid_until": SOON, "status": "accepted", "adjustment": 0}
    assert send(office, "GET", f"quotations/{made['quotations']}").items() >= offered.items()
    agreed = send(office, "GET", f"contracts/{made['contracts']}")
    assert agreed.items() >= {**samples.CONTRACT, "status": "draft"}.items()
    body = {"signature_data": "base64_encoded_signature"}
    assert send(office, "POST", f"contracts/{made['contracts']}/sign", body)["status"] == "active"
    paid = send(office, "GET", f"invoices/{made['invoices']}")
    assert paid.items() >= {**samples.INVOICE, "status": "paid", "paid_amount": 174000}.items()
    assert send(office, "GET", f"payments/{made['payments']}").items() >= samples.PAYMENT.items()


def test_an_application_is_submitted_once_and_decided_once(
    server: Server, office: TestClient, made: dict[str, str]
) -> None:
    id_ = application(office, made, "draft", scope_description=None)
    path = f"applications/{id_}"
    assert send(office, "GET", path)["application_number"] == f"APP-{TODAY.year}-001"
    assert "transition" in refused(office, "POST", f"{path}/approve")
    told = refused(office, "POST", f"{path}/submit")
    assert told.startswith("incomplete: ")
    assert told.endswith("(ISO/IEC 17021-1:2015, 9.1.1)")
    assert send(office, "PUT", path, {"scope_description": "Updated scope"})["status"] == "draft"
    assert refused(office, "PUT", path, {"client_id": made["clients"]}, 400)
    assert send(office, "POST", f"{path}/submit")["submitted_at"]
    assert "transition" in refused(office, "POST", f"{path}/submit")
    assert "not_draft" in refused(office, "DELETE", path)
    assert refused(office, "POST", f"{path}/reject", {"rejection_reason": " "}, 400)
    reason = {"rejection_reason": "Incomplete documentation"}
    assert refused(server.bearer("auditor@demo.example"), "POST", f"{path}/reject", reason, 403)
    assert send(office, "POST", f"{path}/reject", reason).items() >= reason.items()
    assert "transition" in refused(office, "POST", f"{path}/approve")
    assert "decided" in refused(office, "PUT", path, {"scheme_type": "ISO 9001"})
    assert "rejected" in refused(
        office, "POST", "quotations", {"application_id": id_, "total_amount": 1}
    )
    draft = application(office, made, "draft", scheme_type="ISO 14001")
    assert total(office, "applications?status=draft") == 1
    assert total(office, "applications?scheme_type=ISO 14001&search=Pumps") == 1
    send(office, "DELETE", f"applications/{draft}")
    assert total(office, "applications") == 1
    foreign = {"client_id": str(uuid4()), "standard_id": made["standards"]}
    assert "client_id" in refused(office, "POST", "applications", foreign, 400)


def test_a_client_of_unknown_size_cannot_apply(office: TestClient, made: dict[str, str]) -> None:
    client = create(office, "clients", {"legal_name": "Small Ltd"})
    id_ = application(office, {**made, "clients": client}, "draft")
    assert "employee_count" in refused(office, "POST", f"applications/{id_}/submit")
    assert "personnel" in refused(office, "POST", f"applications/{id_}/audit-time", {}, 400)
    send(office, "PUT", f"applications/{id_}", {"employee_count": 12})
    assert send(office, "POST", f"applications/{id_}/submit")["employee_count"] == 12


def test_a_quotation_adds_up_and_is_accepted_once(office: TestClient, made) -> None:
    wanted = application(office, made, "submitted")
    parts = {"audit_days": 2.5, "daily_rate": 45000.5, "travel_cost": 99.99}
    body = {"application_id": wanted, **parts}
    told = refused(office, "POST", "quotations", {**body, "total_amount": 112601.25}, 400)
    assert "is 112601.24" in told
    assert "Send total_amount" in refused(
        office, "POST", "quotations", {"application_id": wanted}, 400
    )
    assert "too large" in refused(
        office, "POST", "quotations", {**body, "daily_rate": 999_999_999_999}, 400
    )
    path = f"quotations/{create(office, 'quotations', {**body, 'valid_until': YESTERDAY})}"
    shown = send(office, "GET", path)
    assert (shown["total_amount"], shown["status"]) == (112601.24, "expired")
    assert (
        total(office, "quotations?status=expired"),
        total(office, "quotations?status=sent"),
    ) == (
        1,
        0,
    )
    assert "expired" in refused(office, "POST", f"{path}/accept")
    assert send(office, "PUT", path, {"travel_cost": 0, "valid_until": SOON})["total_amount"] == (
        112501.25
    )
    agreed = send(office, "PUT", path, {"total_amount": 100000})
    assert (agreed["total_amount"], agreed["adjustment"]) == (100000, -12501.25)
    assert "is 112501.25" in refused(
        office, "PUT", path, {"total_amount": 100000, "audit_days": 2.5}, 400
    )
    told = refused(office, "POST", f"{path}/accept")
    assert told.startswith("not_reviewed")
    assert told.endswith("9.1.2)")
    send(office, "POST", f"applications/{wanted}/approve")
    assert send(office, "POST", f"{path}/accept")["accepted_at"]
    assert "transition" in refused(office, "POST", f"{path}/accept")
    assert "transition" in refused(office, "POST", f"{path}/reject", {"rejection_reason": "No"})
    assert "decided" in refused(office, "PUT", path, {"total_amount": 1})
    assert "accepted" in refused(office, "DELETE", path)
    other = quotation(office, wanted)
    reason = {"rejection_reason": "Too expensive"}
    assert send(office, "POST", f"quotations/{other}/reject", reason)["status"] == "rejected"
    send(office, "DELETE", f"quotations/{other}")
    assert total(office, f"quotations?application_id={wanted}") == 1


def test_audit_time_is_kept_and_fills_the_quotation(office: TestClient, made) -> None:
    id_ = application(office, made, employee_count=148)
    path = f"applications/{id_}/audit-time"
    assert refused(office, "GET", path, status=404)
    body = {
        "reductions": [{"percent": 10, "reason": "One simple process"}],
        "team": [{"role": "lead_auditor", "days": 5}, {"role": "observer", "days": 5}],
    }
    found = send(office, "POST", path, body)
    assert (found["days"], found["on_site_days"], found["personnel"]) == (7, 6, 148)
    assert found["cycle"] == {"initial": 7, "surveillance": 2.5, "recertification": 5}
    assert (found["assigned_days"], found["rule"]) == (5, "ISO/IEC 17021-1:2015, 9.1.4")
    assert "148 people" in found["steps"][0]["text"]
    assert send(office, "GET", path) == found
    assert send(office, "GET", f"applications/{id_}")["audit_time"] == found
    offer = send(
        office, "POST", "quotations", {"application_id": id_, "daily_rate": 40000}, status=201
    )
    assert (offer["audit_days"], offer["total_amount"]) == (7, 280000)
    told = refused(office, "POST", path, {"reductions": [{"percent": 31, "reason": "x"}]})
    assert told.startswith("reduction_limit")
    assert told.endswith("(IAF MD 5:2019)")
    assert refused(office, "POST", path, {"reductions": [{"percent": 10, "reason": ""}]}, 400)
    several = {
        "standards": [{"standard": "ISO 9001"}, {"standard": "ISO 14001:2015", "risk": "high"}],
        "sites": [{"name": "Depot", "personnel": 20}, {"name": "Yard", "personnel": 4}],
        "integration": {"percent": 20, "reason": "One manual"},
    }
    # (8 + 3 + 1.5) + (12 + 5.5 + 3), less a fifth: 26.4
    assert send(office, "POST", path, several)["days"] == 26.5
    assert send(office, "GET", path)["sites"] == {"sites": 2, "visited": 2, "at_random": 1}
    assert "no table" in refused(office, "POST", path, {"standards": [{"standard": "HACCP"}]}, 400)


def test_audit_time_that_stood_on_other_numbers_is_dropped(office: TestClient, made) -> None:
    id_ = application(office, made, "draft")
    send(office, "POST", f"applications/{id_}/audit-time", {})
    same = send(office, "PUT", f"applications/{id_}", {"standard_id": made["standards"]})
    assert same["audit_time"]["days"] == 11
    assert send(office, "PUT", f"applications/{id_}", {"employee_count": 5})["audit_time"] is None


def test_a_contract_from_draft_to_its_end(office: TestClient, made: dict[str, str]) -> None:
    offer = quotation(office, application(office, made))
    dates = {"start_date": YESTERDAY, "end_date": SOON}
    body = {"client_id": made["clients"], "quotation_id": offer, **dates}
    assert "not_accepted" in refused(office, "POST", "contracts", body)
    send(office, "POST", f"quotations/{offer}/accept")
    other = create(office, "clients", {"legal_name": "Other Ltd"})
    assert "another client" in refused(
        office, "POST", "contracts", {**body, "client_id": other}, 400
    )
    assert "after start_date" in refused(
        office, "POST", "contracts", {**body, "end_date": YESTERDAY}, 400
    )
    path = f"contracts/{create(office, 'contracts', body)}"
    assert refused(office, "PUT", path, {"end_date": YESTERDAY}, 400)
    assert "transition" in refused(
        office, "POST", f"{path}/terminate", {"termination_reason": "Moved"}
    )
    for wrong in ("not base64!", "a", "====", "data:image/png;base64,"):
        assert "base64" in refused(office, "POST", f"{path}/sign", {"signature_data": wrong}, 400)
    drawn = "data:image/png;base64," + base64.b64encode(b"\x89PNG drawn").decode()
    signed = send(office, "POST", f"{path}/sign", {"signature_data": drawn})
    assert (signed["signature_data"], signed["status"]) == (drawn, "active")
    assert "transition" in refused(office, "POST", f"{path}/sign", {"signature_data": drawn})
    assert send(office, "GET", path)["signature_data"] == drawn
    [row] = office.get("/api/v1/contracts").json()["data"]
    assert "signature_data" not in row
    assert "signed" in refused(office, "DELETE", path)
    assert "signed" in refused(office, "PUT", path, {"end_date": "2099-01-01"})
    assert send(office, "PUT", path, {"auto_renew": True})["auto_renew"] is True
    ended = send(office, "POST", f"{path}/terminate", {"termination_reason": "Agreed"})
    assert (ended["status"], ended["termination_reason"]) == ("terminated", "Agreed")
    assert "signed" in refused(office, "PUT", path, {"auto_renew": False})
    draft = create(office, "contracts", {"client_id": made["clients"], **dates})
    send(office, "DELETE", f"contracts/{draft}")
    assert total(office, "contracts") == 1


def test_a_contract_ends_by_the_day_unless_it_renews_itself(
    server: Server, office: TestClient, made: dict[str, str]
) -> None:
    past = {"start_date": "2020-01-01", "end_date": YESTERDAY, "client_id": made["clients"]}
    signature = {"signature_data": "QUJD"}
    path = f"contracts/{create(office, 'contracts', past)}"
    assert "expired" in refused(office, "POST", f"{path}/sign", signature)
    send(office, "PUT", path, {"auto_renew": True})
    assert send(office, "POST", f"{path}/sign", signature)["status"] == "active"
    assert total(office, "contracts?status=active") == 1
    assert send(office, "PUT", path, {"auto_renew": False})["status"] == "expired"
    assert (
        total(office, "contracts?status=active"),
        total(office, "contracts?status=expired"),
    ) == (
        0,
        1,
    )
    assert "expired" in refused(office, "POST", f"{path}/terminate", {"termination_reason": "x"})
    client = server.bearer("client@demo.example")
    assert total(client, "contracts") == 0
    assert refused(client, "GET", path, status=404)
