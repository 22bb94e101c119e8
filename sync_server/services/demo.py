"""A demo: two rival bodies, their people, a client with a finished Stage 1 and a Stage 2 to do."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.interchange.template_file import shipped_template
from intact_core.records.audits import AuditAttendance, AuditDocumentation, AuditSchedule
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.people import AuditorCompetency, User
from sync_server.auth.keys import TenantKeys
from sync_server.auth.passwords import Passwords
from sync_server.database.engine import Database
from sync_server.services.audits import Member, Plan, record_step, schedule
from sync_server.services.clients import (
    ClientData,
    ContactData,
    SiteData,
    add_contact,
    create_client,
)
from sync_server.services.standards import add_accreditation, load_standard
from sync_server.services.tenants import TenantData, create_tenant
from sync_server.services.users import NewUser, create_operator, create_user
from sync_server.tables.accounts import Setting

PASSWORD = "Demo-Pass-2026!"  # noqa: S105  the documented password of a demo
_LOADED = "demo"
_STAFF = (
    NewUser("cbadmin@demo.example", "Ruth", "Wanjiru", ("admin", "cb_admin"), "Scheme manager"),
    NewUser("lead@demo.example", "Daniel", "Otieno", ("lead_auditor", "auditor"), "Lead auditor"),
    NewUser("auditor@demo.example", "Amina", "Hassan", ("auditor",), "Auditor"),
    NewUser("reviewer@demo.example", "Peter", "Mwangi", ("reviewer",), "Technical reviewer"),
)
_LEVELS = {"cbadmin": "decider", "lead": "lead", "auditor": "auditor", "reviewer": "decider"}
SCOPE = "Design and manufacture of machined metal parts for pumps and valves"


@dataclass(frozen=True)
class DemoTools:
    """What loading the demo needs of the server."""

    database: Database
    keys: TenantKeys
    passwords: Passwords


def load_demo(tools: DemoTools) -> bool:
    """Load the demo's tenants, people and audits once; False when they are here already."""
    with tools.database.read(None) as session:
        if session.get(Setting, _LOADED) is not None:
            return False
    hashed = tools.passwords.hash(PASSWORD)
    demo, rival = ids.new_id(), ids.new_id()
    with tools.database.write(demo) as session:
        _demo_tenant(session, tools.keys, demo, hashed)
    with tools.database.write(rival) as session:
        _rival_tenant(session, tools.keys, rival, hashed)
    with tools.database.write(None) as session:
        create_operator(session, "platform@intact.example", hashed)
        session.add(Setting(key=_LOADED, value={"tenants": [str(demo), str(rival)]}))
    return True


def _demo_tenant(session: Session, keys: TenantKeys, tenant_id: UUID, hashed: str) -> None:
    data = TenantData(
        name="Demo Certification",
        legal_name="Demo Certification Ltd",
        address="12 Riverside Drive, Nairobi, Kenya",
        country="Kenya",
    )
    create_tenant(session, keys, tenant_id, data)
    people = {
        person.email.partition("@")[0]: create_user(session, person, hashed) for person in _STAFF
    }
    accreditation = add_accreditation(
        session, "Example Accreditation Service", "EAS-QMS-014", "ISO 9001"
    )
    template = load_standard(session, shipped_template(), "Intact demo", accreditation.id)
    for name, level in _LEVELS.items():
        session.add(_competency(people[name], template.standard_id, level))
    client_id = _acme(session, hashed)
    stage1 = schedule(session, tenant_id, _plan(client_id, template.id, "stage1", people))
    _finish_stage1(session, stage1)
    schedule(session, tenant_id, _plan(client_id, template.id, "stage2", people, stage1.id))


def _competency(person: User, standard_id: UUID, level: str) -> AuditorCompetency:
    return AuditorCompetency(
        user_id=person.id,
        standard_id=standard_id,
        competency_level=level,
        assessment_date=clock.now() - timedelta(days=200),
        expiry_date=clock.now() + timedelta(days=530),
    )


def _acme(session: Session, hashed: str) -> UUID:
    sites = (
        SiteData("Head office and works", "Mombasa Road 88", "Nairobi", "Kenya", True),
        SiteData("Foundry", "Industrial Area, Plot 7", "Thika", "Kenya"),
    )
    acme = create_client(session, ClientData("ACME", "Acme Ltd", "Metal products", 148, sites))
    person = NewUser(
        "client@demo.example", "Grace", "Njeri", ("client_user",), "Quality manager", acme.id
    )
    user = create_user(session, person, hashed)
    contact = ContactData("Grace", "Njeri", "Quality manager", "client@demo.example", True, user.id)
    add_contact(session, acme.id, contact)
    director = ContactData("Samuel", "Kiprop", "Managing director", "samuel.kiprop@acme.example")
    add_contact(session, acme.id, director)
    return acme.id


def _plan(
    client_id: UUID,
    template_id: UUID,
    stage: str,
    people: dict[str, User],
    stage1_audit_id: UUID | None = None,
) -> Plan:
    start = clock.today() - timedelta(days=28 if stage == "stage1" else 0)
    team = [Member(people["lead"].id, "lead_auditor", is_lead=True)]
    if stage == "stage2":
        team.append(Member(people["auditor"].id, "auditor"))
    return Plan(
        client_id=client_id,
        template_id=template_id,
        audit_type="initial",
        audit_stage=stage,
        team=team,
        start=start,
        end=start + timedelta(days=0 if stage == "stage1" else 2),
        scope=SCOPE,
        objectives="Conformity with ISO 9001:2015; ability to meet legal and customer demands; "
        "effectiveness of the management system",
        stage1_audit_id=stage1_audit_id,
        contract_number="C-2026-014",
    )


def _finish_stage1(session: Session, audit: AuditSchedule) -> None:
    for row in session.query(AuditDocumentation).filter_by(audit_schedule_id=audit.id):
        row.has_org_changes = False
        row.plan_reviewed = row.plan_adequate = row.team_qualified = row.plan_approved = True
        row.summary_completed = row.audit_objectives_met = True
        row.key_findings_summary = (
            "The documented system is in place and the site is ready. Area of concern: the "
            "foundry's calibration register was not complete on the day."
        )
        row.system_effectiveness = "Internal audits and management review have been carried out."
    for said in session.query(AuditRecommendation).filter_by(audit_schedule_id=audit.id):
        said.recommendation = "certify"
        said.justification = "Stage 2 can go ahead as planned."
        said.stage_2_date = clock.today()
    session.add(
        AuditAttendance(
            audit_schedule_id=audit.id,
            name="Grace Njeri",
            role="Quality manager",
            opening=True,
            closing=True,
        )
    )
    audit.actual_start_date, audit.actual_end_date = (
        audit.scheduled_start_date,
        audit.scheduled_end_date,
    )
    session.flush()
    record_step(session, audit, "status", "in_progress", None, None)
    record_step(session, audit, "status", "completed", None, None)
    for to in ("client_review", "submitted_to_cb"):
        record_step(session, audit, "workflow", to, None, None)


def _rival_tenant(session: Session, keys: TenantKeys, tenant_id: UUID, hashed: str) -> None:
    create_tenant(session, keys, tenant_id, TenantData("Rival Registrars", "Rival Registrars Ltd"))
    admin = NewUser("cbadmin@rival.example", "Lars", "Berg", ("admin", "cb_admin"), "Manager")
    person = create_user(session, admin, hashed)
    site = SiteData("Works", "Harbour Street 3", "Tema", "Ghana", True)
    client = create_client(
        session, ClientData("BORG", "Borg Shipping Ltd", "Shipping", 90, (site,))
    )
    template = load_standard(session, shipped_template(), "Intact demo")
    people = {"lead": person}
    schedule(session, tenant_id, _plan(client.id, template.id, "stage1", people))
