"""Accreditations, standards, clauses: unique, in order, kept while anything stands on them."""

from functools import partial

from fastapi.testclient import TestClient

from intact_core import ids
from tests.server.conftest import Server
from tests.server.intact_api.together import at_once

ACCREDITATION = {
    "accreditation_body": "UKAS",
    "accreditation_number": "UKAS-001",
    "scope": "ISO 9001 Certification",
    "issue_date": "2024-01-01",
    "expiry_date": "2099-12-31",
    "status": "active",
}
STANDARD = {
    "standard_code": "ISO 45001",
    "standard_name": "Occupational health and safety",
    "version": "2018",
    "is_active": True,
}


def made(client: TestClient, path: str, sent: dict) -> dict:
    answer = client.post(f"/api/v1/{path}", json=sent)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def status_of(client: TestClient, method: str, path: str, sent: dict | None = None) -> int:
    return client.request(method, f"/api/v1/{path}", json=sent).status_code


def numbers(client: TestClient, path: str) -> list[str]:
    answer = client.get(f"/api/v1/{path}")
    assert answer.status_code == 200, answer.text
    return [one["clause_number"] for one in answer.json()["data"]]


def test_an_accreditation_from_granted_to_withdrawn(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    row = made(office, "accreditations", ACCREDITATION)
    assert {name: row[name] for name in ACCREDITATION} == ACCREDITATION
    path = f"accreditations/{row['id']}"
    assert status_of(office, "POST", "accreditations", ACCREDITATION) == 409, "the number"
    wrong = {**ACCREDITATION, "accreditation_number": "X", "expiry_date": "2024-01-01"}
    assert status_of(office, "POST", "accreditations", wrong) == 400
    assert status_of(office, "PUT", path, {"issue_date": "2100-01-01"}) == 400
    assert status_of(office, "PUT", path, {"accreditation_number": "X"}) == 400, "is fixed"
    past = {"issue_date": "2019-01-01", "expiry_date": "2020-01-01"}
    assert office.put(f"/api/v1/{path}", json=past).json()["data"]["status"] == "expired"
    found = {
        status: [
            one["id"]
            for one in office.get(f"/api/v1/accreditations?status={status}").json()["data"]
        ]
        for status in ("active", "suspended", "withdrawn", "expired")
    }
    assert found["expired"] == [row["id"]]
    assert len(found["active"]) == 1
    assert row["id"] not in found["active"]
    standard = made(office, "standards", {**STANDARD, "accreditation_id": row["id"]})
    refused = office.delete(f"/api/v1/{path}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    assert (
        status_of(office, "PUT", f"standards/{standard['id']}", {"accreditation_id": None}) == 200
    )
    assert status_of(office, "PUT", path, {"status": "withdrawn"}) == 200
    assert status_of(office, "PUT", path, {"status": "active"}) == 409, "withdrawn is final"
    assert status_of(office, "DELETE", path) == 200
    assert status_of(office, "GET", path) == 404


def test_a_standard_and_its_clauses_in_their_order(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    standard = made(office, "standards", STANDARD)
    assert status_of(office, "POST", "standards", STANDARD) == 409
    newer = made(office, "standards", {**STANDARD, "version": "2030"})
    nothing = {**STANDARD, "version": "1", "accreditation_id": str(ids.new_id())}
    assert status_of(office, "POST", "standards", nothing) == 400
    given = ["4.10", "10.1", "A.5", "4.2", "4.1", "A.10", "9", "4.2.1", "4.2.10", "4.2.9"]
    clause = {"clause_title": "Title", "requirement_level": "shall", "clause_text": "Text."}
    rows = [
        made(
            office,
            "standard-clauses",
            {**clause, "standard_id": standard["id"], "clause_number": one},
        )
        for one in given
    ]
    made(office, "standard-clauses", {**clause, "standard_id": newer["id"], "clause_number": "1"})
    ordered = ["4.1", "4.2", "4.2.1", "4.2.9", "4.2.10", "4.10", "9", "10.1", "A.5", "A.10"]
    assert numbers(office, f"standards/{standard['id']}/clauses") == ordered
    assert numbers(office, f"standards/{standard['id']}/clauses?limit=2&page=2") == ordered[2:4]
    assert numbers(office, f"standard-clauses?standard_id={standard['id']}") == ordered
    everything = numbers(office, "standard-clauses?limit=100")
    assert [one for one in everything if one in given][-len(ordered) - 1 :]
    again = {**clause, "standard_id": standard["id"], "clause_number": "4.1"}
    assert status_of(office, "POST", "standard-clauses", again) == 409
    lost = {**again, "standard_id": str(ids.new_id())}
    assert status_of(office, "POST", "standard-clauses", lost) == 400
    path = f"standard-clauses/{rows[0]['id']}"
    changed = office.put(f"/api/v1/{path}", json={"clause_title": "Updated title"}).json()["data"]
    assert changed["clause_title"] == "Updated title"
    assert status_of(office, "PUT", path, {"requirement_level": "must"}) == 400
    assert status_of(office, "PUT", path, {"requirement_level": None}) == 400
    assert status_of(office, "DELETE", path) == 200
    assert status_of(office, "DELETE", f"standards/{standard['id']}") == 200
    assert status_of(office, "GET", f"standard-clauses/{rows[1]['id']}") == 404, "gone with it"
    assert status_of(office, "GET", f"standards/{standard['id']}/clauses") == 404
    assert numbers(office, f"standards/{newer['id']}/clauses") == ["1"]


def test_clauses_of_an_import_make_room(server: Server) -> None:
    """An imported standard numbers its clauses 1, 2, 3: there is no place between two of them."""
    office = server.bearer("cbadmin@demo.example")
    [standard] = office.get("/api/v1/standards?search=9001").json()["data"]
    path = f"standards/{standard['id']}/clauses"
    before = numbers(office, path)
    between = f"{before[3]}.0"
    made(office, "standard-clauses", {"standard_id": standard["id"], "clause_number": between})
    assert numbers(office, path) == [*before[:4], between, *before[4:]]
    refused = office.delete(f"/api/v1/standards/{standard['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "in_use")
    active = office.get("/api/v1/standards?is_active=false").json()
    assert active["pagination"]["total"] == 0


def test_who_sees_standards(server: Server) -> None:
    client = server.bearer("client@demo.example")
    [standard] = client.get("/api/v1/standards").json()["data"]
    assert status_of(client, "GET", f"standards/{standard['id']}") == 200
    assert status_of(client, "GET", f"standards/{standard['id']}/clauses") == 403
    assert status_of(client, "GET", "accreditations") == 403
    assert status_of(client, "POST", "standards", STANDARD) == 403
    rival = server.bearer("cbadmin@rival.example")
    missing = rival.get(f"/api/v1/standards/{ids.new_id()}")
    foreign = rival.get(f"/api/v1/standards/{standard['id']}")
    assert (foreign.status_code, foreign.json()) == (404, missing.json())


def test_two_clauses_at_once_take_two_places(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    standard = made(office, "standards", STANDARD)

    def add(number: str) -> int:
        sent = {"standard_id": standard["id"], "clause_number": number}
        return status_of(office, "POST", "standard-clauses", sent)

    assert at_once(partial(add, "4.10"), partial(add, "4.9")) == [201, 201]
    assert numbers(office, f"standards/{standard['id']}/clauses") == ["4.9", "4.10"]
