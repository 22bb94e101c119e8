"""Training, competences, declared interests: what expires, what is unique, who must exist."""

from fastapi.testclient import TestClient

from intact_core import ids
from tests.server.conftest import Server
from tests.server.intact_api.together import at_once

COURSE = {
    "course_name": "Lead Auditor Training",
    "provider": "IRCA",
    "completion_date": "2025-06-15",
    "expiry_date": "2098-06-14",
    "score": 92,
    "status": "completed",
    "certificate_url": "https://example.com/cert.pdf",
}


def status_of(client: TestClient, method: str, path: str, sent: dict | None = None) -> int:
    return client.request(method, f"/api/v1/{path}", json=sent).status_code


def listed(client: TestClient, path: str) -> list[str]:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return [one["id"] for one in answer.json()["data"]]


def user_id(server: Server, email: str) -> str:
    return str(server.account(email).user_id)


def test_training_from_assigned_to_expired(server: Server) -> None:
    office, person = server.bearer("cbadmin@demo.example"), user_id(server, "lead@demo.example")
    sent = {**COURSE, "user_id": person}
    row = office.post("/api/v1/training-records", json=sent).json()["data"]
    assert {name: row[name] for name in sent} == sent
    path = f"training-records/{row['id']}"
    assert office.put(f"/api/v1/{path}", json={"score": 95.5}).json()["data"]["score"] == 95.5
    for wrong in (
        {"score": 101},
        {"score": -1},
        {"score": True},
        {"expiry_date": "2025-06-14"},
        {"certificate_url": "javascript:alert(1)"},
        {"status": "expired"},
        {"completion_date": None},
        {"completion_date": "2090-01-01"},
        {"user_id": person},
    ):
        assert status_of(office, "PUT", path, wrong) == 400, wrong
    assert status_of(office, "PUT", path, {"status": "pending"}) == 409
    other = {"user_id": str(ids.new_id()), "course_name": "X"}
    assert status_of(office, "POST", "training-records", other) == 400
    pending = office.post(
        "/api/v1/training-records", json={"user_id": person, "course_name": "MD 4"}
    ).json()["data"]
    assert pending["status"] == "pending"
    done = {"status": "completed", "completion_date": "2025-07-01", "expiry_date": "2025-08-01"}
    assert listed(office, "training-records?status=pending") == [pending["id"]]
    later = office.put(f"/api/v1/training-records/{pending['id']}", json=done).json()["data"]
    assert later["status"] == "expired", "its last day is over"
    assert listed(office, "training-records?status=expired") == [pending["id"]]
    assert listed(office, "training-records?status=completed") == [row["id"]]
    assert listed(office, f"training-records?user_id={person}") == [pending["id"], row["id"]]
    assert listed(office, f"training-records?user_id={ids.new_id()}") == []
    assert status_of(office, "DELETE", path) == 200
    assert status_of(office, "GET", path) == 404
    auditor = server.bearer("auditor@demo.example")
    assert status_of(auditor, "POST", "training-records", sent) == 403


def test_one_competence_for_each_person_and_standard(server: Server) -> None:
    office, person = server.bearer("cbadmin@demo.example"), user_id(server, "reviewer@demo.example")
    [standard] = listed(office, "standards")
    sent = {
        "user_id": person,
        "standard_id": standard,
        "competency_level": "lead",
        "assessment_date": "2025-06-15",
        "expiry_date": "2098-06-14",
        "notes": "Qualified for ISO 9001 lead audits",
    }
    made = office.post("/api/v1/auditor-competencies", json=sent)
    assert made.status_code == 201, made.text
    row = made.json()["data"]
    assert {name: row[name] for name in sent} == sent
    assert row["status"] == "valid"
    again = office.post(
        "/api/v1/auditor-competencies", json={**sent, "competency_level": "auditor"}
    )
    assert (again.status_code, again.json()["code"]) == (409, "duplicate")
    path = f"auditor-competencies/{row['id']}"
    assert status_of(office, "PUT", path, {"competency_level": "decider"}) == 409, "held already"
    assert status_of(office, "PUT", path, {"competency_level": "auditor"}) == 200
    assert status_of(office, "PUT", path, {"expiry_date": "2025-06-15"}) == 400
    for field in ("user_id", "standard_id"):
        assert (
            status_of(office, "POST", "auditor-competencies", {**sent, field: str(ids.new_id())})
            == 400
        )
    representative = {**sent, "user_id": user_id(server, "client@demo.example")}
    assert status_of(office, "POST", "auditor-competencies", representative) == 400
    past = {"assessment_date": "2019-01-01", "expiry_date": "2020-01-01"}
    assert office.put(f"/api/v1/{path}", json=past).json()["data"]["status"] == "expired"
    assert listed(office, "auditor-competencies?status=expired") == [row["id"]]
    assert row["id"] not in listed(office, "auditor-competencies?status=valid")
    assert status_of(office, "DELETE", path) == 200
    assert status_of(office, "POST", "auditor-competencies", sent) == 201, "the old one is gone"


def test_declared_interests(server: Server) -> None:
    office, person = server.bearer("cbadmin@demo.example"), user_id(server, "lead@demo.example")
    [client] = listed(office, "clients")
    sent = {"user_id": person, "client_id": client, "kind": "consultancy", "ended_on": "2026-01-31"}
    row = office.post("/api/v1/declared-interests", json=sent).json()["data"]
    assert {name: row[name] for name in sent} == sent
    path = f"declared-interests/{row['id']}"
    assert office.put(f"/api/v1/{path}", json={"ended_on": None}).json()["data"]["ended_on"] is None
    assert status_of(office, "PUT", path, {"ended_on": "2090-01-01"}) == 400
    for field in ("user_id", "client_id"):
        assert (
            status_of(office, "POST", "declared-interests", {**sent, field: str(ids.new_id())})
            == 400
        )
    assert listed(office, f"declared-interests?user_id={person}&client_id={client}") == [row["id"]]
    assert listed(office, "declared-interests?kind=employment") == []
    assert status_of(server.bearer("client@demo.example"), "GET", "declared-interests") == 403
    assert status_of(office, "DELETE", path) == 200
    assert listed(office, "declared-interests") == []


def test_of_two_competences_at_once_one_is_recorded(server: Server) -> None:
    office, person = server.bearer("cbadmin@demo.example"), user_id(server, "reviewer@demo.example")
    [standard] = listed(office, "standards")
    sent = {"user_id": person, "standard_id": standard, "competency_level": "lead"}
    seen = at_once(*[lambda: status_of(office, "POST", "auditor-competencies", sent)] * 2)
    assert sorted(seen) == [201, 409]
