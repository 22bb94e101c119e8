"""Checklists, evidence, non-conformities and corrective actions through the API."""

from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from intact_core import clock
from intact_core.records.checklist import AuditChecklist
from intact_core.records.findings import NonConformity
from intact_core.records.library import Document
from tests.server.conftest import Server
from tests.server.intact_api.deciding import LEAD, demo, document_in, to_client
from tests.server.intact_api.samples_audits import ACTION, EVIDENCE, FINDING, ITEM
from tests.server.intact_api.stories import (
    AUDITOR,
    CLIENT,
    OFFICE,
    acme,
    api,
    assign,
    at_once,
    new_audit,
    ok,
    refused,
)

CAUSE = {"cause": "Nobody owned the register.", "correction": "The documents were found."}
NOTES = {"verification_notes": "Action completed and verified effective"}


@pytest.fixture
def audit(server: Server) -> str:
    """A Stage 2 in progress, led by the lead."""
    office = server.bearer(OFFICE)
    made = new_audit(office, acme(office), audit_stage="stage2")
    ok(assign(office, made), 201)
    ok(office.post(api(f"audit-schedules/{made}/start")))
    return made


def raised(client: TestClient, audit: str, **other: object) -> str:
    body = FINDING | {"audit_schedule_id": audit, "nc_number": None, **other}
    return ok(client.post(api("non-conformities"), json=body), 201)["id"]


def test_an_item_is_rated_in_words_and_grades(server: Server, audit: str) -> None:
    lead = server.bearer(LEAD)
    body = ITEM | {"audit_schedule_id": audit}
    item = ok(lead.post(api("audit-checklists"), json=body), 201)
    assert item | body == item
    assert (item["grade"], item["position"]) == (None, 1)
    path = api(f"audit-checklists/{item['id']}")
    for sent, (rating, grade, in_order) in (
        ({"rating": "non_compliant", "is_ok": False}, ("non_compliant", "minor", False)),
        ({"rating": "major"}, ("non_compliant", "major", False)),
        ({"rating": "non_compliant"}, ("non_compliant", "major", False)),
        ({"is_ok": False}, ("non_compliant", "major", False)),
        ({"is_ok": True}, ("compliant", None, True)),
        ({"rating": "not_applicable"}, ("not_applicable", None, True)),
        ({"rating": "observation", "is_ok": True}, ("observation", None, True)),
        ({"auditor_finding": "Seen"}, ("observation", None, True)),
        ({"rating": None}, (None, None, None)),
        ({"is_ok": False}, ("non_compliant", "minor", False)),
    ):
        row = ok(lead.put(path, json=sent))
        assert (row["rating"], row["grade"], row["is_ok"]) == (rating, grade, in_order), sent
    with server.database.read(server.tenant_of(OFFICE)) as session:
        stored = session.query(AuditChecklist).filter_by(id=UUID(item["id"])).one()
        assert (stored.rating, stored.auditor_finding) == ("minor", "Seen")
    refused(lead.put(path, json={"rating": "compliant", "is_ok": False}), 400, "disagree")
    refused(lead.put(path, json={"rating": "bad"}), 400)
    refused(lead.put(path, json={"requirement": "Another"}), 400, "requirement")
    ok(lead.delete(path))
    refused(lead.get(path), 404)


def test_evidence_comes_from_the_library(server: Server, audit: str) -> None:
    lead = server.bearer(LEAD)
    body = ITEM | {"audit_schedule_id": audit}
    item = ok(lead.post(api("audit-checklists"), json=body), 201)["id"]
    document = document_in(server.app)
    sent = EVIDENCE | {"audit_checklist_id": item, "document_id": document}
    made = ok(lead.post(api("audit-evidence"), json=sent), 201)
    assert made | sent == made
    assert (made["file_name"], made["audit_schedule_id"]) == ("Procedure.pdf", audit)
    path = api(f"audit-evidence/{made['id']}")
    changed = ok(lead.put(path, json={"description": "Updated description"}))
    assert (changed["description"], changed["document_id"]) == ("Updated description", document)
    refused(lead.delete(api(f"audit-checklists/{item}")), 409, "in_use")
    finding = raised(lead, audit)
    both = sent | {"non_conformity_id": finding}
    assert ok(lead.post(api("audit-evidence"), json=both), 201)["non_conformity_id"] == finding
    with demo(server.app) as session:
        folder = Document(name="Folder", is_folder=True)
        session.add(folder)
        session.flush()
        folder_id = str(folder.id)
    for wrong in (
        {"document_id": item},
        {"document_id": folder_id},
        {"audit_checklist_id": document},
        {"audit_checklist_id": None},
        {"description": ""},
    ):
        refused(lead.post(api("audit-evidence"), json=sent | wrong), 400)
    refused(server.bearer(AUDITOR).get(path), 404)
    ok(lead.delete(path))
    assert len(ok(lead.get(api(f"audit-evidence?audit_schedule_id={audit}")))) == 1


def test_a_finding_is_raised_and_answered(server: Server, audit: str) -> None:
    lead, client = server.bearer(LEAD), server.bearer(CLIENT)
    body = FINDING | {"audit_schedule_id": audit}
    made = ok(lead.post(api("non-conformities"), json=body), 201)
    assert made | body == made
    assert (made["clause"], made["state"]) == ("7.5", "open")
    assert made["due_date"] > str(clock.today())
    refused(lead.post(api("non-conformities"), json=body), 409, "taken already")
    path = api(f"non-conformities/{made['id']}")
    refused(client.get(path), 404)
    action = ACTION | {"non_conformity_id": made["id"]}
    refused(client.post(api("corrective-actions"), json=action), 400, "no such non-conformity")
    to_client(server.app, audit)
    assert ok(client.get(path))["nc_number"] == "NC-2025-001"

    refused(lead.post(f"{path}/close"), 409, "no complete response", "9.4.9")
    refused(lead.put(path, json={"status": "under_review"}), 409, "cause", "9.4.9")
    refused(lead.post(api("corrective-actions"), json=action), 409, "from the client", "9.4.5.3")
    first = ok(client.post(api("corrective-actions"), json=action), 201)
    assert first | action == first
    assert first["capa_number"].startswith("CAPA-")
    assert first["non_conformity_state"] == "open", "cause and correction are missing"
    second = action | CAUSE | {"action_plan": "Someone owns it"}
    second = ok(client.post(api("corrective-actions"), json=second), 201)
    assert second["non_conformity_state"] == "responded"
    told = ok(lead.get(path))
    assert (told["status"], told["state"]) == ("under_review", "responded")
    assert told["corrective_action"] == f"{ACTION['action_plan']}\nSomeone owns it"
    refused(lead.post(f"{path}/close"), 409, "not reviewed", "9.4.10")


def answered(server: Server, audit: str, *plans: str) -> tuple[str, list[str]]:
    """A major with the client's complete answer: the paths of the finding and of its actions."""
    lead, client = server.bearer(LEAD), server.bearer(CLIENT)
    finding = raised(lead, audit)
    to_client(server.app, audit)
    bodies = [ACTION | CAUSE | {"non_conformity_id": finding, "action_plan": one} for one in plans]
    made = [ok(client.post(api("corrective-actions"), json=one), 201)["id"] for one in bodies]
    return api(f"non-conformities/{finding}"), [api(f"corrective-actions/{one}") for one in made]


def test_an_answer_goes_back_and_is_accepted(server: Server, audit: str) -> None:
    lead, client = server.bearer(LEAD), server.bearer(CLIENT)
    path, (action,) = answered(server, audit, "Someone owns it")
    refused(lead.put(path, json={"status": "open"}), 400, "what the answer lacks")
    sent_back = {"status": "open", "review_notes": "By when?"}
    assert ok(lead.put(path, json=sent_back))["state"] == "open"
    plan = {"action_plan": "Someone owns it from May", "due_date": "2025-09-15"}
    assert ok(client.get(action))["status"] == "active"
    refused(client.put(action, json=plan), 403)
    ok(server.bearer(OFFICE).put(action, json=plan))
    assert ok(lead.get(path))["corrective_action"] == plan["action_plan"]
    accepted = ok(lead.put(path, json={"status": "under_review", "severity": "minor"}))
    assert (accepted["state"], accepted["severity"]) == ("accepted", "minor")
    refused(lead.post(f"{path}/close"), 409, "not verified", "9.4.10")


def test_the_last_action_verified_lets_the_finding_close(server: Server, audit: str) -> None:
    lead = server.bearer(LEAD)
    path, (first, second) = answered(server, audit, "Train the staff", "Own the register")
    assert ok(lead.put(path, json={"status": "under_review"}))["state"] == "accepted"
    refused(server.bearer(CLIENT).post(f"{first}/verify", json=NOTES), 403)
    refused(lead.post(f"{first}/verify", json={}), 400, "Say what you saw", "9.4.10")
    nothing = {"evidence_document_id": path[-36:]}
    refused(lead.post(f"{first}/verify", json=nothing), 400, "no such file")
    assert ok(lead.post(f"{first}/verify", json=NOTES))["non_conformity_state"] == "accepted"
    refused(lead.post(f"{first}/verify", json=NOTES), 409)
    refused(lead.delete(first), 409)
    refused(lead.put(first, json={"due_date": "2025-09-15"}), 409)
    shown = {"evidence_document_id": document_in(server.app)}
    last = ok(lead.post(f"{second}/verify", json=shown))
    assert last | shown | {"non_conformity_state": "verified"} == last
    assert ok(lead.get(path))["verification_notes"] == "Shown by the document 'Procedure.pdf'."

    closed = lead.post(f"{path}/close")
    assert closed.json()["message"] == "Non-conformity closed"
    assert ok(closed)["status"] == "closed"
    assert len(ok(closed)["closed_at"]) == len("2025-07-20 14:30:00")
    refused(lead.post(f"{path}/close"), 409, "transition")
    late = ACTION | {"non_conformity_id": path[-36:]}
    refused(lead.post(api("corrective-actions"), json=late), 409, "closed")
    found = ok(lead.get(api(f"non-conformities?status=closed&audit_schedule_id={audit}")))
    assert [row["id"] for row in found] == [path[-36:]]
    assert ok(lead.get(api("non-conformities?status=open"))) == []


def test_what_is_no_non_conformity_has_no_clock(server: Server, audit: str) -> None:
    lead = server.bearer(LEAD)
    early = {"due_date": "2026-01-01", "audit_schedule_id": audit, "severity": "opportunity"}
    refused(lead.post(api("non-conformities"), json=FINDING | early), 400, "due_date")
    noted = raised(lead, audit, severity="observation")
    assert ok(lead.get(api(f"non-conformities/{noted}")))["due_date"] is None
    assert ok(lead.post(api(f"non-conformities/{noted}/close")))["state"] == "closed"
    graded = raised(lead, audit)
    for other in ("observation", "opportunity"):
        body = {"severity": other}
        refused(lead.put(api(f"non-conformities/{graded}"), json=body), 409, "9.4.5.2")
    office = server.bearer(OFFICE)
    stage1 = new_audit(office, acme(office))
    body = FINDING | {"audit_schedule_id": stage1}
    refused(office.post(api("non-conformities"), json=body), 409, "areas of concern", "9.3.1.2")


def test_a_finding_is_removed_only_while_it_is_a_draft(server: Server, audit: str) -> None:
    lead = server.bearer(LEAD)
    first, second = raised(lead, audit), raised(lead, audit)
    numbers = {ok(lead.get(api(f"non-conformities/{one}")))["nc_number"] for one in (first, second)}
    assert len(numbers) == 2
    ok(lead.delete(api(f"non-conformities/{first}")))
    refused(lead.get(api(f"non-conformities/{first}")), 404)
    to_client(server.app, audit)
    refused(lead.delete(api(f"non-conformities/{second}")), 409, "it stays")


def test_two_close_one_finding(server: Server, audit: str) -> None:
    lead, office = server.bearer(LEAD), server.bearer(OFFICE)
    finding = raised(lead, audit)
    to_client(server.app, audit)
    action = ACTION | CAUSE | {"non_conformity_id": finding}
    action = ok(office.post(api("corrective-actions"), json=action), 201)["id"]
    ok(lead.put(api(f"non-conformities/{finding}"), json={"status": "under_review"}))
    verify, close = (
        api(f"corrective-actions/{action}/verify"),
        api(f"non-conformities/{finding}/close"),
    )
    assert at_once(server, lambda client: client.post(verify, json=NOTES), LEAD) == [200, 409]
    assert at_once(server, lambda client: client.post(close), LEAD) == [200, 409]
    numbered = FINDING | {"audit_schedule_id": audit, "nc_number": "NC-TWICE"}
    path = api("non-conformities")
    assert at_once(server, lambda client: client.post(path, json=numbered), LEAD) == [201, 409]
    with server.database.read(server.tenant_of(OFFICE)) as session:
        assert session.query(NonConformity).filter_by(nc_number="NC-TWICE").count() == 1
