"""Standards, training, complaints, as the API's documentation sends them."""

from httpx2 import Client


def make(client: Client, made: dict[str, str]) -> None:
    _standards(client, made)
    _people(client, made)
    _documents(client, made)
    complaint = {
        "client_id": made["clients"],
        "complaint_number": "CMP-2025-001",
        "complaint_type": "Service Quality",
        "description": "Client dissatisfied with audit response time",
        "received_date": "2025-07-20",
        "status": "open",
    }
    made["complaints"] = _made(client, "complaints", complaint)


def _standards(client: Client, made: dict[str, str]) -> None:
    accreditation = {
        "accreditation_body": "UKAS",
        "accreditation_number": "UKAS-001",
        "scope": "ISO 9001 Certification",
        "issue_date": "2024-01-01",
        "expiry_date": "2027-12-31",
        "status": "active",
    }
    made["accreditations"] = _made(client, "accreditations", accreditation)
    # The demo holds ISO 9001:2015 already, and the pair of code and version is unique.
    standard = {
        "accreditation_id": made["accreditations"],
        "standard_code": "ISO 9001",
        "standard_name": "Quality Management Systems",
        "version": "2008",
        "description": "International standard for quality management",
        "is_active": True,
    }
    made["standards"] = _made(client, "standards", standard)
    clause = {
        "standard_id": made["standards"],
        "clause_number": "4.1",
        "clause_title": "Understanding the organization",
        "clause_text": "The organization shall determine external and internal issues...",
        "requirement_level": "shall",
    }
    made["standard-clauses"] = _made(client, "standard-clauses", clause)


def _documents(client: Client, made: dict[str, str]) -> None:
    given = {"name": "Audit Reports", "description": "Folder for audit reports"}
    folder = _made(client, "documents/folder", given)
    sent = {"parent_id": folder, "description": "The report of ABC Manufacturing"}
    file = {"file": ("report.pdf", b"%PDF-1.7 ABC Manufacturing")}
    answer = client.post("/api/v1/documents", files=file, data=sent)
    assert answer.status_code == 201, answer.text
    made["documents"] = answer.json()["data"]["id"]


def _people(client: Client, made: dict[str, str]) -> None:
    person = client.get("/api/v1/auth/me").json()["data"]["id"]
    training = {
        "user_id": person,
        "course_name": "Lead Auditor Training",
        "provider": "IRCA",
        "completion_date": "2025-06-15",
        "expiry_date": "2028-06-14",
        "score": 92,
        "status": "completed",
        "certificate_url": "https://example.com/cert.pdf",
    }
    made["training-records"] = _made(client, "training-records", training)
    competency = {
        "user_id": person,
        "standard_id": made["standards"],
        "competency_level": "lead",
        "assessment_date": "2025-06-15",
        "expiry_date": "2028-06-14",
        "notes": "Qualified for ISO 9001 lead audits",
    }
    made["auditor-competencies"] = _made(client, "auditor-competencies", competency)
    interest = {"user_id": person, "client_id": made["clients"], "kind": "internal_audit"}
    made["declared-interests"] = _made(client, "declared-interests", interest)


def _made(client: Client, path: str, given: dict) -> str:
    answer = client.post(f"/api/v1/{path}", json=given)
    assert answer.status_code == 201, answer.text
    return answer.json()["data"]["id"]
