"""Work for fifty audits on the demo server, one of them with 1,795 items."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.records.clients import Client
from intact_core.records.people import User
from intact_core.records.standards import (
    ChecklistTemplate,
    Standard,
    StandardClause,
    TemplateQuestion,
)
from sync_server.database.engine import Database
from sync_server.ledger.feed import record_written
from sync_server.services.audits import Member, Plan, schedule
from sync_server.tables.accounts import Setting
from tests.benchmarks.served import Server

AUDITS = 50
ITEMS = 1795
CLAUSES = 287
ITEMS_OF_OTHERS = 60
_THERE = 2


@dataclass(frozen=True)
class Numbers:
    """How the audits are called: the one with all items, and another to write into."""

    large: str
    other: str


def fill(server: Server) -> Numbers:
    """Schedule the audits, as the office does, beside the running server."""
    database = Database(f"sqlite:///{server.database}", record_written)
    with database.read(None) as session:
        tenant_id = UUID(session.get_one(Setting, "demo").value["tenants"][0])
    with database.write(tenant_id) as session:
        large = _schedule(session, tenant_id, _template(session, ITEMS))
        small = _template(session, ITEMS_OF_OTHERS)
        others = [_schedule(session, tenant_id, small) for _ in range(AUDITS - _THERE - 1)]
    database.engine.dispose()
    return Numbers(large, others[0])


def _template(session: Session, items: int) -> UUID:
    standard = Standard(id=ids.new_id(), standard_code=f"Controls {items}", version="5")
    session.add(standard)
    session.flush()
    template = ChecklistTemplate(id=ids.new_id(), standard_id=standard.id, name="Controls")
    session.add(template)
    session.flush()
    for place in range(min(CLAUSES, items)):
        clause = StandardClause(
            standard_id=standard.id,
            clause_number=_clause(place),
            clause_title=f"Control {place} of what is done",
            position=place,
        )
        session.add(clause)
    session.add_all(_question(template.id, place, items) for place in range(items))
    session.flush()
    return template.id


def _clause(place: int) -> str:
    return f"{4 + place // 50}.{1 + place % 50 // 8}.{1 + place % 8}"


def _question(template_id: UUID, place: int, items: int) -> TemplateQuestion:
    clause = place * min(CLAUSES, items) // items
    return TemplateQuestion(
        template_id=template_id,
        clause_reference=_clause(clause),
        clause_title=f"Control {clause} of what is done",
        requirement=f"Objective {place}: how is it shown that this is done as planned, and which "
        "records of the last twelve months prove it?",
        position=place,
    )


def _schedule(session: Session, tenant_id: UUID, template_id: UUID) -> str:
    people = {one.email.partition("@")[0]: one.id for one in session.scalars(select(User))}
    plan = Plan(
        client_id=session.scalars(select(Client.id)).first(),
        template_id=template_id,
        audit_type="surveillance",
        audit_stage=None,
        team=[
            Member(people["lead"], "lead_auditor", is_lead=True),
            Member(people["auditor"], "auditor"),
        ],
        start=clock.today(),
        end=clock.today(),
        scope="All processes of both sites",
        objectives="Conformity and effectiveness",
    )
    return schedule(session, tenant_id, plan).audit_number
