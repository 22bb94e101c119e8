"""Rules that look at the office's own records: a laptop has none of them and goes on."""

import pytest
from sqlalchemy import select

from intact_core.errors import RuleBroken
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.people import AuditorCompetency, User
from intact_core.records.unit_of_work import SessionWorld
from intact_desktop.store.journal import sessions
from tests.desktop.features.filled import Filled


def test_a_laptop_asks_for_competence_and_knows_of_no_interests(laptop: Filled) -> None:
    person = User(email="new@demo.example", username="new@demo.example", is_active=True)
    laptop.put(person)
    with sessions(laptop.opened.engine)() as session:
        world = SessionWorld(session, laptop.tenant_id)
        assert world.find("declared_interests", user_id=person.id) == ()
        assert world.get("contracts", person.id) is None
        audit = session.scalars(select(AuditSchedule)).first()

    def assign() -> None:
        with sessions(laptop.opened.engine)() as session, session.begin():
            row = AuditTeam(audit_schedule_id=audit.id, user_id=person.id, role="auditor")
            session.add(row)

    with pytest.raises(RuleBroken) as found:
        assign()
    assert found.value.code == "competence"
    laptop.put(
        AuditorCompetency(
            user_id=person.id, standard_id=audit.standard_id, competency_level="auditor"
        )
    )
    assign()
