"""A record that moves to another client leaves the one scope and enters the other, at once."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from intact_core import clock, ids
from intact_core.errors import NotFound, RuleBroken, ServerFault
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.base import Merge
from intact_core.records.catalogue import TYPES
from intact_core.records.clients import Client, ClientContact, ClientSite
from intact_core.records.people import Role, UserRole
from intact_core.records.standards import Standard
from intact_core.sync.protocol import Begin, Change, Cursor, Pull, decode_pull_line
from intact_desktop.store.tables import Outbox, SyncCursor, SyncLog
from intact_desktop.sync.files import add_pending
from intact_desktop.sync.leaving import remove_records
from sync_server.ledger import giving
from sync_server.ledger.standing import stand_of
from tests.fixtures.postgres import DatabaseUrls
from tests.simulation.checks import confirmed_rows, digest_of, server_rows
from tests.simulation.office import Office, make_office
from tests.simulation.world import Laptop, enrol

OTHER = UUID(int=0xC2)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """The lead works for both clients, the auditor for the first alone."""
    address = f"sqlite:///{tmp_path / 'server.sqlite'}"
    yield from an_office(address, address)


@pytest.fixture
def any_office(shaped_urls: DatabaseUrls) -> Iterator[Office]:
    yield from an_office(shaped_urls.app, shaped_urls.owner)


def an_office(app: str, owner: str) -> Iterator[Office]:
    office = make_office(app, owner)
    with office.write() as session:
        session.add(Client(id=OTHER, client_code="OTHER", legal_name="Other Ltd"))
        session.flush()
        other = AuditSchedule(
            id=ids.new_id(),
            audit_number="AUD-2026-002",
            client_id=OTHER,
            standard_id=session.scalars(select(Standard.id)).one(),
            audit_type="surveillance",
        )
        session.add(other)
        session.flush()
        team = {"role": "lead_auditor", "is_lead": True, "letter": "A"}
        lead = office.users["lead_auditor"]
        session.add(AuditTeam(audit_schedule_id=other.id, user_id=lead, **team))
    yield office
    office.database.engine.dispose()


@pytest.fixture
def lead(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    yield from a_laptop(office, tmp_path / "lead", "lead_auditor")


@pytest.fixture
def auditor(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    yield from a_laptop(office, tmp_path / "auditor", "auditor")


def a_laptop(office: Office, folder: Path, role: str) -> Iterator[Laptop]:
    laptop = enrol(office, folder, role)
    yield laptop
    laptop.engine.dispose()


def a_contact(office: Office, client_id: UUID) -> UUID:
    id_ = ids.new_id()
    with office.write() as session:
        session.add(ClientContact(id=id_, client_id=client_id, first_name="Ann", last_name="Lee"))
    return id_


def move(office: Office, id_: UUID, to: UUID, **values: Any) -> None:
    with office.write() as session:
        row = session.get_one(ClientContact, (office.tenant_id, id_))
        row.client_id = to
        for name, value in values.items():
            setattr(row, name, value)


def contact_on(laptop: Laptop, id_: UUID) -> ClientContact | None:
    with laptop.sessions() as session:
        return session.scalars(select(ClientContact).where(ClientContact.id == id_)).first()


def assert_level(laptop: Laptop, office: Office) -> None:
    with office.read() as session:
        server = server_rows(session.connection())
    with laptop.sessions() as session:
        cursors = list(session.scalars(select(SyncCursor)))
        confirmed = confirmed_rows(session.connection())
    base = [(*ref, scope, rev) for ref, (scope, rev, _) in confirmed.items()]
    scopes = {one.scope for one in cursors}
    held = [(*ref, row[0], row[1]) for ref, row in server.items() if row[0] in scopes]
    assert sorted(base) == sorted(held)
    for one in cursors:
        mine = [(ref, row) for ref, row in server.items() if row[0] == one.scope]
        assert one.digest == digest_of(mine), one.scope


def asked(office: Office, laptop: Laptop, cursors: list[Cursor], protocol: int) -> list[Any]:
    with office.read() as session:
        connection = session.connection()
        stand = stand_of(connection, office.tenant_id, laptop.user_id)
        pull = Pull(protocol, stand.epoch, cursors)
        lines = list(giving.lines(connection, office.tenant_id, stand, pull))
    return [decode_pull_line(line) for line in lines]


def cursors_of(laptop: Laptop) -> list[Cursor]:
    with laptop.sessions() as session:
        found = session.scalars(select(SyncCursor))
        return [Cursor(one.scope, one.seq, one.digest) for one in found]


def test_no_operation_can_move_a_record() -> None:
    for spec in TYPES.values():
        assert spec.fields[spec.scope.column].merge is Merge.FIXED, spec.name


def test_who_holds_both_keeps_it_and_who_holds_the_old_one_loses_it(
    any_office: Office, tmp_path: Path
) -> None:
    office = any_office
    lead = enrol(office, tmp_path / "lead", "lead_auditor")
    auditor = enrol(office, tmp_path / "auditor", "auditor")
    id_ = a_contact(office, office.client_id)
    lead.round()
    auditor.round()
    move(office, id_, OTHER, first_name="Beth")
    lead.round()
    auditor.round()
    moved = contact_on(lead, id_)
    assert moved is not None
    assert (moved.client_id, moved.first_name, moved.deleted_at) == (OTHER, "Beth", None)
    assert contact_on(auditor, id_) is None
    assert_level(lead, office)
    assert_level(auditor, office)


def test_who_holds_the_new_one_gets_it_whole(office: Office, auditor: Laptop) -> None:
    id_ = a_contact(office, OTHER)
    auditor.round()
    assert contact_on(auditor, id_) is None
    move(office, id_, office.client_id)
    auditor.round()
    came = contact_on(auditor, id_)
    assert came is not None
    assert (came.first_name, came.last_name) == ("Ann", "Lee")
    assert_level(auditor, office)


@pytest.mark.parametrize("times", [2, 3, 4])
def test_there_and_back_between_two_rounds(
    office: Office, lead: Laptop, auditor: Laptop, times: int
) -> None:
    id_ = a_contact(office, office.client_id)
    lead.round()
    auditor.round()
    for time in range(times):
        move(office, id_, OTHER if time % 2 == 0 else office.client_id, first_name=f"{time}")
    for laptop in (lead, auditor):
        laptop.round()
        assert_level(laptop, office)
    held = contact_on(lead, id_)
    assert held is not None
    assert held.first_name == str(times - 1)
    assert (contact_on(auditor, id_) is None) == (times % 2 == 1)


def test_a_site_that_an_audit_names_stays_with_its_client(office: Office, auditor: Laptop) -> None:
    """Else who holds the audit's client alone could not even store the audit."""
    here, there = ids.new_id(), ids.new_id()
    with office.write() as session:
        session.add(ClientSite(id=here, client_id=office.client_id, site_name="Plant"))
        session.add(ClientSite(id=there, client_id=OTHER, site_name="Elsewhere"))
        session.flush()
        session.get_one(AuditSchedule, (office.tenant_id, office.audit_id)).site_id = here
    with pytest.raises(RuleBroken, match="stays with its client"), office.write() as session:
        session.get_one(ClientSite, (office.tenant_id, here)).client_id = OTHER
    with pytest.raises(RuleBroken, match="another client's"), office.write() as session:
        session.get_one(AuditSchedule, (office.tenant_id, office.audit_id)).site_id = there
    auditor.round()
    assert_level(auditor, office)


def test_a_site_that_a_deleted_audit_names_is_hidden_and_comes_back(
    office: Office, auditor: Laptop
) -> None:
    id_, audit_id = ids.new_id(), ids.new_id()
    with office.write() as session:
        session.add(ClientSite(id=id_, client_id=office.client_id, site_name="Plant"))
        session.flush()
        first = session.get_one(AuditSchedule, (office.tenant_id, office.audit_id))
        audit = AuditSchedule(
            id=audit_id,
            audit_number="AUD-2026-003",
            client_id=office.client_id,
            site_id=id_,
            standard_id=first.standard_id,
            audit_type="surveillance",
        )
        session.add(audit)
        session.flush()
        team = {"role": "auditor", "letter": "B", "user_id": auditor.user_id}
        session.add(AuditTeam(audit_schedule_id=audit_id, **team))
    auditor.round()
    with auditor.work() as session:
        # A photo that is not sent yet keeps the audit here when it is gone from the server.
        add_pending(session.connection(), audit_id, "ab" * 32, 1)
    with office.write() as session:
        session.get_one(AuditSchedule, (office.tenant_id, audit_id)).deleted_at = clock.now()
        session.flush()
        session.get_one(ClientSite, (office.tenant_id, id_)).client_id = OTHER
    with suppress(NotFound):
        auditor.round()
    with auditor.sessions() as session:
        assert session.get_one(AuditSchedule, (office.tenant_id, audit_id)).site_id == id_
        site = session.get_one(ClientSite, (office.tenant_id, id_))
        assert (site.deleted_at is None, site.deleted_reason) == (False, "not on the server")
    with office.write() as session:
        session.get_one(ClientSite, (office.tenant_id, id_)).client_id = office.client_id
    with suppress(NotFound):
        auditor.round()
    with auditor.sessions() as session:
        assert session.get_one(ClientSite, (office.tenant_id, id_)).deleted_at is None


def test_work_that_waits_stays_until_it_is_decided(office: Office, auditor: Laptop) -> None:
    id_ = a_contact(office, office.client_id)
    with office.write() as session:
        # Of those who work on audits only one with a role in the office too may change a contact.
        role_id = session.scalars(select(Role.id).where(Role.code == "cb_admin")).one()
        session.add(UserRole(user_id=auditor.user_id, role_id=role_id))
    auditor.gateway.actor = replace(auditor.gateway.actor, roles=frozenset({"auditor", "cb_admin"}))
    auditor.round()
    move(office, id_, OTHER)

    def types(name: str) -> None:
        if name == "pull":
            auditor.wire.up = lambda _: None
            with auditor.work() as session:
                session.get_one(ClientContact, (office.tenant_id, id_)).phone = "1234"

    auditor.wire.up = types
    auditor.round()
    waiting = contact_on(auditor, id_)
    assert waiting is not None
    assert (waiting.phone, waiting.deleted_at) == ("1234", None)
    auditor.round()
    with auditor.sessions() as session:
        operation = session.scalars(select(Outbox)).one()
    assert (operation.verdict, operation.receipt["reason"]) == ("quarantined", "scope")
    hidden = contact_on(auditor, id_)
    assert hidden is None or hidden.deleted_at is not None
    assert_level(auditor, office)


def test_moved_out_of_a_scope_that_waits_to_be_left_and_is_granted_again(
    office: Office, lead: Laptop
) -> None:
    id_ = a_contact(office, office.client_id)
    lead.round()
    with lead.work() as session:
        # What is not sent keeps a lost scope here.
        add_pending(session.connection(), office.audit_id, "ab" * 32, 1)
    may_work(office, lead, False)
    move(office, id_, OTHER)
    with suppress(NotFound):
        lead.round()
    assert_digests(lead)
    may_work(office, lead, True)
    with suppress(NotFound):
        lead.round()
    held = contact_on(lead, id_)
    assert held is not None
    assert (held.client_id, held.deleted_at) == (OTHER, None)
    assert_level(lead, office)
    with lead.sessions() as session:
        assert "mismatch" not in set(session.scalars(select(SyncLog.outcome)))


def may_work(office: Office, laptop: Laptop, allowed: bool) -> None:
    with office.write() as session:
        mine = AuditTeam.audit_schedule_id == office.audit_id
        query = select(AuditTeam).where(AuditTeam.user_id == laptop.user_id, mine)
        session.scalars(query).one().deleted_at = None if allowed else clock.now()


def assert_digests(laptop: Laptop) -> None:
    """Each digest is that of the rows held, also of a scope that waits to be left."""
    with laptop.sessions() as session:
        rows = confirmed_rows(session.connection()).items()
        for one in session.scalars(select(SyncCursor)):
            assert one.digest == digest_of(row for row in rows if row[1][0] == one.scope), one.scope


def test_a_laptop_of_version_2_gets_both_scopes_whole(
    office: Office, lead: Laptop, auditor: Laptop
) -> None:
    id_ = a_contact(office, office.client_id)
    lead.round()
    auditor.round()
    move(office, id_, OTHER)
    begin, *changes, _ = asked(office, lead, cursors_of(lead), 2)
    assert isinstance(begin, Begin)
    assert set(begin.whole) == {f"client:{office.client_id}", f"client:{OTHER}"}
    rows = {one.id: one for one in changes if isinstance(one, Change)}
    assert {one.kind for one in rows.values()} == {"enter"}
    assert rows[str(id_)].scope == f"client:{OTHER}"
    begin, *changes, _ = asked(office, auditor, cursors_of(auditor), 2)
    assert begin.whole == [f"client:{office.client_id}"]
    assert id_ not in {one.id for one in changes}


def test_moved_while_all_comes_whole_over_a_bad_line(office: Office, tmp_path: Path) -> None:
    contacts = [a_contact(office, office.client_id) for _ in range(8)]
    for cut in range(2_000, 12_000, 1_900):
        laptop = enrol(office, tmp_path / str(cut), "lead_auditor")
        laptop.wire.cut_pull_at = cut
        for place, id_ in enumerate(contacts):
            with suppress(ServerFault):
                laptop.round()
            move(office, id_, OTHER if (place + cut) % 3 else office.client_id)
        laptop.wire.cut_pull_at = None
        laptop.round()
        assert_level(laptop, office)
        laptop.engine.dispose()


def test_a_kind_of_a_newer_version_leaves_quietly(office: Office, auditor: Laptop) -> None:
    auditor.round()
    with auditor.engine.begin() as connection:
        remove_records(connection, {("of_a_newer_version", ids.new_id())})
    assert_level(auditor, office)
