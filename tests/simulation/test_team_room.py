"""The team room over real sockets: laptops meet without a server, then one reaches it."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from intact_core.errors import BadInput, Offline
from intact_core.records.checklist import AuditEvidence
from intact_core.records.conflicts import Conflict
from intact_desktop.store.tables import Blob, Carried
from intact_desktop.sync.files import add_pending
from intact_desktop.sync.room_finding import Announcement, find
from intact_desktop.sync.room_member import Address, join
from sync_server.tables.ledger import OpReceipt
from tests.simulation.site import LOOPBACK, Site, given_to, open_site


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    yield from open_site(tmp_path)


def test_three_laptops_see_each_other_and_one_carries_all_to_the_server(site: Site) -> None:
    relay = site.open_room()
    ada, tom = site.join("ada", relay), site.join("tom", relay)
    assert ada.title == "Acme Ltd, AUD-2026-001"
    for place, who in enumerate(("lead", "ada", "tom")):
        site.rate(who, place, f"by {who}")
    met = ada.round()
    assert (met.received, met.sent) == (1, 1)
    tom.round()
    ada.round()
    for who in site.laptops:
        assert [site.finding(who, place) for place in range(3)] == ["by lead", "by ada", "by tom"]
    ada.round()
    seats = {one.name: one for one in tom.round().seats}
    assert seats["Lea Lead"].is_lead
    assert {one.missing for one in seats.values()} == {0}
    assert {one.holds for one in seats.values()} == {3}
    ada.close()
    tom.close()
    site.laptops["tom"].round()
    with site.office.read() as session:
        assert session.scalar(select(func.count()).select_from(OpReceipt)) == 3
    site.all_agree()
    for who in site.laptops:
        assert [site.finding(who, place) for place in range(3)] == ["by lead", "by ada", "by tom"]


def test_a_round_with_nothing_new_moves_nothing(site: Site) -> None:
    relay = site.open_room()
    ada = site.join("ada", relay)
    site.rate("ada", 0, "once")
    assert ada.round().sent == 1
    met = ada.round()
    assert (met.received, met.sent, met.files, met.refused) == (0, 0, 0, ())
    ada.close()


def photo_of(site: Site, who: str, content: bytes) -> str:
    laptop, audit_id = site.laptops[who], site.office.audit_id
    photo = laptop.files.write(audit_id, [content])
    with laptop.work() as session:
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


def test_photos_reach_everybody_and_the_server_by_whoever_meets_it(site: Site) -> None:
    relay = site.open_room()
    ada, tom = site.join("ada", relay), site.join("tom", relay)
    content = b"photo of ada" * 200_000
    photos = [photo_of(site, "ada", content), photo_of(site, "lead", b"photo of the lead")]
    assert ada.round().files == 2
    assert tom.round().files == 2
    for laptop in site.laptops.values():
        assert laptop.files.read(site.office.audit_id, photos[0]) == content
        assert laptop.files.has(site.office.audit_id, photos[1])
    for member in (ada, tom):
        member.close()
    site.laptops["tom"].round()
    assert {site.office.blobs[one] for one in photos} == {content, b"photo of the lead"}
    site.all_agree()
    with site.laptops["ada"].sessions() as session:
        assert set(session.scalars(select(Blob.state))) == {"sent"}


def test_the_same_value_changed_by_two_is_one_conflict_in_the_end(site: Site) -> None:
    relay = site.open_room()
    ada = site.join("ada", relay)
    site.rate("lead", 0, "of the lead")
    site.rate("ada", 0, "of ada")
    ada.round()
    assert site.finding("lead", 0) == "of the lead"
    assert site.finding("ada", 0) == "of ada"
    ada.close()
    site.laptops["ada"].round()
    site.all_agree()
    for laptop in site.laptops.values():
        with laptop.sessions() as session:
            assert len(session.scalars(select(Conflict)).all()) == 1


def test_a_lead_that_goes_away_costs_nothing_and_may_come_back(site: Site) -> None:
    relay = site.open_room()
    ada = site.join("ada", relay)
    site.rate("lead", 0, "before")
    ada.round()
    relay.close()
    site.relays.clear()
    site.rate("ada", 1, "while away")
    with pytest.raises(Offline, match="does not answer"):
        ada.round()
    ada.close()
    with pytest.raises(Offline):
        site.join("ada", relay, "AAAA-AAAA")
    assert site.finding("ada", 0) == "before"
    again = site.join("ada", site.open_room())
    again.round()
    assert site.finding("lead", 1) == "while away"
    again.close()
    site.laptops["ada"].round()
    site.all_agree()


def test_something_else_at_the_address_is_told(site: Site) -> None:
    with socket.create_server((LOOPBACK, 0)) as plain:
        port = plain.getsockname()[1]

        def answer() -> None:
            accepted, _ = plain.accept()
            accepted.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            accepted.close()

        thread = threading.Thread(target=answer)
        thread.start()
        laptop = site.laptops["ada"]
        with pytest.raises(Offline):
            join(laptop.engine, laptop.files, site.owns["ada"], Address(LOOPBACK, port), "x")
        thread.join()


@pytest.mark.parametrize("text", ["", "here", "here:", ":80", "here:0", "here:70000", "a:b"])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(BadInput, match="looks like"):
        Address.typed(text)


def test_a_room_is_found_by_its_announcement() -> None:
    try:
        announcement = Announcement("Lea Lead", 40123, LOOPBACK)
    except Offline:
        pytest.skip("this machine lets nothing be announced")
    try:
        found = find(2.0, LOOPBACK)
    finally:
        announcement.close()
    assert [(one.lead, one.address) for one in found] == [("Lea Lead", Address(LOOPBACK, 40123))]


def test_processes_meet_and_one_is_killed_in_the_middle(site: Site) -> None:
    relay = site.open_room()
    root = Path(__file__).parents[2]
    members = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.simulation.room_process", given_to(site, who, relay, n)],
            cwd=root,
        )
        for n, who in enumerate(("ada", "tom"))
    ]
    try:
        wait_for(lambda: count(site, "lead") >= 12 and site.finding("lead", 1) is not None)
        members[0].send_signal(signal.SIGKILL)
        members[0].wait()
        seen = count(site, "lead")
        wait_for(lambda: count(site, "lead") >= seen + 5)
    finally:
        for one in members:
            one.kill()
            one.wait()
    site.laptops["lead"].round()
    with site.office.read() as session:
        carried = session.scalar(select(func.count()).select_from(OpReceipt)) or 0
    assert carried >= seen + 5
    site.all_agree()
    for place, who in enumerate(("ada", "tom")):
        last = site.finding(who, place)
        assert last is not None
        assert last.endswith(who)
        assert site.finding("lead", place) == last


def count(site: Site, who: str) -> int:
    with site.laptops[who].sessions() as session:
        return session.scalar(select(func.count()).select_from(Carried)) or 0


def wait_for(done, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)
