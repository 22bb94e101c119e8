"""Complaints: their steps, and that nobody who was involved decides (ISO/IEC 17021-1, 9.8)."""

from functools import partial

from fastapi.testclient import TestClient

from intact_core import ids
from tests.server.conftest import Server
from tests.server.intact_api.together import at_once

RESOLVED = {
    "resolution": "Apology sent and process improved",
    "investigation_summary": "Found delay due to staff shortage",
}


def complaint(client: TestClient, **more: object) -> dict:
    sent = {
        "complaint_type": "Service Quality",
        "description": "Client dissatisfied with audit response time",
        "received_date": "2025-07-20",
        "status": "open",
    }
    answer = client.post("/api/v1/complaints", json={**sent, **more})
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]


def test_a_complaint_from_receipt_to_closed(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    [client] = office.get("/api/v1/clients").json()["data"]
    row = complaint(office, client_id=client["id"], complaint_number="CMP-2025-001")
    path = f"/api/v1/complaints/{row['id']}"
    again = {"complaint_number": "CMP-2025-001", "description": "Again"}
    assert office.post("/api/v1/complaints", json=again).status_code == 409
    assert row["acknowledged_at"] is None
    said = office.post(f"{path}/acknowledge").json()
    assert said["message"] == "Complaint acknowledged"
    assert said["data"]["acknowledged_at"]
    assert office.post(f"{path}/acknowledge").status_code == 409
    for wrong in ({"status": "resolved"}, {"status": "closed"}):
        assert office.put(path, json=wrong).status_code == 409
    assert office.put(path, json={"client_id": client["id"]}).status_code == 400, "is fixed"
    looking = office.put(path, json={"status": "investigating"}).json()["data"]
    assert looking["acknowledged_at"] == said["data"]["acknowledged_at"]
    assert office.put(path, json={"status": "open"}).status_code == 409
    assert office.delete(path).status_code == 409
    for empty in ({}, {"resolution": ""}, {"resolution": "  "}):
        assert office.post(f"{path}/resolve", json=empty).status_code == 400
    done = office.post(f"{path}/resolve", json=RESOLVED).json()
    assert done["message"] == "Complaint resolved"
    assert done["data"] | RESOLVED == done["data"]
    assert done["data"]["status"] == "resolved"
    assert done["data"]["resolved_by"] == str(server.account("cbadmin@demo.example").user_id)
    assert office.post(f"{path}/resolve", json=RESOLVED).status_code == 409
    assert office.put(path, json={"status": "closed"}).json()["data"]["status"] == "closed"
    assert office.put(path, json={"description": "Other"}).status_code == 409


def test_complaints_listed_removed_and_refused(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    other = complaint(office)
    assert other["complaint_number"].startswith("CMP-")
    assert [one["id"] for one in office.get("/api/v1/complaints?status=open").json()["data"]] == [
        other["id"]
    ]
    assert office.get("/api/v1/complaints?complaint_type=None").json()["data"] == []
    assert office.get("/api/v1/complaints?status=closed").json()["data"] == []
    assert office.delete(f"/api/v1/complaints/{other['id']}").status_code == 200
    late = complaint(office)
    resolved = office.post(f"/api/v1/complaints/{late['id']}/resolve", json=RESOLVED).json()["data"]
    assert resolved["acknowledged_at"], "an answer acknowledges, too"
    for sent in ({"description": ""}, {"description": "x", "received_date": "2090-01-01"}):
        assert office.post("/api/v1/complaints", json=sent).status_code == 400


def test_whoever_audited_the_client_does_not_resolve(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    [client] = office.get("/api/v1/clients").json()["data"]
    row = complaint(office, client_id=client["id"])
    path = f"/api/v1/complaints/{row['id']}"
    lead = server.bearer("lead@demo.example")
    assert lead.post(f"{path}/resolve", json=RESOLVED).status_code == 403, "has not the right"
    # The team of the rival's only audit is its manager.
    manager = server.bearer("cbadmin@rival.example")
    assert manager.post(f"{path}/resolve", json=RESOLVED).status_code == 404
    [own] = manager.get("/api/v1/clients").json()["data"]
    mine = complaint(manager, client_id=own["id"])
    refused = manager.post(f"/api/v1/complaints/{mine['id']}/resolve", json=RESOLVED)
    assert refused.status_code == 409
    assert refused.json()["code"] == "involved"
    assert refused.json()["clause"] == "ISO/IEC 17021-1:2015, 9.8"
    assert manager.get(f"/api/v1/complaints/{mine['id']}").json()["data"]["status"] == "open"
    free = complaint(manager)
    assert (
        manager.post(f"/api/v1/complaints/{free['id']}/resolve", json=RESOLVED).status_code == 200
    )


def test_a_client_complains_for_itself(server: Server) -> None:
    office, client = server.bearer("cbadmin@demo.example"), server.bearer("client@demo.example")
    foreign = complaint(office)
    own = complaint(client)
    assert own["client_id"] == str(office.get("/api/v1/clients").json()["data"][0]["id"])
    assert [one["id"] for one in client.get("/api/v1/complaints").json()["data"]] == [own["id"]]
    assert client.get(f"/api/v1/complaints/{foreign['id']}").status_code == 404
    assert client.put(f"/api/v1/complaints/{own['id']}", json={}).status_code == 403
    other = {"client_id": str(ids.new_id()), "description": "x"}
    assert client.post("/api/v1/complaints", json=other).status_code == 400


def test_of_two_who_resolve_at_once_one_does(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    path = f"/api/v1/complaints/{complaint(office)['id']}/resolve"

    def resolve(words: str) -> int:
        return int(office.post(path, json={"resolution": words}).status_code)

    assert sorted(at_once(partial(resolve, "one"), partial(resolve, "two"))) == [200, 409]


def test_of_two_who_acknowledge_at_once_one_does(server: Server) -> None:
    office = server.bearer("cbadmin@demo.example")
    path = f"/api/v1/complaints/{complaint(office)['id']}/acknowledge"
    seen = at_once(*[lambda: office.post(path).status_code] * 2)
    assert sorted(seen) == [200, 409]
