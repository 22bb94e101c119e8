"""Certificates through the API: issued on a decision, and what happens to them afterwards."""

import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from intact_core import clock
from intact_core.documents.verification import verify_pdf
from intact_core.records.certificates import Certificate
from intact_core.rules.deciding import add_months, expiry_of
from tests.server.conftest import Server
from tests.server.intact_api.deciding import decide, demo, demo_standard, to_client
from tests.server.intact_api.samples_audits import CERTIFICATE, FINDING
from tests.server.intact_api.stories import (
    CLIENT,
    OFFICE,
    REVIEWER,
    acme,
    api,
    at_once,
    new_audit,
    ok,
    refused,
)

SUSPENSION = {"suspension_reason": "Non-compliance found during surveillance"}


def decided(server: Server, office: TestClient, on: date | None = None, **other: Any) -> str:
    """An audit with a decision to certify; no certificate is issued yet."""
    audit = new_audit(office, acme(office), **{"audit_stage": "stage2", "scope": "Pumps"} | other)
    to_client(server.app, audit)
    decide(server.app, audit, on or clock.today())
    return audit


def issue(client: TestClient, office: TestClient, audit: str, **other: Any) -> Any:
    body = {
        "client_id": acme(office),
        "audit_schedule_id": audit,
        "standard_id": demo_standard(client.app),
        **other,
    }
    return client.post(api("certificates"), json=body)


@pytest.fixture
def certificate(server: Server) -> dict[str, Any]:
    office = server.bearer(OFFICE)
    return ok(issue(office, office, decided(server, office)), 201)


def verified(server: Server, number: str) -> tuple[str, bool]:
    """What anybody is told."""
    told = ok(server.client().get(api(f"certificates/verify/{number}")))
    assert len(told) == 7
    return told["status"], told["is_valid"]


def open_major(office: TestClient) -> None:
    audit = new_audit(office, acme(office), audit_type="surveillance", audit_stage=None)
    finding = FINDING | {"audit_schedule_id": audit}
    ok(office.post(api("non-conformities"), json=finding), 201)


def actions(client: TestClient, path: str) -> list[str]:
    return [row["action"] for row in reversed(ok(client.get(f"{path}/history")))]


def test_a_certificate_stands_on_a_decision(server: Server) -> None:
    office, reviewer = server.bearer(OFFICE), server.bearer(REVIEWER)
    audit = new_audit(office, acme(office), audit_stage="stage2", scope="Pumps")
    refused(issue(reviewer, office, audit), 409, "no_decision", "9.5.1")
    to_client(server.app, audit)
    decide(server.app, audit, date(2025, 7, 20))
    refused(issue(reviewer, office, audit, issue_date="2025-07-19"), 409, "before", "8.2.2")
    refused(issue(reviewer, office, audit, expiry_date="2199-01-01"), 400, "at most")
    refused(issue(reviewer, office, audit, client_id=audit), 400, "those of the audit")
    refused(issue(reviewer, office, audit, certificate_number="a/b"), 400)
    refused(issue(server.bearer(CLIENT), office, audit), 403)
    made = ok(issue(reviewer, office, audit, **CERTIFICATE), 201)
    assert made | CERTIFICATE == made
    assert (made["valid_until"], made["is_valid"]) == ("2028-07-19", True)
    refused(issue(reviewer, office, audit), 409, "certificate_exists")
    refused(issue(reviewer, office, decided(server, office), **CERTIFICATE), 409, "taken already")
    assert verified(server, "cert-2025-001") == ("active", True)

    denied = new_audit(office, acme(office), audit_stage="stage2", scope="Pumps")
    to_client(server.app, denied)
    decide(server.app, denied, clock.today(), decision="deny")
    refused(issue(reviewer, office, denied), 409, "no_decision")
    watched = decided(server, office, audit_type="surveillance", audit_stage=None)
    refused(issue(reviewer, office, watched), 409, "surveillance", "9.6.2")
    first = decided(server, office, audit_stage="stage1")
    refused(issue(reviewer, office, first), 409, "Stage 1", "9.3.1.3")


def test_what_is_left_out_follows_from_the_audit_and_the_decision(
    server: Server, certificate: dict[str, Any]
) -> None:
    today = clock.today()
    assert certificate["certificate_number"].startswith(f"DC-{today.year}-001-")
    assert (certificate["scope"], certificate["issue_date"]) == ("Pumps", str(today))
    assert certificate["expiry_date"] == str(expiry_of(today, 3))
    client = server.bearer(CLIENT)
    path = api(f"certificates/{certificate['id']}")
    pdf = client.get(f"{path}/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf.content)).pages)
    assert certificate["certificate_number"] in text
    own = ok(client.get(api(f"clients/{certificate['client_id']}/certificates")))
    assert [row["id"] for row in own] == [certificate["id"]]
    entry = ok(client.get(f"{path}/history"))[0]
    assert (entry["action"], entry["effective_date"]) == ("issued", str(today))
    assert ok(client.get(api(f"certificate-history/{entry['id']}"))) == entry
    refused(client.put(path, json={"scope": "More"}), 403)
    refused(client.delete(path), 405)


def test_suspended_reinstated_and_withdrawn(server: Server, certificate: dict[str, Any]) -> None:
    reviewer, number = server.bearer(REVIEWER), certificate["certificate_number"]
    path = api(f"certificates/{certificate['id']}")
    why = {"reinstatement_reason": "Corrective actions completed"}
    refused(reviewer.post(f"{path}/reinstate", json=why), 409, "suspended")
    for_findings = SUSPENSION | {"ground": "nonconformity"}
    refused(
        reviewer.post(f"{path}/suspend", json=for_findings),
        409,
        "invalid_suspension_request",
        "9.6.5",
    )
    away = ok(reviewer.post(f"{path}/suspend", json=SUSPENSION))
    assert away | SUSPENSION == away
    assert (away["status"], away["suspension_ground"], away["is_valid"]) == (
        "suspended",
        "other",
        False,
    )
    assert verified(server, number) == ("suspended", False)
    refused(reviewer.post(f"{path}/suspend", json=SUSPENSION), 409)
    refused(reviewer.put(path, json={"scope": "More"}), 409)
    back = ok(reviewer.post(f"{path}/reinstate", json=why))
    assert (back["status"], back["suspension_reason"]) == ("active", None)
    assert verified(server, number) == ("active", True)

    open_major(server.bearer(OFFICE))
    ok(reviewer.post(f"{path}/suspend", json=for_findings))
    refused(reviewer.post(f"{path}/reinstate", json=why), 409, "not verified", "9.6.5")
    gone = {"withdrawal_reason": "Client requested voluntary withdrawal"}
    assert ok(reviewer.post(f"{path}/withdraw", json=gone))["status"] == "withdrawn"
    for step, body in (("withdraw", gone), ("suspend", SUSPENSION), ("reinstate", why)):
        refused(reviewer.post(f"{path}/{step}", json=body), 409, "withdrawn")
    assert verified(server, number) == ("withdrawn", False)
    assert "was withdrawn" in server.client().get(f"/verify/{number}").text
    happened = ["issued", "suspended", "reinstated", "suspended", "withdrawn"]
    assert actions(reviewer, path) == happened
    last = ok(reviewer.get(api("certificate-history?action=withdrawn")))[0]
    assert (last["reason"], last["old_values"]) == (*gone.values(), {"status": "suspended"})


def test_amending_makes_a_revision_with_a_document(
    server: Server, certificate: dict[str, Any]
) -> None:
    reviewer = server.bearer(REVIEWER)
    path = api(f"certificates/{certificate['id']}")
    before = reviewer.get(f"{path}/pdf").content
    tag = reviewer.get(path).headers["etag"]
    sent = {"scope": "Updated scope", "reason": "Valves were added"}
    changed = reviewer.put(path, json=sent, headers={"If-Match": tag})
    assert (ok(changed)["scope"], ok(changed)["revision"]) == ("Updated scope", 2)
    refused(reviewer.put(path, json=sent, headers={"If-Match": tag}), 412)
    assert ok(reviewer.put(path, json=sent))["revision"] == 2, "nothing changed"
    refused(reviewer.put(path, json={"status": "withdrawn"}), 400, "status")
    refused(reviewer.put(path, json={"scope": None}), 400, "scope")
    after = reviewer.get(f"{path}/pdf").content
    assert before != after
    tenant_id = server.tenant_of(OFFICE)
    with server.database.read(tenant_id) as session:
        authority = server.keys.authority(session, tenant_id).certificate
    assert verify_pdf(after, trusted=[authority]).ok
    entry = ok(reviewer.get(f"{path}/history"))[0]
    assert (entry["action"], entry["reason"]) == ("amended", "Valves were added")
    assert (entry["old_values"], entry["new_values"]) == (
        {"scope": "Pumps"},
        {"scope": "Updated scope"},
    )


def test_renewing_needs_a_recertification_and_follows_the_old_cycle(
    server: Server, certificate: dict[str, Any]
) -> None:
    office, reviewer = server.bearer(OFFICE), server.bearer(REVIEWER)
    path = api(f"certificates/{certificate['id']}/renew")
    watched = decided(server, office, audit_type="surveillance", audit_stage=None)
    refused(reviewer.post(path, json={"audit_schedule_id": watched}), 409, "9.6.3")
    open_one = new_audit(office, acme(office), audit_type="recertification", audit_stage=None)
    refused(reviewer.post(path, json={"audit_schedule_id": open_one}), 409, "no decision")
    audit = decided(server, office, audit_type="recertification", audit_stage=None)
    refused(issue(reviewer, office, audit), 409, "Renew it", "9.6.3")
    old = date.fromisoformat(certificate["expiry_date"])
    for expiry, why in ((old, "after the present one"), (add_months(old, 37), "old cycle")):
        body = {"audit_schedule_id": audit, "expiry_date": str(expiry)}
        refused(reviewer.post(path, json=body), 409, why)
    refused(reviewer.post(path, json={"audit_schedule_id": path[-36:]}), 400)
    later = {"audit_schedule_id": audit, "expiry_date": str(add_months(old, 36))}
    renewed = ok(reviewer.post(path, json=later))
    assert (renewed["expiry_date"], renewed["revision"]) == (later["expiry_date"], 2)
    assert renewed["issue_date"] == certificate["issue_date"]
    again = {"audit_schedule_id": audit}
    refused(reviewer.post(path, json=again), 409, "on this audit already")
    assert actions(reviewer, path.removesuffix("/renew")) == ["issued", "renewed"]


def test_expired_is_computed_by_the_day(server: Server, certificate: dict[str, Any]) -> None:
    reviewer, path = server.bearer(REVIEWER), api(f"certificates/{certificate['id']}")

    def listed(status: str) -> int:
        return reviewer.get(api(f"certificates?status={status}")).json()["pagination"]["total"]

    assert (listed("active"), listed("expired")) == (1, 0)
    ok(reviewer.post(f"{path}/suspend", json=SUSPENSION))
    assert (listed("active"), listed("suspended")) == (0, 1)
    with demo(server.app) as session:
        row = session.query(Certificate).filter_by(id=UUID(certificate["id"])).one()
        row.issue_date = row.valid_from = clock.today()
    tomorrow = date.fromisoformat(certificate["expiry_date"]) + timedelta(days=1)
    now = clock.now()
    clock.use(lambda: now.replace(year=tomorrow.year, month=tomorrow.month, day=tomorrow.day))
    try:
        reviewer = server.bearer(REVIEWER)
        assert (listed("suspended"), listed("expired")) == (0, 1)
        told = ok(reviewer.get(path))
        assert (told["status"], told["is_valid"]) == ("expired", False)
        refused(reviewer.post(f"{path}/reinstate", json={"reinstatement_reason": "x"}), 409)
        refused(reviewer.post(f"{path}/withdraw", json={"withdrawal_reason": "x"}), 409)
        assert verified(server, certificate["certificate_number"]) == ("expired", False)
    finally:
        clock.use(None)


def test_two_issue_and_suspend_at_once(server: Server) -> None:
    office = server.bearer(OFFICE)
    audit = decided(server, office)
    assert at_once(server, lambda one: issue(one, office, audit), REVIEWER) == [201, 409]
    made = ok(office.get(api("certificates")))
    assert len(made) == 1
    path = api(f"certificates/{made[0]['id']}")
    away = at_once(server, lambda one: one.post(f"{path}/suspend", json=SUSPENSION), REVIEWER)
    assert away == [200, 409]
    assert actions(office, path) == ["issued", "suspended"]
