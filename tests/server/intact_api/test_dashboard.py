"""The dashboard and the reports of the Intact API, over rows whose sums are known."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.certificates import Certificate
from intact_core.records.findings import NonConformity
from intact_core.records.people import User
from sync_server.tables.ledger import AuditLog
from tests.server.conftest import Server
from tests.server.intact_api.samples_business import create, send
from tests.server.intact_api.test_business import SOON, TODAY, YESTERDAY, refused
from tests.server.intact_api.test_finance import invoice, payment

OFFICE = "cbadmin@demo.example"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def day(days: int) -> Any:
    return clock.today() + timedelta(days=days)


def fill(server: Server, office: TestClient) -> dict[str, str]:
    """Beside the demo's two audits: certificates, audits and findings at the edges of figures."""
    evil = {"legal_name": "=HYPERLINK(1)", "currency": "KES"}
    made = {"evil": create(office, "clients", evil), "plain": create(office, "clients", PLAIN)}
    tenant = server.tenant_of(OFFICE)
    with server.database.write(tenant) as session:
        stage2 = select(AuditSchedule).where(AuditSchedule.audit_stage == "stage2")
        audit = session.scalars(stage2).one()
        _certificates(session, audit)
        _audits(session, audit)
        _findings(session, audit)
    return made


PLAIN = {"legal_name": "Plain Ltd", "currency": "KES"}


def _certificates(session: Session, audit: AuditSchedule) -> None:
    ends = [(0, "active"), (90, "active"), (91, "active"), (-1, "active"), (30, "suspended")]
    for place, (days, status) in enumerate([*ends, (400, "withdrawn")]):
        session.add(
            Certificate(
                id=ids.new_id(),
                certificate_number=f"DC-{place}",
                client_id=audit.client_id,
                standard_id=audit.standard_id,
                scope="Pumps",
                status=status,
                issue_date=day(-1000),
                expiry_date=day(days),
                certification_body="Demo",
                revision=1,
            )
        )


def _audits(session: Session, audit: AuditSchedule) -> None:
    lead = session.scalars(select(User).where(User.email == "lead@demo.example")).one()
    plans = [(1, "scheduled"), (30, "scheduled"), (31, "scheduled"), (2, "cancelled")]
    rows = [
        AuditSchedule(
            id=ids.new_id(),
            audit_number=f"AUD-X-{place}",
            client_id=audit.client_id,
            standard_id=audit.standard_id,
            audit_type="surveillance",
            scheduled_start_date=day(days),
            scheduled_end_date=day(days),
            total_audit_days=2,
            status=status,
            workflow_status="draft",
        )
        for place, (days, status) in enumerate(plans)
    ]
    session.add_all(rows)
    session.flush()
    # The first of them is another auditor's alone.
    for row in rows[1:]:
        member = {"user_id": lead.id, "role": "lead_auditor", "is_lead": True, "letter": "A"}
        session.add(AuditTeam(id=ids.new_id(), audit_schedule_id=row.id, **member))


def _findings(session: Session, audit: AuditSchedule) -> None:
    graded = [("major", "open", -1), ("minor", "responded", 5), ("minor", "closed", 0)]
    for place, (severity, status, due) in enumerate(
        [*graded, ("minor", "void", 0), ("observation", "open", 0)]
    ):
        session.add(
            NonConformity(
                id=ids.new_id(),
                audit_schedule_id=audit.id,
                nc_number=f"NC-{place}",
                severity=severity,
                clause="8.5.1",
                description="-1 is not a number of pumps",
                due_date=day(due),
                status=status,
                void_reason="Seen twice" if status == "void" else None,
                cause="Worn gauge",
                correction="Gauge replaced",
                corrective_action="Gauges are checked",
                verification_notes="Records of the checks seen",
                verified_by=audit.client_id,
                verified_at=clock.now(),
                closed_at=clock.now() + timedelta(hours=36) if status == "closed" else None,
            )
        )


@pytest.fixture
def office(server: Server) -> TestClient:
    return server.bearer(OFFICE)


def test_the_figures_of_the_day(server: Server, office: TestClient) -> None:
    made = fill(server, office)
    invoice(office, made["plain"], amount=100, issue_date="2025-01-01", due_date=YESTERDAY)
    bill = invoice(office, made["plain"], amount=50, tax_amount=8)
    create(office, "payments", payment(bill, 20))
    send(office, "POST", f"invoices/{invoice(office, made['plain'], amount=7)}/mark-paid")
    dollars = invoice(office, made["evil"], amount=9, currency="USD")
    reason = {"cancellation_reason": "Issued in error"}
    void = invoice(office, made["evil"], amount=5)
    send(office, "POST", f"invoices/{void}/cancel", reason)
    found = send(office, "GET", "dashboard/stats")
    # The demo's own stage 2 audit begins today.
    assert found == {
        "total_clients": 3,
        "active_certificates": 3,
        "upcoming_audits": 3,
        "open_non_conformities": 2,
        "expiring_certificates": 2,
        "outstanding_invoices": 138,
        "outstanding_currency": "KES",
        "outstanding_by_currency": [
            {"currency": "KES", "amount": 138, "invoices": 2},
            {"currency": "USD", "amount": 9, "invoices": 1},
        ],
    }
    send(office, "POST", f"invoices/{dollars}/mark-paid")
    assert len(send(office, "GET", "dashboard/stats")["outstanding_by_currency"]) == 1
    lead = send(server.bearer("lead@demo.example"), "GET", "dashboard/stats")
    assert (lead["upcoming_audits"], lead["outstanding_invoices"]) == (2, None)
    assert send(server.bearer("cbadmin@rival.example"), "GET", "dashboard/stats") == {
        **dict.fromkeys(found, 0),
        "total_clients": 1,
        "outstanding_currency": None,
        "outstanding_by_currency": [],
    }
    refused(server.bearer("client@demo.example"), "GET", "dashboard/stats", status=403)


def test_what_comes_next_and_what_was_done(server: Server, office: TestClient) -> None:
    fill(server, office)
    audits = send(office, "GET", "dashboard/upcoming-audits")
    assert [one["days_until"] for one in audits] == [0, 1, 30, 31]
    assert (
        audits[2].items()
        >= {
            "audit_number": "AUD-X-1",
            "client_name": "Acme Ltd",
            "standard": "ISO 9001:2015",
            "lead_auditor": "Daniel Otieno",
        }.items()
    )
    assert audits[1]["lead_auditor"] is None
    lead = server.bearer("lead@demo.example")
    assert len(send(lead, "GET", "dashboard/upcoming-audits")) == 3
    paged = office.get("/api/v1/dashboard/upcoming-audits?limit=1&page=2").json()
    assert [one["days_until"] for one in paged["data"]] == [1]
    assert paged["pagination"]["total"] == 4
    ending = send(office, "GET", "dashboard/expiring-certificates")
    assert [one["days_until_expiry"] for one in ending] == [0, 90]
    path = "dashboard/expiring-certificates?days"
    assert [len(send(office, "GET", f"{path}={days}")) for days in (0, 89, 91)] == [1, 1, 3]
    refused(office, "GET", f"{path}=-1", status=400)
    done = send(office, "GET", "dashboard/recent-activities?limit=3")
    assert len(done) == 3
    assert len(send(office, "GET", "dashboard/recent-activities")) == 10
    refused(office, "GET", "dashboard/recent-activities?limit=51", status=400)
    create(office, "clients", {"legal_name": "Newest Ltd"})
    newest = send(office, "GET", "dashboard/recent-activities")[0]
    assert newest["description"] == "Ruth Wanjiru made: clients"
    own = send(lead, "GET", "dashboard/recent-activities?limit=50")
    assert all(one["user_name"] == "Daniel Otieno" for one in own)


def test_the_audit_summary_of_a_year(server: Server, office: TestClient) -> None:
    fill(server, office)
    found = send(office, "GET", f"reports/audit-summary?year={day(1).year}")
    figures = found["figures"]
    assert found["rows_total"] == figures["total_audits"] == len(found["rows"])
    assert figures["non_conformities"] == 3
    assert figures["cancelled"] == 1
    by_month = found["tables"]["by_month"]
    assert sum(row["scheduled"] for row in by_month) == figures["scheduled"]
    leads = {row["lead_auditor"]: row["audits"] for row in found["tables"]["by_lead_auditor"]}
    assert leads.keys() == {"Daniel Otieno"}
    first = next(row for row in found["rows"] if row["major"])
    assert (first["client"], first["major"], first["minor"]) == ("Acme Ltd", 1, 2)
    assert send(office, "GET", "reports/audit-summary?year=1999")["rows_total"] == 0
    lead = server.bearer("lead@demo.example")
    seen = send(lead, "GET", f"reports/audit-summary?year={day(1).year}")["rows"]
    assert {row["audit_number"] for row in seen}.isdisjoint({"AUD-X-0"})


def test_certificates_by_when_they_end(server: Server, office: TestClient) -> None:
    fill(server, office)
    found = send(office, "GET", "reports/certificate-expiry")
    assert found["figures"] == {
        "valid": 3,
        "suspended": 1,
        "ending_within_90_days": 2,
        "ending_within_30_days": 2,
        "expired": 1,
    }
    windows = {row["window"]: row["certificates"] for row in found["tables"]["by_window"]}
    assert windows == {
        "expired": 1,
        "within_30_days": 2,
        "within_60_days": 0,
        "within_90_days": 1,
        "within_180_days": 1,
        "within_365_days": 0,
        "later": 0,
    }
    assert [row["days_left"] for row in found["rows"]] == [-1, 0, 30, 90, 91]
    assert (
        found["rows"][0].items()
        >= {
            "status": "expired",
            "contact": "Grace Njeri",
            "contact_email": "client@demo.example",
        }.items()
    )


def test_money_is_summed_by_currency(server: Server, office: TestClient) -> None:
    made = fill(server, office)
    year = TODAY.year
    first = f"{year}-01-01"
    late = invoice(
        office, made["evil"], amount=100, tax_amount=16, issue_date=first, due_date=first
    )
    create(office, "payments", payment(late, 40.55))
    invoice(office, made["plain"], amount=10.1, issue_date=first, due_date=SOON, currency="USD")
    void = invoice(office, made["plain"], amount=5, issue_date=first)
    send(office, "POST", f"invoices/{void}/cancel", {"cancellation_reason": "Issued in error"})
    invoice(office, made["plain"], amount=1, issue_date=f"{year - 1}-12-31", due_date=SOON)
    found = send(office, "GET", "reports/financial")
    assert found["figures"] == {
        "invoices": 2,
        "cancelled_invoices": 1,
        "overpaid_invoices": 0,
        "payments": 1,
    }
    kes, usd = found["tables"]["totals"]
    assert kes == {
        "currency": "KES",
        "net": 100,
        "tax": 16,
        "invoiced": 116,
        "received": 40.55,
        "outstanding_today": 76.45,
        "overdue_today": 75.45,
    }
    assert (usd["invoiced"], usd["received"], usd["overdue_today"]) == (10.1, 0, 0)
    assert found["tables"]["receivables"][0] == {
        "currency": "KES",
        "age": "not due",
        "invoices": 1,
        "outstanding": 1,
    }
    january = found["tables"]["by_month"][0]
    assert january["invoiced"] == 116
    assert [row["outstanding"] for row in found["rows"]] == [75.45, 10.1, 0]
    earlier = send(office, "GET", f"reports/financial?year={year - 1}")
    assert earlier["tables"]["totals"][0]["invoiced"] == 1
    auditor = server.bearer("auditor@demo.example")
    assert "invoice:read" in refused(auditor, "GET", "reports/financial", status=403)


def test_open_findings_and_how_long_closing_takes(server: Server, office: TestClient) -> None:
    fill(server, office)
    found = send(office, "GET", "reports/non-conformities")
    assert found["figures"] == {
        "total": 3,
        "open": 2,
        "open_major": 1,
        "open_minor": 1,
        "overdue": 1,
        "closed_within_a_year": 1,
        "average_days_to_close": 1.5,
    }
    assert [(row["nc_number"], row["overdue"]) for row in found["rows"]] == [
        ("NC-0", "yes"),
        ("NC-1", "no"),
    ]
    assert found["tables"]["most_frequent_clauses"] == [
        {"standard": "ISO 9001:2015", "clause": "8.5.1", "findings": 3}
    ]


def test_exports_hold_everything_and_no_formula(server: Server, office: TestClient) -> None:
    made = fill(server, office)
    invoice(office, made["evil"], amount=10, issue_date=str(TODAY), due_date=SOON)
    for name in ("audit-summary", "certificate-expiry", "financial", "non-conformities"):
        path = f"/api/v1/reports/{name}"
        shown = office.get(path).json()["data"]
        plain = office.get(f"{path}?format=csv")
        assert plain.headers["content-type"] == "text/csv; charset=utf-8"
        assert f'filename="{name}-' in plain.headers["content-disposition"]
        rows = list(csv.DictReader(io.StringIO(plain.content.decode("utf-8-sig"))))
        assert len(rows) == shown["rows_total"] > 0
        assert list(rows[0]) == list(shown["rows"][0])
        whole = office.get(path, headers={"accept": f"{XLSX}, */*"})
        assert whole.headers["content-type"] == XLSX
        book = load_workbook(io.BytesIO(whole.content))
        assert book.sheetnames[:-1] == ["summary", *shown["tables"]]
        cells = [cell for sheet in book for line in sheet.iter_rows() for cell in line]
        assert not [cell for cell in cells if cell.data_type == "f"]
        assert book.worksheets[-1].max_row == shown["rows_total"] + 1
    money = office.get("/api/v1/reports/financial?format=csv").text
    assert "'=HYPERLINK(1)" in money
    findings = office.get("/api/v1/reports/non-conformities?format=csv").text
    assert "'-1 is not" in findings
    assert office.get("/api/v1/reports/financial?format=pdf").status_code == 400
    auditor = server.bearer("auditor@demo.example")
    path = "reports/non-conformities"
    assert send(auditor, "GET", path)["report"] == "non-conformities"
    assert "report:export" in refused(auditor, "GET", f"{path}?format=csv", status=403)
    with server.database.read(server.tenant_of(OFFICE)) as session:
        noted = session.scalars(select(AuditLog.new_values).where(AuditLog.action == "EXPORT"))
        assert sum('"format":"xlsx"' in one for one in noted) == 4
