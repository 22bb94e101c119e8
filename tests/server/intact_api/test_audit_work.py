"""Audits through the API: planned, with a team, started, completed, cancelled, removed."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from intact_core import clock, ids
from intact_core.records.audits import AuditDocumentation, AuditSchedule, AuditStatusHistory
from intact_core.records.checklist import AuditChecklist
from intact_core.records.contracts import Application, Contract, Quotation
from intact_core.records.people import AuditorCompetency
from intact_core.records.standards import ChecklistTemplate, TemplateQuestion
from intact_core.records.training import DeclaredInterest
from tests.server.conftest import Server
from tests.server.intact_api.deciding import LEAD, account_of, demo, demo_standard
from tests.server.intact_api.samples_audits import ITEM, SCHEDULE
from tests.server.intact_api.stories import (
    AUDITOR,
    CLIENT,
    OFFICE,
    REVIEWER,
    acme,
    api,
    assign,
    at_once,
    new_audit,
    ok,
    refused,
)

NOWHERE = "01a1fdba-7aff-7076-b295-4f34fe2d442c"


def contract_of(server: Server, client_id: str) -> str:
    """A contract that stands on an application for the demo's standard."""
    standard = UUID(demo_standard(server.app))
    with demo(server.app) as session:
        application = Application(
            id=ids.new_id(),
            client_id=UUID(client_id),
            application_number="APP-T",
            standard_id=standard,
            scope_description="Machined parts",
        )
        quotation = Quotation(
            id=ids.new_id(),
            application_id=application.id,
            quotation_number="Q-T",
            total_amount=1,
        )
        contract = Contract(
            id=ids.new_id(),
            client_id=UUID(client_id),
            quotation_id=quotation.id,
            contract_number="CT-T",
            start_date=date(2025, 1, 1),
            end_date=date(2028, 1, 1),
        )
        for row in (application, quotation, contract):
            session.add(row)
            session.flush()
        return str(contract.id)


def test_an_audit_follows_from_its_contract(server: Server) -> None:
    office = server.bearer(OFFICE)
    client = acme(office)
    contract = contract_of(server, client)
    site = ok(office.get(api(f"clients/{client}/sites")))[0]["id"]
    body = SCHEDULE | {"client_id": client, "site_id": site, "contract_id": contract}
    answer = office.post(api("audit-schedules"), json=body)
    audit = ok(answer, 201)
    assert audit | body == audit
    assert audit["audit_number"].startswith("AUD-")
    assert (audit["scope"], audit["workflow_status"]) == ("Machined parts", "draft")
    assert audit["standard_id"] == demo_standard(server.app)
    listed = ok(office.get(api(f"audit-schedules?client_id={client}&risk_level=medium")))
    assert [(row["id"], row["contract_id"]) for row in listed] == [(audit["id"], contract)]
    with server.database.read(server.tenant_of(OFFICE)) as session:
        query = session.query(AuditDocumentation).filter_by(audit_schedule_id=UUID(audit["id"]))
        assert query.count() == 1, "a laptop finds its forms"

    other = ok(office.post(api("clients"), json={"legal_name": "Other"}), 201)["id"]
    for wrong, why in (
        ({"client_id": other}, "no such contract"),
        ({"client_id": other, "contract_id": None}, "say which standard"),
        ({"contract_id": NOWHERE}, "no such contract"),
        ({"site_id": NOWHERE}, "site_id"),
        ({"standard_id": NOWHERE}, "standard_id"),
        ({"template_id": NOWHERE}, "template_id"),
        ({"scheduled_end_date": "2025-07-01"}, "ends before it starts"),
        ({"status": "completed"}, "status"),
        ({"stage1_audit_id": audit["id"]}, "only a Stage 2"),
    ):
        refused(office.post(api("audit-schedules"), json=body | wrong), 400, why)
    theirs = {"client_id": other, "contract_id": None, "standard_id": audit["standard_id"]}
    refused(office.post(api("audit-schedules"), json=body | theirs), 400, "another client's")


def test_a_template_brings_its_questions_and_stage_2_its_stage_1(server: Server) -> None:
    office = server.bearer(OFFICE)
    with server.database.read(server.tenant_of(OFFICE)) as session:
        template = session.query(ChecklistTemplate).one()
        count = session.query(TemplateQuestion).count()
        first = session.query(AuditSchedule).filter_by(audit_stage="stage1").one()
    more = {"audit_stage": "stage2", "template_id": str(template.id), "standard_id": None}
    audit = ok(office.get(api(f"audit-schedules/{new_audit(office, acme(office), **more)}")))
    assert (audit["stage1_audit_id"], audit["scope"]) == (str(first.id), first.scope)
    assert audit["total_audit_days"] == 3
    found = office.get(api(f"audit-checklists?audit_schedule_id={audit['id']}&limit=1")).json()
    assert found["pagination"]["total"] == count > 0


def test_from_the_plan_to_the_end(server: Server) -> None:
    office, lead = server.bearer(OFFICE), server.bearer(LEAD)
    audit = new_audit(office, acme(office))
    path = api(f"audit-schedules/{audit}")
    refused(office.post(f"{path}/start"), 409, "no lead auditor", "9.2.2")
    ok(assign(office, audit), 201)
    moved = {"scheduled_start_date": "2025-07-22", "scheduled_end_date": "2025-07-24"}
    assert ok(lead.put(path, json=moved)) | moved == ok(lead.get(path))
    refused(lead.put(path, json={"scheduled_end_date": "2025-07-21"}), 400, "ends before")
    refused(lead.put(path, json={"client_id": audit}), 400, "client_id")

    refused(lead.post(f"{path}/complete", json={"audit_report": "Too early"}), 409, "scheduled")
    begun = lead.post(f"{path}/start")
    today = str(clock.today())
    assert begun.json()["message"] == "Audit started"
    assert ok(begun) | {"status": "in_progress", "actual_start_date": today} == ok(lead.get(path))
    refused(lead.post(f"{path}/start"), 409, "transition")
    refused(office.delete(path), 409, "Cancel it instead")
    refused(lead.put(path, json=moved), 409, "has started")
    ended = lead.post(f"{path}/complete", json={"audit_report": "Summary of audit findings"})
    assert ok(ended)["audit_report"] == "Summary of audit findings"
    assert ok(ended)["actual_end_date"] == today
    refused(lead.post(f"{path}/complete", json={}), 409)
    refused(office.post(f"{path}/cancel", json={"cancellation_reason": "x"}), 409)
    refused(lead.put(path, json={"risk_level": "low"}), 409, "over")
    with server.database.read(server.tenant_of(OFFICE)) as session:
        steps = session.query(AuditStatusHistory).filter_by(audit_schedule_id=UUID(audit))
        assert [one.to_status for one in steps.order_by(AuditStatusHistory.id)] == [
            "in_progress",
            "completed",
        ]


def test_an_audit_is_cancelled_with_a_reason_and_removed_while_nothing_happened(
    server: Server,
) -> None:
    office, lead = server.bearer(OFFICE), server.bearer(LEAD)
    audit = new_audit(office, acme(office))
    ok(assign(office, audit), 201)
    path = api(f"audit-schedules/{audit}")
    why = {"cancellation_reason": "Client requested postponement"}
    refused(office.post(f"{path}/cancel", json={"cancellation_reason": " "}), 400)
    refused(lead.post(f"{path}/cancel", json=why), 403)
    ended = ok(office.post(f"{path}/cancel", json=why))
    assert (ended["status"], ended["cancellation_reason"]) == ("cancelled", *why.values())
    refused(office.post(f"{path}/start"), 409)
    refused(assign(office, audit, AUDITOR, role="auditor"), 409, "over")
    refused(office.delete(path), 409)

    other = new_audit(office, acme(office))
    ok(assign(office, other), 201)
    item = ITEM | {"audit_schedule_id": other}
    item = ok(office.post(api("audit-checklists"), json=item), 201)["id"]
    ok(office.delete(api(f"audit-schedules/{other}")))
    for gone in (f"audit-schedules/{other}", f"audit-checklists/{item}"):
        refused(office.get(api(gone)), 404)
    assert ok(office.get(api(f"audit-teams?audit_schedule_id={other}"))) == []
    with server.database.read(server.tenant_of(OFFICE)) as session:
        assert session.query(AuditChecklist).filter_by(id=UUID(item)).one().deleted_reason


def test_a_team_is_competent_and_impartial(server: Server) -> None:
    office = server.bearer(OFFICE)
    audit = new_audit(office, acme(office))
    refused(assign(office, audit, AUDITOR), 409, "as lead auditor", "not recorded", "7.1")
    refused(assign(office, audit, REVIEWER, role="auditor"), 409, "competence", "7.1")
    refused(assign(office, audit, CLIENT, role="observer"), 409, "staff", "9.2.2")
    refused(assign(office, audit, REVIEWER, role="trainee"), 409, "under an auditor", "9.2.2")
    refused(assign(office, audit, role="auditor", is_lead=True), 400, "disagree")
    refused(assign(office, NOWHERE), 400, "audit_schedule_id")
    ok(assign(office, audit), 201)
    refused(assign(office, audit), 409, "on the team already")
    trainee = ok(assign(office, audit, REVIEWER, role="trainee"), 201)
    assert (trainee["letter"], trainee["is_lead"]) == ("B", False)

    person = account_of(server.app, AUDITOR).user_id
    today = clock.today()
    for ended, barred in (
        (None, True),
        (today - timedelta(days=400), True),
        (today - timedelta(days=800), False),
    ):
        with demo(server.app) as session:
            for old in session.query(DeclaredInterest).all():
                old.deleted_at, old.deleted_reason = clock.now(), "test"
            session.add(
                DeclaredInterest(
                    user_id=person,
                    client_id=UUID(acme(office)),
                    kind="consultancy",
                    ended_on=ended,
                )
            )
        answer = assign(office, audit, AUDITOR, role="auditor")
        if barred:
            refused(answer, 409, "consultancy", "ISO/IEC 17021-1:2015, 5.2")
        else:
            ok(answer, 201)
    with demo(server.app) as session:
        for one in session.query(AuditorCompetency).filter_by(user_id=person):
            one.expiry_date = datetime.combine(today + timedelta(days=1), datetime.min.time(), UTC)
    refused(
        assign(office, new_audit(office, acme(office)), AUDITOR, role="auditor"),
        409,
        "ends before",
        "7.1",
    )


def test_one_lead_at_a_time(server: Server) -> None:
    office = server.bearer(OFFICE)
    audit = new_audit(office, acme(office))
    with demo(server.app) as session:
        session.add(
            AuditorCompetency(
                user_id=account_of(server.app, AUDITOR).user_id,
                standard_id=UUID(demo_standard(server.app)),
                competency_level="lead",
            )
        )
    first = ok(assign(office, audit), 201)["id"]
    refused(assign(office, audit, AUDITOR), 409, "has a lead auditor", "9.2.2")
    second = ok(assign(office, audit, AUDITOR, role="auditor"), 201)["id"]
    taken = ok(office.put(api(f"audit-teams/{second}"), json={"is_lead": True}))
    assert (taken["role"], taken["is_lead"]) == ("lead_auditor", True)
    left = ok(office.get(api(f"audit-teams/{first}")))
    assert (left["role"], left["is_lead"]) == ("auditor", False)
    ok(office.post(api(f"audit-schedules/{audit}/start")))
    away = {"role": "auditor", "is_lead": False}
    refused(office.put(api(f"audit-teams/{second}"), json=away), 409, "needs its lead")
    refused(office.delete(api(f"audit-teams/{second}")), 409, "needs its lead")
    ok(office.delete(api(f"audit-teams/{first}")))
    refused(office.get(api(f"audit-teams/{first}")), 404)


def test_an_objection_blocks_the_start_until_it_is_resolved(server: Server) -> None:
    office, lead = server.bearer(OFFICE), server.bearer(LEAD)
    audit = new_audit(office, acme(office))
    member = ok(assign(office, audit), 201)
    start = api(f"audit-schedules/{audit}/start")
    said = {"audit_schedule_id": audit, "user_id": member["user_id"], "reason": "A relative."}
    refused(lead.post(api("team-objections"), json=said), 403)
    made = ok(office.post(api("team-objections"), json=said), 201)
    assert made | said == made
    refused(lead.post(start), 409, "The client objects", "9.2.3")
    path = api(f"team-objections/{made['id']}")
    assert ok(lead.get(path))["resolved_at"] is None
    how = {"resolution": "They are no relatives; the client agreed."}
    refused(lead.post(f"{path}/resolve", json=how), 403)
    assert ok(office.post(f"{path}/resolve", json=how)) | how == ok(office.get(path))
    refused(office.post(f"{path}/resolve", json=how), 409, "already")
    ok(lead.post(start))
    refused(office.post(api("team-objections"), json=said), 409, "has started")


def test_people_see_the_audits_of_their_teams(server: Server) -> None:
    office = server.bearer(OFFICE)
    audit = new_audit(office, acme(office))
    member = ok(assign(office, audit), 201)["id"]
    auditor, client = server.bearer(AUDITOR), server.bearer(CLIENT)
    for path in (f"audit-schedules/{audit}", f"audit-teams/{member}"):
        refused(auditor.get(api(path)), 404)
        ok(server.bearer(LEAD).get(api(path)))
        ok(server.bearer(REVIEWER).get(api(path)))
    item = ITEM | {"audit_schedule_id": audit}
    refused(auditor.post(api("audit-checklists"), json=item), 400, "no such audit")
    assert audit in [row["id"] for row in ok(client.get(api("audit-schedules")))]
    refused(client.get(api("audit-teams")), 403)
    assert audit not in auditor.get(api("audit-schedules")).text


def test_two_start_one_audit(server: Server) -> None:
    office = server.bearer(OFFICE)
    audit = new_audit(office, acme(office))
    ok(assign(office, audit), 201)
    start = api(f"audit-schedules/{audit}/start")
    assert at_once(server, lambda client: client.post(start)) == [200, 409]
    with server.database.read(server.tenant_of(OFFICE)) as session:
        steps = session.query(AuditStatusHistory).filter_by(audit_schedule_id=UUID(audit))
        assert steps.count() == 1
    other = new_audit(office, acme(office))
    assert at_once(server, lambda client: assign(client, other)) == [201, 409]
