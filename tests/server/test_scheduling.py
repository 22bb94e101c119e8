"""Scheduling audits on imported catalogs, and the health and documentation of the server."""

import json
import re
import time
from pathlib import Path

import pytest

from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.checklist import AuditChecklist
from intact_core.records.people import AuditorCompetency
from intact_core.records.standards import Standard, StandardClause
from sync_server.tables.ledger import AuditLog, FeedChange
from tests.server.conftest import Browser, Server
from tests.server.site_work import audit_id_of

OFFICE = "cbadmin@demo.example"
CATALOG = {
    "catalog": {
        "uuid": "x",
        "metadata": {"title": "House rules", "version": "1"},
        "groups": [
            {
                "id": "g",
                "title": "Doors",
                "controls": [
                    {
                        "id": "d-1",
                        "title": "Locks",
                        "props": [{"name": "label", "value": "D-1"}],
                        "parts": [
                            {
                                "id": "d-1_obj",
                                "name": "assessment-objective",
                                "prose": "doors are locked;",
                            }
                        ],
                    }
                ],
            }
        ],
    }
}


def options(page: str, select: str) -> dict[str, str]:
    part = re.search(rf'<select id="{select}".*?</select>', page, re.DOTALL)[0]
    return {
        text: value for value, text in re.findall(r'<option value="([^"]+)"[^>]*>(.*?)</', part)
    }


def import_catalog(office: Browser, name: str, content: bytes):
    files = {"file": (name, content, "application/json")}
    return office.post("/standards/import", files=files)


def qualify(server: Server, code: str) -> None:
    """Record that the demo's auditors are competent for an imported standard."""
    with server.database.write(server.tenant_of(OFFICE)) as session:
        standard = session.query(Standard).filter(Standard.standard_code.contains(code)).one()
        for email, level in (("lead@demo.example", "lead"), ("auditor@demo.example", "auditor")):
            session.add(
                AuditorCompetency(
                    user_id=server.account(email).user_id,
                    standard_id=standard.id,
                    competency_level=level,
                )
            )


def plan(page: str, template: str, **other: str) -> dict[str, str]:
    people = options(page, "lead")
    return {
        "client": options(page, "client")["Acme Ltd"],
        "template": next(v for k, v in options(page, "template").items() if template in k),
        "audit_type": "special",
        "lead": people["Daniel Otieno"],
        "team": people["Amina Hassan"],
        "start": "2026-12-01",
        "end": "2026-12-03",
        "scope": "Doors & <locks>",
        **other,
    }


def test_a_catalog_becomes_a_checklist_and_an_audit(server: Server) -> None:
    office = server.person(OFFICE)
    answer = import_catalog(office, "rules.json", json.dumps(CATALOG).encode())
    assert answer.status_code == 303, answer.text
    assert "House rules" in office.get("/standards")
    sent = plan(office.get("/audits/new"), "House rules")
    refused = office.post("/audits/new", sent)
    assert refused.status_code == 200
    assert "competence as lead auditor for this standard is not recorded" in refused.text
    qualify(server, "House rules")
    page = office.done("/audits/new", plan(office.get("/audits/new"), "House rules"))
    assert re.search(r"AUD-\d{4}-003 is scheduled", page)
    assert "Doors &amp; &lt;locks&gt;" in page
    assert "A · Daniel Otieno, Lead auditor" in page
    assert "B · Amina Hassan, Auditor" in page
    assert "AUD-" in server.person("auditor@demo.example").get("/audits?q=003")
    with server.database.read(server.tenant_of(OFFICE)) as session:
        audit = session.query(AuditSchedule).filter_by(audit_type="special").one()
        (item,) = session.query(AuditChecklist).filter_by(audit_schedule_id=audit.id)
        assert "doors are locked" in item.requirement.lower()
        scope = session.query(FeedChange).filter_by(scope=f"audit:{audit.id}").all()
        assert sorted(row.seq for row in scope) == list(range(1, len(scope) + 1))
        assert session.query(AuditLog).filter_by(resource_id=audit.id).one().action == "CREATE"
        letters = session.query(AuditTeam).filter_by(audit_schedule_id=audit.id)
        assert sorted(row.letter for row in letters) == ["A", "B"]


@pytest.mark.parametrize(
    "content", [b"", b"no json", b"{}", b'{"profile": {}}', b"\xff\xfe", b'{"catalog": []}']
)
def test_a_file_that_is_no_catalog_is_refused(server: Server, content: bytes) -> None:
    office = server.person(OFFICE)
    answer = import_catalog(office, "x.json", content)
    assert answer.status_code == 200
    assert "Nothing was imported." in answer.text
    with server.database.read(server.tenant_of(OFFICE)) as session:
        assert session.query(Standard).count() == 1


@pytest.mark.shared_data
def test_the_moderate_catalog_with_its_1795_objectives(server: Server, shared_data: Path) -> None:
    (file,) = (path for path in (shared_data / "catalogs").rglob("*moderate*.json"))
    office = server.person(OFFICE)
    began = time.monotonic()
    assert import_catalog(office, file.name, file.read_bytes()).status_code == 303
    imported = time.monotonic()
    qualify(server, "800-53")
    page = office.get("/audits/new")
    office.done("/audits/new", plan(page, "(1795)"))
    scheduled = time.monotonic()
    print(f"import {imported - began:.1f} s, schedule {scheduled - imported:.1f} s")  # noqa: T201
    with server.database.read(server.tenant_of(OFFICE)) as session:
        audit = session.query(AuditSchedule).filter_by(audit_type="special").one()
        assert session.query(AuditChecklist).filter_by(audit_schedule_id=audit.id).count() == 1795
        assert session.query(StandardClause).filter_by(standard_id=audit.standard_id).count() > 287


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"end": "2026-11-01"}, "ends before it starts"),
        ({"start": "someday"}, "Fill in the date"),
        ({"client": ""}, "Choose from the list"),
        ({"client": "01a1fdba-7aff-7076-b295-4f34fe2d442c"}, "There is no such client"),
        ({"lead": "01a1fdba-7aff-7076-b295-4f34fe2d442c"}, "There is no such team member"),
        ({"team": "x"}, "Choose from the list"),
    ],
)
def test_an_impossible_plan_is_refused_and_kept(
    server: Server, wrong: dict[str, str], why: str
) -> None:
    office = server.person(OFFICE)
    sent = plan(office.get("/audits/new"), "ISO 9001:2015", **wrong)
    answer = office.post("/audits/new", sent)
    assert answer.status_code == 200
    assert why in answer.text
    assert "Doors &amp; &lt;locks&gt;" in answer.text
    with server.database.read(server.tenant_of(OFFICE)) as session:
        assert session.query(AuditSchedule).count() == 2


def test_only_the_office_schedules_imports_and_cancels(server: Server) -> None:
    lead = server.person("lead@demo.example")
    page = server.person(OFFICE).get("/audits/new")
    assert lead.post("/audits/new", plan(page, "ISO 9001:2015")).status_code == 403
    assert import_catalog(lead, "x.json", b"{}").status_code == 403
    path = f"/audits/{audit_id_of(server)}/cancel"
    assert lead.post(path, {"reason": "x"}).status_code == 403
    assert "Cancelled: The client moved." in server.person(OFFICE).done(
        path, {"reason": "The client moved."}
    )


def test_lists_filter_by_address(server: Server) -> None:
    office = server.person(OFFICE)
    for query, count in (
        ("", 2),
        ("?workflow=draft", 1),
        ("?progress=completed", 1),
        ("?q=acme", 2),
        ("?q=%25", 0),
        ("?q=nobody", 0),
        ("?q=9001&workflow=draft", 1),
    ):
        assert office.get(f"/audits{query}").count('class="row"') == count, query


def test_health_and_documentation(server: Server) -> None:
    client = server.client()
    health = client.get("/api/health").json()
    assert health["status"] == "ok"
    assert health["database"] in ("sqlite", "postgresql")
    paths = client.get("/openapi.json").json()["paths"]
    assert "/api/v1/certificates/verify/{number}" in paths
    assert "/sync/v1/push" in paths
    page = client.get("/docs").text
    for address in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert client.get(address).status_code == 200, address
        assert address.startswith("/static/"), address


def test_errors_of_the_api_have_its_envelope(server: Server) -> None:
    client = server.client()
    for answer, status in (
        (client.get("/api/v1/nowhere"), 404),
        (client.post("/api/v1/auth/login", json={"email": 1}), 400),
        (client.post("/api/v1/auth/login", content=b"{"), 400),
        (client.get("/api/v1/auth/login"), 405),
    ):
        assert answer.status_code == status
        body = answer.json()
        assert (body["success"], body["status_code"]) == (False, status)
        assert body["message"]


def test_a_body_beyond_reason_is_refused_before_it_is_read(server: Server) -> None:
    headers = {"content-length": str(1 << 40)}
    answer = server.client().post("/api/v1/auth/login", content=b"x", headers=headers)
    assert answer.status_code == 413
