"""One row of each resource from audits to certificates, made with the seed's example bodies."""

from datetime import date
from typing import Any

from httpx2 import Client

from tests.server.intact_api.deciding import (
    LEAD,
    account_of,
    decide,
    demo_standard,
    document_in,
    to_client,
)

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


CERTIFICATE = {
    "certificate_number": "CERT-2025-001",
    "scope": "Manufacturing of industrial equipment",
    "issue_date": "2025-07-20",
    "expiry_date": "2028-07-19",
    "status": "active",
}


def posted(client: Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/api/v1/{path}", json=body)
    assert answer.status_code == 201, f"{path}: {answer.text}"
    made: dict[str, Any] = answer.json()["data"]
    return made


def make(client: Client, made: dict[str, str]) -> None:
    """Needs "clients" and their "client-sites"; takes "contracts" and "documents" where made.

    The audits are on the demo's own standard, for which its people are competent. Grades need a
    Stage 2 and a certificate a decided one, so findings and certificate have audits of their own.
    """
    app = client.app
    standard = demo_standard(app)
    references = {"client_id": made["clients"], "site_id": made["client-sites"]}
    if "contracts" in made:
        references["contract_id"] = made["contracts"]
    schedule = SCHEDULE | references | {"standard_id": standard}
    made["audit-schedules"] = audit = posted(client, "audit-schedules", schedule)["id"]
    member = MEMBER | {"audit_schedule_id": audit, "user_id": str(account_of(app, LEAD).user_id)}
    made["audit-teams"] = posted(client, "audit-teams", member)["id"]
    objection = {"audit_schedule_id": audit, "reason": "He worked for a competitor of ours."}
    made["team-objections"] = posted(client, "team-objections", objection)["id"]
    item = posted(client, "audit-checklists", ITEM | {"audit_schedule_id": audit})["id"]
    made["audit-checklists"] = item
    document = made.get("documents") or document_in(app)
    evidence = EVIDENCE | {"audit_checklist_id": item, "document_id": document}
    made["audit-evidence"] = posted(client, "audit-evidence", evidence)["id"]
    stage2 = schedule | {"audit_stage": "stage2"}
    made["stage2-audits"] = posted(client, "audit-schedules", stage2)["id"]
    finding = FINDING | {"audit_schedule_id": made["stage2-audits"]}
    made["non-conformities"] = posted(client, "non-conformities", finding)["id"]
    action = ACTION | {"non_conformity_id": made["non-conformities"]}
    made["corrective-actions"] = posted(client, "corrective-actions", action)["id"]
    _certificate(client, made, posted(client, "audit-schedules", stage2)["id"], standard)


def _certificate(client: Client, made: dict[str, str], audit: str, standard: str) -> None:
    to_client(client.app, audit)
    decide(client.app, audit, date(2025, 7, 20))
    references = {
        "client_id": made["clients"],
        "audit_schedule_id": audit,
        "standard_id": standard,
    }
    certificate = posted(client, "certificates", CERTIFICATE | references)["id"]
    made["certificates"] = certificate
    history = client.get(f"/api/v1/certificates/{certificate}/history").json()["data"]
    made["certificate-history"] = history[0]["id"]
