"""Audits to certificates through the API: one story, and each refusal with its clause."""

import io
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from fastapi.testclient import TestClient
from pypdf import PdfReader

from intact_core import clock, ids
from intact_core.records.audits import AuditSchedule, AuditStatusHistory
from intact_core.records.clients import Client, ClientSite
from intact_core.records.contracts import Application, Contract, Quotation
from intact_core.records.library import Document, DocumentVersion
from intact_core.records.people import AuditorCompetency
from intact_core.records.standards import ChecklistTemplate, Standard
from intact_core.records.training import DeclaredInterest
from sync_server.auth.callers import caller_of
from sync_server.services import blobs, decisions
from sync_server.services.audits import move_workflow
from sync_server.services.certificates import Issuer
from sync_server.services.decisions import Decision
from tests.server.conftest import URL, Server
from tests.server.intact_api.samples_audits import ITEM, MEMBER, SCHEDULE, make

OFFICE, LEAD, AUDITOR = "cbadmin@demo.example", "lead@demo.example", "auditor@demo.example"
REVIEWER, CLIENT = "reviewer@demo.example", "client@demo.example"


def references(server: Server) -> dict[str, str]:
    """Rows of other resources that the samples refer to, made directly."""
    tenant_id = server.tenant_of(OFFICE)
    with server.database.write(tenant_id) as session:
        client = session.query(Client).one()
        standard = session.query(Standard).one()
        site = session.query(ClientSite).filter_by(is_headquarters=True).one()
        application = Application(
            id=ids.new_id(),
            client_id=client.id,
            application_number="APP-T",
            standard_id=standard.id,
            scope_description="Machined parts",
        )
        session.add(application)
        session.flush()
        quotation = Quotation(
            id=ids.new_id(),
            application_id=application.id,
            quotation_number="QUO-T",
            total_amount=1,
        )
        session.add(quotation)
        session.flush()
        contract = Contract(
            id=ids.new_id(),
            client_id=client.id,
            quotation_id=quotation.id,
            contract_number="CON-T",
            start_date=date(2025, 1, 1),
            end_date=date(2028, 1, 1),
        )
        content = b"%PDF-1.7 a document of the library"
        sha256 = blobs.keep(session, server.app.state.blobs, server.keys, tenant_id, content)
        document = Document(id=ids.new_id(), name="Procedure.pdf")
        session.add_all([contract, document])
        session.flush()
        version = DocumentVersion(
            id=ids.new_id(),
            document_id=document.id,
            file_name="Procedure.pdf",
            content_type="application/pdf",
            size=len(content),
            sha256=sha256,
        )
        session.add(version)
        session.flush()
        document.current_version_id = version.id
        template = session.query(ChecklistTemplate).one()
        return {
            "clients": str(client.id),
            "client-sites": str(site.id),
            "contracts": str(contract.id),
            "standards": str(standard.id),
            "templates": str(template.id),
            "documents": str(document.id),
            "users": str(server.account(LEAD).user_id),
        }


@pytest.fixture
def made(server: Server) -> dict[str, str]:
    return references(server)


def ok(answer: Any, status: int = 200) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def refused(answer: Any, status: int, *words: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["success"] is False
    assert body["status_code"] == status
    for word in words:
        assert word in f"{body['message']} {body.get('clause')} {body.get('code')}"
    return body


def new_audit(client: TestClient, made: dict[str, str], **other: Any) -> dict[str, Any]:
    today = clock.today()
    body = SCHEDULE | {
        "client_id": made["clients"],
        "contract_id": made["contracts"],
        "scheduled_start_date": str(today),
        "scheduled_end_date": str(today + timedelta(days=2)),
        **other,
    }
    return ok(client.post("/api/v1/audit-schedules", json=body), 201)


def led(client: TestClient, server: Server, audit: dict[str, Any]) -> dict[str, Any]:
    body = MEMBER | {
        "audit_schedule_id": audit["id"],
        "user_id": str(server.account(LEAD).user_id),
    }
    return ok(client.post("/api/v1/audit-teams", json=body), 201)


def grant(server: Server, audit_id: str, **other: Any) -> None:
    """The way of an audit to the decision, as pages and laptops take it; no certificate yet."""
    tenant_id = server.tenant_of(OFFICE)
    with server.database.write(tenant_id) as session:
        audit = session.get_one(AuditSchedule, (tenant_id, UUID(audit_id)))
        audit.workflow_status = "submitted_to_cb" if audit.workflow_status else ""
    caller = caller_of(server.database, server.account(REVIEWER))
    given = Decision(**{"decision": "certify", "decided_on": clock.today()} | other)
    with server.database.write(tenant_id, caller.actor) as session:
        issuer = Issuer(server.app.state.blobs, server.keys, URL)
        decisions.decide(session, issuer, caller, UUID(audit_id), given)
