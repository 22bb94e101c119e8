"""The hand-over file from laptop to laptop, and on to the server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import select

from intact_core import clock
from intact_core.errors import (
    BadInput,
    Damaged,
    IntactError,
    NotAllowed,
    NotFound,
    StorageFault,
    WrongPassphrase,
)
from intact_core.interchange.handover import Cost
from intact_core.records.audits import AuditTeam
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_desktop.store.tables import Blob, Carried, Outbox
from intact_desktop.store.upgrade import set_aside
from intact_desktop.sync.cards import Own
from intact_desktop.sync.files import add_pending
from intact_desktop.sync.handing_over import Holder, preview, take_over, write_file
from sync_server.tables.ledger import OpReceipt
from tests.simulation.office import Office, make_office
from tests.simulation.team import Body
from tests.simulation.world import KEY, Laptop, enrol

CHEAP = Cost(passes=1, memory_kib=8, lanes=1)
WORDS = "four words of mine"


@dataclass
class Desk:
    laptop: Laptop
    holder: Holder
    copies: list[Path] = field(default_factory=list)


@dataclass
class Site:
    office: Office
    auditor: Desk
    lead: Desk
    file: Path

    def write(self) -> None:
        write_file(self.auditor.holder, self.office.audit_id, WORDS, self.file, CHEAP, silent)

    def take(self, words: str = WORDS) -> object:
        return take_over(self.lead.holder, self.file, words, silent)


def silent(*_: object) -> None:
    pass


def desk(laptop: Laptop, own: Own, folder: Path) -> Desk:
    made = Desk(laptop, Holder(laptop.engine, laptop.files, own, lambda: None))

    def copied() -> None:
        made.copies.append(set_aside(laptop.engine, KEY, folder / "set-aside"))

    made.holder = Holder(laptop.engine, laptop.files, own, copied)
    return made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path / 'server.db'}"
    office = make_office(url, url)
    body, desks = Body(office), []
    for role, name in (("auditor", "Ada Auditor"), ("lead_auditor", "Lea Lead")):
        laptop = enrol(office, tmp_path / role, role)
        desks.append(desk(laptop, body.enrolled(laptop, name), tmp_path / role))
        laptop.round()
    yield Site(office, *desks, tmp_path / "stick" / "acme.intact-handover")
    for one in desks:
        one.laptop.engine.dispose()
    office.database.engine.dispose()


def work(site: Site) -> str:
    """A rating, and a photo; the photo's hash."""
    laptop, audit_id = site.auditor.laptop, site.office.audit_id
    photo = laptop.files.write(audit_id, [b"photo" * 300_000])
    with laptop.work() as session:
        key = (site.office.tenant_id, site.office.items[0])
        session.get_one(AuditChecklist, key).auditor_finding = "seen"
        session.add(
            AuditEvidence(
                audit_schedule_id=audit_id,
                file_name="p.jpg",
                content_type="image/jpeg",
                sha256=photo.sha256,
                size=photo.size,
            )
        )
        add_pending(session.connection(), audit_id, photo.sha256, photo.size)
    return photo.sha256


def finding(laptop: Laptop, office: Office) -> str | None:
    with laptop.sessions() as session:
        item = session.get(AuditChecklist, (office.tenant_id, office.items[0]))
        return item.auditor_finding if item else None


def untouched(site: Site) -> bool:
    laptop = site.lead.laptop
    with laptop.sessions() as session:
        carried = session.scalars(select(Carried)).all()
        blobs = session.scalars(select(Blob)).all()
    return not (carried or blobs or site.lead.copies) and finding(laptop, site.office) is None


def test_an_audits_work_goes_over_and_reaches_the_server_once(site: Site) -> None:
    photo = work(site)
    site.write()
    seen = preview(site.lead.holder, site.file, WORDS)
    assert (seen.operations, seen.new, seen.taken_at) == (2, 2, None)
    assert seen.manifest.made_by == "Ada Auditor"
    assert seen.manifest.title == "Acme Ltd, AUD-2026-001"
    assert [one.size for one in seen.manifest.files] == [1_500_000]
    assert seen.manifest.elsewhere == 0
    assert untouched(site)
    site.take()
    lead, auditor = site.lead.laptop, site.auditor.laptop
    assert finding(lead, site.office) == "seen"
    assert lead.files.read(site.office.audit_id, photo) == b"photo" * 300_000
    assert len(site.lead.copies) == 1
    lead.round()
    assert site.office.blobs[photo] == b"photo" * 300_000
    auditor.round()
    lead.round()
    with auditor.sessions() as session:
        assert set(session.scalars(select(Outbox.verdict))) == {"applied"}
    with site.office.read() as session:
        assert len(session.scalars(select(OpReceipt)).all()) == 2
    with lead.sessions() as session:
        assert session.scalars(select(Carried)).all() == []
        assert session.scalars(select(Blob.state)).all() == ["sent"]


def test_the_same_file_twice_and_a_newer_one_that_holds_the_same(site: Site) -> None:
    work(site)
    site.write()
    site.take()
    with pytest.raises(BadInput, match="taken over on .* already"):
        site.take()
    assert preview(site.lead.holder, site.file, WORDS).taken_at is not None
    with site.auditor.laptop.work() as session:
        key = (site.office.tenant_id, site.office.items[0])
        session.get_one(AuditChecklist, key).auditor_finding = "seen twice"
    site.file = site.file.with_name("second.intact-handover")
    site.write()
    seen = preview(site.lead.holder, site.file, WORDS)
    assert (seen.operations, seen.new) == (3, 1)
    site.take()
    assert finding(site.lead.laptop, site.office) == "seen twice"


def refused(site: Site, kind: type[IntactError], words: str, passphrase: str = WORDS) -> None:
    for call in (
        lambda: preview(site.lead.holder, site.file, passphrase),
        lambda: site.take(passphrase),
    ):
        with pytest.raises(kind, match=words):
            call()
    assert untouched(site)


def test_a_wrong_passphrase_changes_nothing(site: Site) -> None:
    work(site)
    site.write()
    refused(site, WrongPassphrase, "does not open", "other words of theirs")


def test_a_damaged_file_changes_nothing_wherever_it_is_damaged(site: Site) -> None:
    work(site)
    site.write()
    whole = site.file.read_bytes()
    for place in (30, 200, 3000, len(whole) // 2, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 1
        site.file.write_bytes(changed)
        with pytest.raises((Damaged, WrongPassphrase)):
            site.take()
        site.file.write_bytes(whole[:place])
        with pytest.raises((Damaged, BadInput)):
            site.take()
    assert untouched(site)
    site.file.write_bytes(whole)
    site.take()


def test_another_bodys_file_is_refused(site: Site) -> None:
    work(site)
    foreign = Body(site.office).enrolled(site.auditor.laptop, "Eve")
    site.auditor.holder = Holder(
        site.auditor.laptop.engine, site.auditor.laptop.files, foreign, silent
    )
    site.write()
    refused(site, NotAllowed, "does not belong to your certification body")


def test_who_is_not_on_the_team_is_refused(site: Site) -> None:
    work(site)
    site.write()
    with site.office.write() as session:
        mine = AuditTeam.user_id == site.lead.laptop.user_id
        row = session.scalars(select(AuditTeam).where(mine)).one()
        row.deleted_at, row.deleted_reason = clock.now(), "reassigned"
    site.lead.laptop.round()
    refused(site, NotFound, "not on this computer")


def test_who_is_taken_off_the_team_but_holds_the_audit_is_refused(site: Site) -> None:
    work(site)
    site.write()
    with site.lead.laptop.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_teams SET deleted_at = created_at")
    refused(site, NotAllowed, "not on the team")


def test_nothing_to_hand_over_and_no_such_file_are_said(site: Site) -> None:
    with pytest.raises(BadInput, match="nothing to hand over"):
        site.write()
    assert not site.file.exists()
    refused(site, StorageFault, "could not be read")


def test_a_file_that_came_through_a_third_laptop_reaches_the_server(
    site: Site, tmp_path: Path
) -> None:
    """The auditor's file is taken over by the lead, whose own file brings both to a third."""
    work(site)
    site.write()
    site.take()
    with site.lead.laptop.work() as session:
        key = (site.office.tenant_id, site.office.items[0])
        session.get_one(AuditChecklist, key).auditor_finding = "seen, and agreed"
    second = tmp_path / "second.intact-handover"
    write_file(site.lead.holder, site.office.audit_id, WORDS, second, CHEAP, silent)
    seen = preview(site.auditor.holder, second, WORDS)
    assert {(one.name, one.operations) for one in seen.manifest.shares} == {
        ("Ada Auditor", 2),
        ("Lea Lead", 1),
    }
    assert seen.new == 1
    take_over(site.auditor.holder, second, WORDS, silent)
    site.auditor.laptop.round()
    site.lead.laptop.round()
    assert finding(site.auditor.laptop, site.office) == "seen, and agreed"
    with site.lead.laptop.sessions() as session:
        assert session.scalars(select(Outbox.verdict)).all() == ["applied"]
