"""Histories that part: a restored server, a restored or copied laptop, lost access."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.engine import make_url

from intact_core import clock
from intact_core.errors import Offline, Revoked
from intact_core.records.audits import AuditSchedule, AuditTeam
from intact_core.records.checklist import AuditChecklist
from intact_core.records.conflicts import Conflict
from intact_core.records.findings import FindingItem, NonConformity
from intact_desktop.store.tables import Blob, Outbox, SyncCursor, SyncLog
from intact_desktop.sync.files import add_pending
from sync_server.ledger.rounds import epoch_of
from sync_server.tables.ledger import OpReceipt
from tests.simulation.checks import confirmed_rows
from tests.simulation.office import Office, make_office
from tests.simulation.wire import LoseNth
from tests.simulation.world import Laptop, enrol, twin_of


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    url = f"sqlite:///{tmp_path / 'server.db'}"
    office = make_office(url, url)
    yield office
    office.database.engine.dispose()


@pytest.fixture
def lead(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    laptop = enrol(office, tmp_path / "lead", "lead_auditor")
    laptop.round()
    yield laptop
    laptop.engine.dispose()


@pytest.fixture
def auditor(office: Office, tmp_path: Path) -> Iterator[Laptop]:
    laptop = enrol(office, tmp_path / "auditor", "auditor")
    laptop.round()
    yield laptop
    laptop.engine.dispose()


class Backup:
    """The server's database file as it was; going back to it is what an operator does."""

    def __init__(self, office: Office, folder: Path) -> None:
        self._engine = office.database.engine
        self._file = Path(make_url(str(self._engine.url)).database or "")
        self._copy = folder / "backup.db"
        self._engine.dispose()
        shutil.copy(self._file, self._copy)

    def restore(self) -> None:
        self._engine.dispose()
        for part in self._file.parent.glob(f"{self._file.name}*"):
            part.unlink()
        shutil.copy(self._copy, self._file)


@pytest.fixture
def backup(office: Office, lead: Laptop, auditor: Laptop, tmp_path: Path) -> Backup:
    """Made when both laptops have the audit and nobody has worked yet."""
    return Backup(office, tmp_path)


def rate(laptop: Laptop, office: Office, place: int, **values: object) -> None:
    with laptop.work() as session:
        item = session.get(AuditChecklist, (office.tenant_id, office.items[place]))
        assert item is not None
        for name, value in values.items():
            setattr(item, name, value)


def finding(holder: Laptop | Office, office: Office, place: int) -> str | None:
    opened = holder.sessions() if isinstance(holder, Laptop) else holder.read()
    with opened as session:
        item = session.get(AuditChecklist, (office.tenant_id, office.items[place]))
        assert item is not None
        return item.auditor_finding


def verdicts(laptop: Laptop) -> list[str | None]:
    with laptop.sessions() as session:
        return list(session.scalars(select(Outbox.verdict).order_by(Outbox.n)))


def log(laptop: Laptop) -> list[str]:
    with laptop.sessions() as session:
        return list(session.scalars(select(SyncLog.outcome).order_by(SyncLog.id)))


def open_conflicts(laptop: Laptop) -> list[Conflict]:
    with laptop.sessions() as session:
        living = Conflict.deleted_at.is_(None)
        return list(session.scalars(select(Conflict).where(living, Conflict.state == "open")))


def epoch(office: Office) -> str:
    with office.read() as session:
        return epoch_of(session.connection())


def test_a_restored_server_gets_everything_again(
    office: Office, lead: Laptop, auditor: Laptop, backup: Backup
) -> None:
    rate(lead, office, 0, auditor_finding="words of the lead")
    rate(auditor, office, 1, auditor_finding="words of the auditor")
    for laptop in (lead, auditor, lead):
        laptop.round()
    before = epoch(office)
    backup.restore()
    assert finding(office, office, 0) is None
    for laptop in (lead, auditor, lead):
        laptop.round()
    assert epoch(office) != before
    for holder in (office, lead, auditor):
        assert finding(holder, office, 0) == "words of the lead"
        assert finding(holder, office, 1) == "words of the auditor"
    assert verdicts(lead) == verdicts(auditor) == ["applied"]
    assert "restored" in log(lead)
    assert open_conflicts(lead) == []


def test_another_history_under_the_same_epoch_is_fetched_whole(
    office: Office, lead: Laptop, auditor: Laptop, backup: Backup
) -> None:
    """Nobody began an epoch: the feed goes on where this laptop stands, with other changes."""
    rate(lead, office, 0, auditor_finding="lost by the server")
    for laptop in (lead, auditor):
        laptop.round()
    before = epoch(office)
    backup.restore()
    place = {"audit_schedule_id": office.audit_id}
    with office.write() as session:
        finding_made = NonConformity(nc_number="AUD-2026-001-A01", severity="minor", **place)
        session.add(finding_made)
    with office.write() as session:
        about = {"audit_checklist_id": office.items[0], "non_conformity_id": finding_made.id}
        session.add(FindingItem(**place, **about))
    auditor.round()
    assert epoch(office) == before
    assert "mismatch" in log(auditor)
    assert finding(auditor, office, 0) is None
    with auditor.sessions() as session:
        assert session.scalars(select(FindingItem.non_conformity_id)).all() == [finding_made.id]


def test_what_was_in_conflict_is_in_conflict_again(
    office: Office, lead: Laptop, auditor: Laptop, backup: Backup
) -> None:
    rate(lead, office, 0, auditor_finding="words of the lead")
    rate(auditor, office, 0, auditor_finding="words of the auditor")
    for laptop in (lead, auditor, lead):
        laptop.round()
    backup.restore()
    for laptop in (auditor, lead, auditor):
        laptop.round()
    for laptop in (lead, auditor):
        [conflict] = open_conflicts(laptop)
        found = {*conflict.server.values(), *conflict.incoming.values()}
        assert found == {"words of the lead", "words of the auditor"}


def test_records_that_a_restored_server_lost_are_kept_aside_and_come_back(
    office: Office, lead: Laptop, auditor: Laptop, backup: Backup, tmp_path: Path
) -> None:
    with lead.work() as session:
        session.add(
            AuditChecklist(
                audit_schedule_id=office.audit_id,
                clause_reference="9.9",
                requirement="New",
                position=99,
            )
        )
    lead.round()
    auditor.round()
    assert "New" in requirements(auditor)
    backup.restore()
    auditor.round()
    assert "New" not in requirements(auditor)
    assert list((tmp_path / "auditor" / "set-aside").glob("*before-sync.db"))
    lead.round()
    auditor.round()
    assert requirements(auditor).count("New") == requirements(lead).count("New") == 1


def requirements(laptop: Laptop) -> list[str]:
    with laptop.sessions() as session:
        living = AuditChecklist.deleted_at.is_(None)
        return list(session.scalars(select(AuditChecklist.requirement).where(living)))


def photographed(laptop: Laptop, office: Office, content: bytes) -> str:
    photo = laptop.files.write(office.audit_id, [content])
    with laptop.engine.begin() as connection:
        add_pending(connection, office.audit_id, photo.sha256, photo.size)
    return photo.sha256


@pytest.mark.parametrize("lost_work", [True, False])
def test_a_restored_server_is_asked_for_every_photo_again(
    office: Office, lead: Laptop, backup: Backup, *, lost_work: bool
) -> None:
    photo, before = photographed(lead, office, b"photo"), epoch(office)
    if lost_work:
        rate(lead, office, 0, auditor_finding="with a photo")
    lead.round()
    del office.blobs[photo]
    backup.restore()
    lead.round()
    assert office.blobs[photo] == b"photo"
    noticed = epoch(office)
    assert noticed != before
    lead.round()
    assert epoch(office) == noticed


def test_another_laptops_copy_of_a_photo_does_not_hide_what_a_restored_server_lost(
    office: Office, lead: Laptop, auditor: Laptop, tmp_path: Path
) -> None:
    photos = [photographed(lead, office, content) for content in (b"photo", b"a larger photo")]
    photographed(auditor, office, b"a larger photo")
    backup = Backup(office, tmp_path)
    lead.round()
    office.blobs.clear()
    backup.restore()
    auditor.round()
    assert office.blobs.keys() == {photos[1]}
    lead.round()
    assert office.blobs.keys() == set(photos)


def test_a_laptop_restored_without_its_files_gets_them_back_and_sends_the_others(
    office: Office, lead: Laptop
) -> None:
    there, nowhere = (photographed(lead, office, words) for words in (b"sent before", b"gone"))
    office.blobs[there] = b"sent before"
    for sha256 in (there, nowhere):
        lead.files.remove(office.audit_id, sha256)
    other = photographed(lead, office, b"one of those after")
    lead.round()
    assert office.blobs[other] == b"one of those after"
    assert lead.files.read(office.audit_id, there) == b"sent before"
    assert "missing" in log(lead)
    lead.round()
    with lead.engine.connect() as connection:
        states = dict(connection.exec_driver_sql("SELECT sha256, state FROM blob").all())
    assert states == {there: "here", nowhere: "wanted", other: "sent"}


def test_a_copied_laptop_goes_on_under_a_name_of_its_own(
    office: Office, lead: Laptop, tmp_path: Path
) -> None:
    rate(lead, office, 0, auditor_finding="before the copy")
    lead.round()
    twin = twin_of(lead, tmp_path / "twin")
    rate(lead, office, 1, auditor_finding="on the original")
    rate(twin, office, 2, auditor_finding="on the copy")
    rate(lead, office, 3, auditor_finding="both, original")
    rate(twin, office, 3, auditor_finding="both, copy")
    for laptop in (lead, twin, lead, twin, lead):
        laptop.round()
    assert twin.device_id != lead.device_id
    assert "renamed" in log(twin)
    assert "renamed" not in log(lead)
    for holder in (office, lead, twin):
        assert finding(holder, office, 1) == "on the original"
        assert finding(holder, office, 2) == "on the copy"
    [conflict] = open_conflicts(lead)
    assert conflict.incoming == {"auditor_finding": "both, copy"}
    assert verdicts(twin) == ["applied", "applied", "conflict"]
    twin.engine.dispose()


def test_a_laptop_restored_from_a_copy_goes_on_and_gets_its_own_work_back(
    office: Office, lead: Laptop, tmp_path: Path
) -> None:
    rate(lead, office, 0, auditor_finding="unsent when copied")
    old = twin_of(lead, tmp_path / "old")
    lead.round()
    rate(lead, office, 1, auditor_finding="after the copy")
    lead.round()
    lead.engine.dispose()
    rate(old, office, 2, auditor_finding="after the restore")
    old.round()
    for place, words in enumerate(("unsent when copied", "after the copy", "after the restore")):
        assert finding(old, office, place) == finding(office, office, place) == words
    assert verdicts(old) == ["applied", "applied"]
    with office.read() as session:
        stored = session.scalars(select(OpReceipt.op_id)).all()
        assert len(set(stored)) == 3
    old.engine.dispose()


def test_asking_twice_for_another_name_gives_the_same(
    office: Office, lead: Laptop, tmp_path: Path
) -> None:
    rate(lead, office, 0, auditor_finding="one")
    twin = twin_of(lead, tmp_path / "twin")
    rate(lead, office, 2, auditor_finding="three")
    rate(twin, office, 1, auditor_finding="two")
    lead.round()
    twin.wire.down = LoseNth(2)
    with pytest.raises(Offline, match="succeed was lost"):
        twin.round()
    twin.round()
    assert finding(office, office, 1) == "two"
    assert verdicts(twin) == ["applied", "applied"]
    twin.engine.dispose()


def take_off_the_team(office: Office, role: str) -> None:
    with office.write() as session:
        mine = AuditTeam.user_id == office.users[role]
        member = session.scalars(select(AuditTeam).where(mine)).one()
        member.deleted_at, member.deleted_reason = clock.now(), "reassigned"


def test_a_lost_scope_is_sent_first_and_removed_then(
    office: Office, lead: Laptop, auditor: Laptop
) -> None:
    photo = photographed(auditor, office, b"photo")
    rate(auditor, office, 0, auditor_finding="written before I was told")
    take_off_the_team(office, "auditor")
    auditor.round()
    assert not removed(auditor, office)
    auditor.round()
    assert office.blobs[photo] == b"photo"
    with auditor.sessions() as session:
        assert session.scalars(select(AuditSchedule)).all() == []
        assert session.scalars(select(AuditChecklist)).all() == []
        assert session.scalars(select(Blob)).all() == []
        scopes = {scope for scope, _, _ in confirmed_rows(session.connection()).values()}
        assert scopes == set(session.scalars(select(SyncCursor.scope)))
        assert scopes == {f"reference:{office.tenant_id}"}
    assert not auditor.files.has(office.audit_id, photo)
    with office.read() as session:
        [receipt] = session.scalars(select(OpReceipt))
        assert receipt.verdict == "quarantined"
        assert "written before I was told" in receipt.raw
    auditor.round()


def removed(laptop: Laptop, office: Office) -> bool:
    with laptop.sessions() as session:
        return session.get(AuditChecklist, (office.tenant_id, office.items[0])) is None


def test_a_scope_that_is_granted_again_comes_back(
    office: Office, lead: Laptop, auditor: Laptop
) -> None:
    take_off_the_team(office, "auditor")
    auditor.round()
    assert removed(auditor, office)
    with office.write() as session:
        mine = AuditTeam.user_id == office.users["auditor"]
        member = session.scalars(select(AuditTeam).where(mine)).one()
        member.deleted_at = None
    rate(lead, office, 0, auditor_finding="meanwhile")
    lead.round()
    auditor.round()
    assert finding(auditor, office, 0) == "meanwhile"


def test_a_withdrawn_laptop_hands_in_what_it_has(office: Office, lead: Laptop) -> None:
    photo = photographed(lead, office, b"photo")
    rate(lead, office, 0, auditor_finding="last words")
    lead.gateway.may_only_deposit = True
    with pytest.raises(Revoked):
        lead.round()
    assert verdicts(lead) == ["quarantined"]
    assert office.blobs[photo] == b"photo"
    assert finding(office, office, 0) is None
    with office.read() as session:
        assert "last words" in session.scalars(select(OpReceipt.raw)).one()
    with pytest.raises(Revoked):
        lead.round()


def test_nothing_new_needs_one_message(office: Office, lead: Laptop, auditor: Laptop) -> None:
    rate(lead, office, 0, auditor_finding="seen")
    for laptop in (lead, auditor, lead, auditor):
        laptop.round()
    carried: list[str] = []
    auditor.wire.up = carried.append
    auditor.round()
    assert carried == ["hello"]
