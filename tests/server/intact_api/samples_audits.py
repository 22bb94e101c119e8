"""One row of each resource from audits to certificates, made with the seed's example bodies."""

from typing import Any

from fastapi.testclient import TestClient

SCHEDULE = {
    "audit_type": "initial",
    "audit_stage": "stage1",
    "scheduled_start_date": "2025-07-15",
    "scheduled_end_date": "2025-07-17",
    "total_audit_days": 3,
    "risk_level": "medium",
    "status": "scheduled",
}
MEMBER = {"role": "lead_auditor", "is_lead": True}
ITEM = {
    "clause_reference": "4.1",
    "clause_title": "Understanding the organization",
    "requirement": "Has the organization identified external and internal issues?",
    "auditor_finding": "Fully compliant",
    "rating": "compliant",
    "is_ok": True,
}
EVIDENCE = {"description": "Evidence of process implementation"}
FINDING = {
    "nc_number": "NC-2025-001",
    "severity": "major",
    "description": "Documentation not available for review",
    "requirement_reference": "ISO 9001:2015 clause 7.5",
    "evidence": "No records found",
    "status": "open",
}
ACTION = {
    "action_plan": "Update documentation and train staff",
    "responsible_person": "Quality Manager",
    "due_date": "2025-08-15",
}


def posted(client: TestClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


def make(client: TestClient, made: dict[str, str]) -> None:
    """Needs `clients`, `client-sites`, `contracts` of that client, `standards`, `users` (somebody
    competent to lead on that standard) and `documents` (a file). Grades need a Stage 2, so the
    finding is in an audit of its own, `stage2-audits`. Certificates need a decision, which this
    API does not make: `certificates` and `certificate-history` are not among these.
    """
    references = {
        "client_id": made["clients"],
        "site_id": made["client-sites"],
        "contract_id": made["contracts"],
        "standard_id": made["standards"],
    }
    audit = posted(client, "audit-schedules", SCHEDULE | references)["id"]
    made["audit-schedules"] = audit
    member = MEMBER | {"audit_schedule_id": audit, "user_id": made["users"]}
    made["audit-teams"] = posted(client, "audit-teams", member)["id"]
    item = posted(client, "audit-checklists", ITEM | {"audit_schedule_id": audit})["id"]
    made["audit-checklists"] = item
    evidence = EVIDENCE | {"audit_checklist_id": item, "document_id": made["documents"]}
    made["audit-evidence"] = posted(client, "audit-evidence", evidence)["id"]
    stage2 = SCHEDULE | references | {"audit_stage": "stage2"}
    made["stage2-audits"] = posted(client, "audit-schedules", stage2)["id"]
    finding = FINDING | {"audit_schedule_id": made["stage2-audits"]}
    made["non-conformities"] = posted(client, "non-conformities", finding)["id"]
    action = ACTION | {"non_conformity_id": made["non-conformities"]}
    made["corrective-actions"] = posted(client, "corrective-actions", action)["id"]
