"""What this API refers to and does not make itself: decisions on audits, files of the library."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from intact_core import clock, ids
from intact_core.records.audits import AuditDocumentation, AuditSchedule
from intact_core.records.conclusions import AuditRecommendation
from intact_core.records.library import Document, DocumentVersion
from intact_core.records.standards import Standard
from sync_server.auth.callers import caller_of
from sync_server.database.engine import Database
from sync_server.services import blobs, decisions
from sync_server.services.audits import record_step
from sync_server.services.certificates import Issuer
from sync_server.services.decisions import Decision
from sync_server.tables.accounts import Account

LEAD, REVIEWER = "lead@demo.example", "reviewer@demo.example"
_DOCUMENTED = (
    "plan_reviewed",
    "plan_adequate",
    "team_qualified",
    "summary_completed",
    "audit_objectives_met",
)


def account_of(app: FastAPI, email: str) -> Account:
    with app.state.database.read(None) as session:
        return session.get_one(Account, email)


@contextmanager
def demo(app: FastAPI) -> Iterator[Session]:
    """A transaction in the demo's tenant, by nobody in particular."""
    database: Database = app.state.database
    with database.write(account_of(app, LEAD).home_tenant_id) as session:
        yield session


def demo_standard(app: FastAPI) -> str:
    """The standard for which the demo's people are competent."""
    with app.state.database.read(account_of(app, LEAD).home_tenant_id) as session:
        query = select(Standard.id).where(Standard.version == "2015")
        return str(session.scalars(query).one())


def document_in(app: FastAPI) -> str:
    """A file of the library."""
    content = b"%PDF-1.7 a file of the library"
    with demo(app) as session:
        tenant_id = account_of(app, LEAD).home_tenant_id
        assert tenant_id is not None
        row = Document(id=ids.new_id(), name="Procedure.pdf")
        session.add(row)
        session.flush()
        version = DocumentVersion(
            id=ids.new_id(),
            document_id=row.id,
            file_name="Procedure.pdf",
            content_type="application/pdf",
            size=len(content),
            sha256=blobs.keep(session, app.state.blobs, app.state.keys, tenant_id, content),
        )
        session.add(version)
        session.flush()
        row.current_version_id = version.id
        return str(row.id)


def document_work(app: FastAPI, audit_id: str) -> None:
    """The lead's documentation and recommendation, as a laptop sends them."""
    with demo(app) as session:
        mine = {"audit_schedule_id": UUID(audit_id)}
        documentation = session.query(AuditDocumentation).filter_by(**mine).one()
        documentation.has_org_changes = False
        documentation.key_findings_summary = "The system is effective."
        for name in _DOCUMENTED:
            setattr(documentation, name, True)
        said = session.query(AuditRecommendation).filter_by(**mine).one()
        said.recommendation, said.justification = "certify", "The system is effective."
        said.stage_2_date = clock.today()


def to_client(app: FastAPI, audit_id: str) -> None:
    """The documented audit goes to the client for review."""
    document_work(app, audit_id)
    _step(app, audit_id, "client_review")


def _step(app: FastAPI, audit_id: str, to: str) -> None:
    with demo(app) as session:
        audit = session.query(AuditSchedule).filter_by(id=UUID(audit_id)).one()
        record_step(session, audit, "workflow", to, None, None)


def decide(app: FastAPI, audit_id: str, decided_on: date, **other: Any) -> None:
    """The audit, which the client has reviewed, is decided by the reviewer; nothing is issued."""
    _step(app, audit_id, "submitted_to_cb")
    caller = caller_of(app.state.database, account_of(app, REVIEWER))
    given = Decision(
        **{"decision": "certify", "decided_on": decided_on, "issue_later": True} | other
    )
    issuer = Issuer(app.state.blobs, app.state.keys, "http://testserver")
    with app.state.database.write(caller.tenant, caller.actor) as session:
        decisions.decide(session, issuer, caller, UUID(audit_id), given)
