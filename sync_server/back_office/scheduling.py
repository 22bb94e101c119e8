"""Scheduling an audit."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy.orm import Session

from intact_core.errors import BadInput, RuleBroken
from sync_server.auth.callers import OFFICE
from sync_server.auth.permissions import database_of
from sync_server.back_office.page import Form, OwnForm, Visitor, go, show
from sync_server.services.audit_views import Filter, audit_list
from sync_server.services.audits import Member, Plan, schedule
from sync_server.services.clients import clients
from sync_server.services.standards import staff, templates

router = APIRouter(prefix="/audits")


@dataclass(frozen=True)
class Typed:
    """What stands in the form: kept when something is wrong."""

    values: dict[str, str] = field(default_factory=dict)
    team: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")


@router.get("/new")
def form(request: Request, caller: Visitor) -> Response:
    caller.require(*OFFICE)
    with database_of(request).read(caller.tenant) as session:
        choices = _choices(session, caller)
    return show(request, "audit_new.html", caller=caller, typed=Typed(), error=None, **choices)


@router.post("/new")
def create(request: Request, sent: OwnForm) -> Response:
    caller, database = sent.caller, database_of(request)
    caller.require(*OFFICE)
    try:
        plan = _plan(sent.form)
        with database.write(caller.tenant, caller.actor) as session:
            audit = schedule(session, caller.tenant, plan)
    except (BadInput, RuleBroken) as error:
        with database.read(caller.tenant) as session:
            choices = _choices(session, caller)
        typed = Typed(sent.form.values, sent.form.lists.get("team", []))
        more: dict[str, Any] = {"typed": typed, "error": error, **choices}
        return show(request, "audit_new.html", caller=caller, **more)
    return go(request, f"/audits/{audit.id}", f"{audit.audit_number} is scheduled.")


def _choices(session: Session, caller: Visitor) -> dict[str, Any]:
    stage1 = [row for row in audit_list(session, caller, Filter()) if _is_stage1(row.audit)]
    return {
        "clients": clients(session),
        "templates": templates(session),
        "staff": staff(session),
        "stage1_audits": stage1,
    }


def _is_stage1(audit: Any) -> bool:
    return bool(audit.audit_stage == "stage1" and audit.status != "cancelled")


def _plan(form: Form) -> Plan:
    lead = form.id("lead")
    others = [Form({"team": one}).id("team") for one in form.lists.get("team", [])]
    team = [Member(lead, "lead_auditor", is_lead=True)]
    team += [Member(one, "auditor") for one in others if one != lead]
    return Plan(
        client_id=form.id("client"),
        template_id=form.id("template"),
        audit_type=form.text("audit_type") or "initial",
        audit_stage=form.text("audit_stage") or None,
        team=team,
        start=form.day("start"),
        end=form.day("end"),
        scope=form.text("scope"),
        objectives=form.text("objectives"),
        stage1_audit_id=form.id("stage1_audit") if form.text("stage1_audit") else None,
        contract_number=form.text("contract_number") or None,
    )
