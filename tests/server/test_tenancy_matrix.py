"""Every route × who × another tenant's row: equal in every way to a row that is not there."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from intact_core import clock
from intact_core import ids as new_ids
from intact_core.records.audits import AuditSchedule
from intact_core.records.certificates import Certificate
from intact_core.records.checklist import AuditEvidence
from intact_core.records.conclusions import AuditReport
from intact_core.records.people import Tenant
from sync_server.services.demo import PASSWORD
from tests.server.conftest import URL, Browser, Laptop, Server
from tests.server.intact_api.routes import api_routes
from tests.server.site_work import do_site_work, make_conflict

OPEN, SIGNED_IN, DEVICE, BEARER = "open", "signed in", "device", "bearer"


@dataclass(frozen=True)
class Entry:
    """Who a route is for; `needs` names the row in its address."""

    who: str
    needs: str = ""
    sent: dict[str, str] = field(default_factory=dict)


DECISION = {"decision": "deny", "decision_date": "2026-01-01", "password": PASSWORD}
ANSWER = {"cause": "a", "correction": "b", "corrective_action": "c", "submit": "send"}
CHOICE = {"resolution": "server", "reason": "x"}
BINDING = {
    "password": PASSWORD,
    "reason": "x",
    "ground": "other",
    "scope": "x",
    "audit": "01a1fdba-7aff-7076-b295-4f34fe2d442c",
}

MATRIX = {
    "GET /openapi.json": Entry(OPEN),
    "GET /api/health": Entry(OPEN),
    "GET /docs": Entry(OPEN),
    "GET /sign-in": Entry(OPEN),
    "POST /sign-in": Entry(OPEN),
    "GET /verify": Entry(OPEN),
    "POST /verify": Entry(OPEN),
    "GET /verify/{number}": Entry(OPEN),
    "GET /api/v1/certificates/verify/{number}": Entry(OPEN),
    "POST /api/v1/auth/login": Entry(OPEN),
    "POST /sign-in/code": Entry(OPEN),
    "POST /sync/v1/nonce": Entry(OPEN),
    "POST /sync/v1/token": Entry(OPEN),
    "POST /sync/v1/recognise": Entry(OPEN),
    "POST /api/v1/auth/logout": Entry(BEARER),
    "GET /api/v1/auth/me": Entry(BEARER),
    "POST /api/v1/auth/change-password": Entry(BEARER),
    "POST /api/v1/auth/totp": Entry(BEARER),
    "POST /api/v1/auth/totp/confirm": Entry(BEARER),
    "POST /api/v1/auth/totp/remove": Entry(BEARER),
    "POST /api/v1/devices": Entry(BEARER),
    "POST /sync/v1/hello": Entry(DEVICE),
    "POST /sync/v1/push": Entry(DEVICE),
    "POST /sync/v1/pull": Entry(DEVICE),
    "POST /sync/v1/carry": Entry(DEVICE),
    "POST /sync/v1/deposit": Entry(DEVICE),
    "POST /sync/v1/successor": Entry(DEVICE),
    "POST /sync/v1/blobs": Entry(DEVICE),
    "GET /sync/v1/blobs/{sha256}": Entry(DEVICE, "sha256"),
    "HEAD /sync/v1/blobs/{sha256}": Entry(DEVICE, "sha256"),
    "PATCH /sync/v1/blobs/{sha256}": Entry(DEVICE, "sha256"),
    "GET /sync/v1/blobs/{sha256}/state": Entry(DEVICE, "sha256"),
    "GET /": Entry(SIGNED_IN),
    "POST /sign-out": Entry(SIGNED_IN),
    "GET /second-step": Entry(SIGNED_IN),
    "POST /second-step/begin": Entry(SIGNED_IN),
    "POST /second-step/confirm": Entry(SIGNED_IN),
    "POST /second-step/remove": Entry(SIGNED_IN),
    "GET /audits": Entry(SIGNED_IN),
    "GET /audits/new": Entry(SIGNED_IN),
    "POST /audits/new": Entry(SIGNED_IN),
    "GET /audits/{audit_id}": Entry(SIGNED_IN, "audit_id"),
    "POST /audits/{audit_id}/step": Entry(SIGNED_IN, "audit_id", {"to": "client_review"}),
    "POST /audits/{audit_id}/cancel": Entry(SIGNED_IN, "audit_id", {"reason": "x"}),
    "GET /audits/{audit_id}/decision": Entry(SIGNED_IN, "audit_id"),
    "POST /audits/{audit_id}/decision": Entry(SIGNED_IN, "audit_id", DECISION),
    "GET /conflicts": Entry(SIGNED_IN),
    "GET /audits/{audit_id}/conflicts": Entry(SIGNED_IN, "audit_id"),
    "POST /conflicts/{conflict_id}": Entry(SIGNED_IN, "conflict_id", CHOICE),
    "GET /findings/{finding_id}": Entry(SIGNED_IN, "finding_id"),
    "POST /findings/{finding_id}/answer": Entry(SIGNED_IN, "finding_id", ANSWER),
    "POST /findings/{finding_id}/review": Entry(SIGNED_IN, "finding_id", {"verdict": "accept"}),
    "POST /findings/{finding_id}/verify": Entry(
        SIGNED_IN, "finding_id", {"verification_notes": "x"}
    ),
    "POST /findings/{finding_id}/close": Entry(SIGNED_IN, "finding_id"),
    "GET /evidence/{evidence_id}": Entry(SIGNED_IN, "evidence_id"),
    "GET /evidence/{evidence_id}/small": Entry(SIGNED_IN, "evidence_id"),
    "GET /reports/{report_id}/pdf": Entry(SIGNED_IN, "report_id"),
    "GET /certificates": Entry(SIGNED_IN),
    "GET /certificates/{certificate_id}": Entry(SIGNED_IN, "certificate_id"),
    "GET /certificates/{certificate_id}/pdf": Entry(SIGNED_IN, "certificate_id"),
    "POST /audits/{audit_id}/certificate": Entry(SIGNED_IN, "audit_id", BINDING),
    "POST /certificates/{certificate_id}/suspend": Entry(SIGNED_IN, "certificate_id", BINDING),
    "POST /certificates/{certificate_id}/reinstate": Entry(SIGNED_IN, "certificate_id", BINDING),
    "POST /certificates/{certificate_id}/withdraw": Entry(SIGNED_IN, "certificate_id", BINDING),
    "POST /certificates/{certificate_id}/amend": Entry(SIGNED_IN, "certificate_id", BINDING),
    "POST /certificates/{certificate_id}/renew": Entry(SIGNED_IN, "certificate_id", BINDING),
    "GET /set-aside": Entry(SIGNED_IN),
    "POST /set-aside/{txn_id}": Entry(SIGNED_IN, "txn_id", {"what": "leave", "reason": "x"}),
    "GET /devices": Entry(SIGNED_IN),
    "POST /devices/{device_id}/revoke": Entry(SIGNED_IN, "device_id", {"password": PASSWORD}),
    "GET /tenants": Entry(SIGNED_IN),
    "GET /standards": Entry(SIGNED_IN),
    "POST /standards/import": Entry(SIGNED_IN),
    "GET /competences": Entry(SIGNED_IN),
    "POST /competences": Entry(SIGNED_IN),
}

STRANGERS = ("cbadmin@rival.example", "platform@intact.example")
WITH_ROW = [name for name, entry in MATRIX.items() if entry.needs and entry.who == SIGNED_IN]


def routes_of(app: FastAPI) -> set[str]:
    found = set()
    for one in app.routes:
        for route in getattr(getattr(one, "original_router", None), "routes", [one]):
            methods = getattr(route, "methods", None) or set()
            verbs = methods - {"HEAD"} if "GET" in methods else methods
            found |= {f"{verb} {route.path}" for verb in verbs}
    return found


@pytest.fixture
def ids(server: Server) -> dict[str, str]:
    """Rows of the demo tenant, one for each parameter."""
    work = do_site_work(server)
    conflict_id = make_conflict(server, work)
    return {
        "audit_id": str(work.audit_id),
        "finding_id": str(work.major_id),
        "evidence_id": str(work.photo_id),
        "conflict_id": str(conflict_id),
        "device_id": Laptop(server, "lead@demo.example").enrolment["device_id"],
        "txn_id": Laptop(server, "lead@demo.example").hand_in(
            id=str(uuid4()), changes={"rating": [None, "minor"]}
        ),
        "report_id": make_report(server, work.audit_id, work.photo_id),
        "certificate_id": make_certificate(server, work.audit_id),
    }


def make_report(server: Server, audit_id, photo_id) -> str:
    tenant_id = server.tenant_of("lead@demo.example")
    with server.database.write(tenant_id) as session:
        photo = session.get_one(AuditEvidence, (tenant_id, photo_id))
        row = AuditReport(
            id=new_ids.new_id(),
            audit_schedule_id=audit_id,
            version=1,
            sha256=photo.sha256,
            size=photo.size,
            snapshot_sha256=photo.sha256,
        )
        session.add(row)
        session.flush()
        return str(row.id)


def make_certificate(server: Server, audit_id) -> str:
    tenant_id = server.tenant_of("lead@demo.example")
    with server.database.write(tenant_id) as session:
        audit = session.get_one(AuditSchedule, (tenant_id, audit_id))
        photo = session.query(AuditEvidence).first()
        row = Certificate(
            id=new_ids.new_id(),
            certificate_number="DC-2026-900-ABCDEF",
            client_id=audit.client_id,
            standard_id=audit.standard_id,
            scope="x",
            issue_date=clock.today(),
            expiry_date=clock.today() + timedelta(days=1000),
            certification_body="x",
            document_sha256=photo.sha256,
        )
        session.add(row)
        session.flush()
        return str(row.id)


def ask(browser: Browser, name: str, address: str):
    verb = name.partition(" ")[0]
    sent = {"form_token": browser.token(), **MATRIX[name].sent} if verb == "POST" else None
    return browser.client.request(verb, address, data=sent, headers={"origin": URL})


def address_of(name: str, value: str) -> str:
    return re.sub(r"\{\w+\}", value, name.partition(" ")[2])


def test_every_route_has_its_entry(server: Server) -> None:
    # Those that name a right have a matrix of their own: tests/server/intact_api/test_matrix.py.
    assert routes_of(server.app) - {f"{one.verb} {one.path}" for one in api_routes(server.app)} == (
        set(MATRIX)
    )


@pytest.mark.parametrize("email", STRANGERS)
def test_another_tenants_row_is_as_if_it_were_not_there(
    server: Server, ids: dict[str, str], email: str
) -> None:
    stranger, owner = server.person(email), server.person("cbadmin@demo.example")
    missing = str(uuid4())
    for name in WITH_ROW:
        row = ids[MATRIX[name].needs]
        foreign, absent = (ask(stranger, name, address_of(name, one)) for one in (row, missing))
        assert foreign.status_code in (403, 404), f"{name}: {foreign.status_code}"
        assert foreign.status_code == absent.status_code, name
        assert foreign.text.replace(row, missing) == absent.text, name
        if name.startswith("GET"):
            assert ask(owner, name, address_of(name, row)).status_code == 200, name


def test_a_foreign_body_may_not_even_learn_that_a_form_was_wrong(
    server: Server, ids: dict[str, str]
) -> None:
    rival = server.person("cbadmin@rival.example")
    for name in WITH_ROW:
        if name.startswith("POST"):
            path = address_of(name, ids[MATRIX[name].needs])
            answer = rival.post(path, {"password": PASSWORD})
            assert answer.status_code in (200, 303, 400, 403, 404), name
            assert "Acme" not in answer.text, name


def test_nothing_opens_without_signing_in(server: Server, ids: dict[str, str]) -> None:
    client = server.client()
    for name, entry in MATRIX.items():
        if entry.who == OPEN:
            continue
        verb = name.partition(" ")[0]
        path = address_of(name, ids.get(entry.needs, "0" * 64))
        answer = client.request(verb, path, headers={"origin": URL, "upload-offset": "0"})
        if entry.who == SIGNED_IN and verb == "GET":
            assert answer.headers["location"].startswith("/sign-in?next="), name
        elif answer.status_code == 400:
            assert entry.who == BEARER, name
        else:
            assert answer.status_code == 401, f"{name}: {answer.status_code}"


def test_a_rivals_lists_hold_nothing_of_ours(server: Server, ids: dict[str, str]) -> None:
    rival = server.person("cbadmin@rival.example")
    for path in ("/audits", "/certificates", "/devices", "/standards", "/audits/new", "/set-aside"):
        page = rival.get(path)
        for word in ("Acme", "Otieno", "DC-2026-900", ids["device_id"], ids["audit_id"]):
            assert word not in page, f"{word} in {path}"
    assert "Borg Shipping" in rival.get("/audits")


def test_the_operator_sees_names_of_bodies_and_no_work(server: Server) -> None:
    operator = server.person("platform@intact.example")
    page = operator.get("/tenants")
    assert "Demo Certification" in page
    assert "Rival Registrars" in page
    for path in ("/audits", "/certificates", "/devices", "/standards"):
        assert "sees no tenant" in operator.get(path, 403) or path == "/standards"
    for email in ("cbadmin@demo.example", "lead@demo.example", "client@demo.example"):
        server.person(email).get("/tenants", 403)


ROLES = {
    "GET /audits/new": {"cbadmin"},
    "GET /standards": {"cbadmin"},
    "GET /competences": {"cbadmin"},
    "GET /devices": {"cbadmin", "lead", "auditor", "reviewer"},
    "GET /conflicts": {"cbadmin", "lead", "auditor", "reviewer"},
    "GET /audits/{audit_id}/conflicts": {"cbadmin", "lead", "auditor", "reviewer"},
    "GET /audits/{audit_id}/decision": {"cbadmin", "lead", "auditor", "reviewer"},
    "GET /evidence/{evidence_id}": {"cbadmin", "lead", "auditor", "reviewer"},
    "GET /findings/{finding_id}": {"cbadmin", "lead", "auditor", "reviewer"},
    "GET /reports/{report_id}/pdf": {"cbadmin", "lead", "auditor", "reviewer"},
    "GET /audits/{audit_id}": {"cbadmin", "lead", "auditor", "reviewer", "client"},
    "GET /certificates/{certificate_id}": {"cbadmin", "lead", "auditor", "reviewer", "client"},
}


def test_inside_a_tenant_roles_see_what_is_theirs(server: Server, ids: dict[str, str]) -> None:
    for person in ("cbadmin", "lead", "auditor", "reviewer", "client"):
        browser = server.person(f"{person}@demo.example")
        for name, allowed in ROLES.items():
            answer = ask(browser, name, address_of(name, ids.get(MATRIX[name].needs, "")))
            expected = (200,) if person in allowed else (403, 404)
            assert answer.status_code in expected, f"{person} {name}: {answer.status_code}"


def test_a_session_that_enters_a_tenant_reaches_no_other(server: Server) -> None:
    ours, rivals = map(server.tenant_of, ("cbadmin@demo.example", "cbadmin@rival.example"))
    living = select(Tenant.tenant_id)
    with server.database.read(None) as session:
        assert session.scalars(living).all() == []
        for one in (ours, rivals):
            server.database.enter(session, one)
            assert session.scalars(living).all() == [one]
