"""An audit without items for three people: `python -m tests.benchmarks.peers.prepare --data …`."""

import argparse
import sys
from pathlib import Path
from uuid import UUID

from sqlalchemy import select

from intact_core import clock, ids
from intact_core.records.clients import Client
from intact_core.records.people import User
from intact_core.records.standards import ChecklistTemplate, Standard
from sync_server import settings
from sync_server.services.audits import Member, Plan, schedule
from sync_server.services.opening import open_database
from sync_server.settings import Options
from sync_server.tables.accounts import Setting

STANDARD = "Peers"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--database-url")
    given = parser.parse_args(arguments)
    database = open_database(settings.load(Options(given.data, given.database_url)))
    with database.read(None) as session:
        tenant_id = UUID(session.get_one(Setting, "demo").value["tenants"][0])
    with database.write(tenant_id) as session:
        standard = Standard(id=ids.new_id(), standard_code=STANDARD, version="1")
        session.add(standard)
        session.flush()
        template = ChecklistTemplate(id=ids.new_id(), standard_id=standard.id, name="Answers")
        session.add(template)
        session.flush()
        people = {user.email.partition("@")[0]: user.id for user in session.scalars(select(User))}
        plan = Plan(
            client_id=session.scalars(select(Client.id)).first(),
            template_id=template.id,
            audit_type="surveillance",
            audit_stage=None,
            team=[
                Member(people["lead"], "lead_auditor", is_lead=True),
                Member(people["auditor"], "auditor"),
                Member(people["reviewer"], "observer"),
            ],
            start=clock.today(),
            end=clock.today(),
            scope="All",
            objectives="All",
        )
        schedule(session, tenant_id, plan)
    database.engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1:])
