"""Two laptops and a server: nothing is lost, nothing doubled, conflicts are kept."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from intact_core.errors import NotAllowed, Offline, RuleBroken, ServerFault
from intact_core.records.audits import AuditDocumentation, AuditSchedule
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import NonConformity
from intact_core.sync.operations import GENESIS, link
from intact_desktop.store.tables import Device, Outbox
from sync_server.tables.ledger import FeedChange, OpReceipt
from tests.fixtures.postgres import DatabaseUrls
from tests.simulation.checks import confirmed_rows
from tests.simulation.office import Office, make_office
from tests.simulation.wire import LoseNth
from tests.simulation.world import Laptop, enrol


@pytest.fixture
def office(shaped_urls: DatabaseUrls) -> Iterator[Office]:
    office = make_office(shaped_urls.app, shaped_urls.owner)
    yield office
    office.database.engine.dispose()


@pytest.fixture
def lead(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    laptop = enrol(office, tmp_path / "lead", "lead_auditor")
    yield laptop
    laptop.engine.dispose()


@pytest.fixture
def auditor(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    laptop = enrol(office, tmp_path / "auditor", "auditor")
    yield laptop
    laptop.engine.dispose()


def rate(laptop: Laptop, office: Office, place: int, **values: object) -> None:
    with laptop.work() as session:
        item = session.get(AuditChecklist, (office.tenant_id, office.items[place]))
        assert item is not None
        for name, value in values.items():
            setattr(item, name, value)


def item_at(laptop: Laptop, office: Office, place: int) -> AuditChecklist:
    with laptop.sessions() as session:
        item = session.get(AuditChecklist, (office.tenant_id, office.items[place]))
        assert item is not None
        return item


def submit(laptop: Laptop, office: Office) -> None:
    with laptop.work() as session:
        audit = session.get(AuditSchedule, (office.tenant_id, office.audit_id))
        assert audit is not None
        audit.workflow_status = "client_review"


def verdicts(laptop: Laptop) -> list[str | None]:
    with laptop.sessions() as session:
        return list(session.scalars(select(Outbox.verdict).order_by(Outbox.n)))


def test_an_audit_arrives_and_work_goes_up(office: Office, lead: Laptop) -> None:
    lead.round()
    rate(lead, office, 0, rating="compliant", auditor_finding="seen")
    lead.round()
    assert verdicts(lead) == ["applied"]
    with office.read() as session:
        item = session.get(AuditChecklist, (office.tenant_id, office.items[0]))
        assert item is not None
        assert (item.rating, item.auditor_finding) == ("compliant", "seen")


def test_different_fields_of_one_item_are_both_kept(
    office: Office, lead: Laptop, auditor: Laptop
) -> None:
    lead.round()
    auditor.round()
    rate(lead, office, 0, rating="minor")
    rate(auditor, office, 0, auditor_finding="no record of training")
    for laptop in (lead, auditor, lead):
        laptop.round()
    for laptop in (lead, auditor):
        item = item_at(laptop, office, 0)
        assert (item.rating, item.auditor_finding) == ("minor", "no record of training")


def test_the_same_field_becomes_a_conflict_that_everybody_sees(
    office: Office, lead: Laptop, auditor: Laptop
) -> None:
    lead.round()
    auditor.round()
    rate(lead, office, 0, auditor_finding="words of the lead")
    rate(auditor, office, 0, auditor_finding="words of the auditor")
    for laptop in (lead, auditor, lead):
        laptop.round()
    assert verdicts(auditor) == ["conflict"]
    for laptop in (lead, auditor):
        with laptop.sessions() as session:
            conflict = session.scalars(select(Conflict)).one()
        assert conflict.server == {"auditor_finding": "words of the lead"}
        assert conflict.incoming == {"auditor_finding": "words of the auditor"}
        assert conflict.server_by == lead.user_id
        assert conflict.incoming_by == auditor.user_id
        assert item_at(laptop, office, 0).auditor_finding == "words of the lead"


def test_settling_a_conflict_reaches_everybody(
    office: Office, lead: Laptop, auditor: Laptop
) -> None:
    test_the_same_field_becomes_a_conflict_that_everybody_sees(office, lead, auditor)
    with lead.work() as session:
        conflict = session.scalars(select(Conflict)).one()
        item = session.get(AuditChecklist, (office.tenant_id, conflict.record_id))
        assert item is not None
        item.auditor_finding = conflict.incoming["auditor_finding"]
        conflict.state, conflict.resolution, conflict.reason = "resolved", "incoming", "seen there"
    lead.round()
    auditor.round()
    for laptop in (lead, auditor):
        assert item_at(laptop, office, 0).auditor_finding == "words of the auditor"
        with laptop.sessions() as session:
            assert session.scalars(select(Conflict.state)).one() == "resolved"


@pytest.mark.parametrize("n", range(1, 7))
@pytest.mark.parametrize("way", ["up", "down"])
def test_a_lost_message_loses_and_doubles_nothing(
    office: Office, lead: Laptop, way: str, n: int
) -> None:
    lead.round()
    rate(lead, office, 0, rating="compliant")
    rate(lead, office, 0, rating="minor")
    setattr(lead.wire, way, LoseNth(n))
    for _ in range(3):
        try:
            lead.round()
        except Offline:
            continue
    assert verdicts(lead) == ["applied", "applied"]
    with office.read() as session:
        assert session.scalar(select(func.count()).select_from(OpReceipt)) == 2
        item = session.get(AuditChecklist, (office.tenant_id, office.items[0]))
        assert item is not None
        assert item.rating == "minor"
    assert item_at(lead, office, 0).rating == "minor"


def test_a_pull_cut_anywhere_changes_nothing(office: Office, lead: Laptop) -> None:
    length = 0
    for cut in (0, 1, 50, 500, 1500, 2500, 4000):
        lead.wire.cut_pull_at = cut
        with pytest.raises(ServerFault):
            lead.round()
        with lead.sessions() as session:
            assert confirmed_rows(session.connection()) == {}
        length = cut
    assert length
    lead.wire.cut_pull_at = None
    lead.round()
    with lead.sessions() as session:
        assert session.scalars(select(AuditSchedule.audit_number)).one() == "AUD-2026-001"


def test_a_finding_made_offline_with_its_items(office: Office, lead: Laptop) -> None:
    lead.round()
    with lead.work() as session:
        session.add(
            NonConformity(
                audit_schedule_id=office.audit_id,
                nc_number="AUD-2026-001-A01",
                severity="major",
                description="No calibration",
            )
        )
    lead.round()
    with office.read() as session:
        assert session.scalars(select(NonConformity.severity)).one() == "major"


def test_a_rule_holds_on_the_laptop_already(office: Office, lead: Laptop) -> None:
    lead.round()
    with pytest.raises(RuleBroken) as broken:
        submit(lead, office)
    assert broken.value.code == "documentation"
    assert verdicts(lead) == []


def test_what_the_server_refuses_is_quarantined_and_the_rest_goes_on(
    office: Office, lead: Laptop
) -> None:
    lead.round()
    with office.write() as session:
        audit = session.get(AuditSchedule, (office.tenant_id, office.audit_id))
        assert audit is not None
        audit.status = "cancelled"
    rate(lead, office, 0, rating="major")
    lead.round()
    assert verdicts(lead) == ["quarantined"]
    with office.read() as session:
        assert session.scalars(select(OpReceipt.verdict)).one() == "quarantined"


def test_feed_has_no_hole_and_digests_agree(office: Office, lead: Laptop) -> None:
    lead.round()
    with lead.work() as session:
        row = session.scalars(select(AuditDocumentation)).one()
        row.has_org_changes = False
        row.plan_reviewed = row.plan_adequate = row.team_qualified = True
    lead.round()
    lead.round()
    with office.read() as session:
        for (scope,) in session.execute(select(FeedChange.scope).distinct()):
            seqs = session.scalars(
                select(FeedChange.seq).where(FeedChange.scope == scope).order_by(FeedChange.seq)
            ).all()
            assert list(seqs) == list(range(1, len(seqs) + 1))


def find(laptop: Laptop, office: Office, number: str) -> None:
    with laptop.work() as session:
        session.add(
            NonConformity(audit_schedule_id=office.audit_id, nc_number=number, severity="minor")
        )


def test_one_number_twice_is_accepted_and_shown(
    office: Office, lead: Laptop, auditor: Laptop
) -> None:
    lead.round()
    auditor.round()
    find(lead, office, "AUD-2026-001-A01")
    find(auditor, office, "AUD-2026-001-A01")
    for laptop in (lead, auditor, lead):
        laptop.round()
    for laptop in (lead, auditor):
        with laptop.sessions() as session:
            assert session.scalar(select(func.count()).select_from(NonConformity)) == 2
            assert session.scalars(select(Conflict.kind)).one() == "possible_duplicate"


@pytest.mark.parametrize("value", [10**30, "two\0parts", {"a": 1}, 3.5])
def test_a_value_that_fits_no_column_is_quarantined(
    office: Office, lead: Laptop, value: object
) -> None:
    lead.round()
    rate(lead, office, 0, auditor_finding="placeholder")
    with lead.engine.begin() as connection:
        row = connection.execute(select(Outbox)).one()
        operation = json.loads(row.raw)
        operation["changes"]["auditor_finding"][1] = value
        raw = json.dumps(operation)
        chain = link(GENESIS, raw.encode())
        connection.execute(update(Outbox).values(raw=raw, hash=chain))
        connection.execute(update(Device).values(chain_hash=chain))
    lead.round()
    assert verdicts(lead) == ["quarantined"]


def test_a_forged_chain_is_refused(office: Office, lead: Laptop) -> None:
    lead.round()
    rate(lead, office, 0, rating="minor")
    with lead.engine.begin() as connection:
        connection.execute(update(Outbox).values(raw=func.replace(Outbox.raw, "minor", "major")))
    with pytest.raises(NotAllowed):
        lead.round()
