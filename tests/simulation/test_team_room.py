"""The team room over real sockets: laptops meet without a server, then one reaches it."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import func, select

from intact_core import clock, ids
from intact_core.errors import BadInput, NotAllowed, NotFound, NotSignedIn, Offline
from intact_core.records.audits import AuditTeam
from intact_core.records.checklist import AuditChecklist, AuditEvidence
from intact_core.records.conflicts import Conflict
from intact_core.records.people import User
from intact_desktop.store.tables import Blob, Carried, Outbox
from intact_desktop.sync.applying import cursors
from intact_desktop.sync.cards import Own
from intact_desktop.sync.exchanging import Side
from intact_desktop.sync.files import add_pending
from intact_desktop.sync.relay import Relay, Room
from intact_desktop.sync.room_code import TRIES, RoomCode
from intact_desktop.sync.room_finding import Announcement, find
from intact_desktop.sync.room_member import Address, Membership, join
from sync_server.tables.ledger import OpReceipt
from tests.simulation.room_process import Given
from tests.simulation.team import Body
from tests.simulation.world import Laptop, Office, enrol, make_office

LOOPBACK = "127.0.0.1"


@dataclass
class Site:
    office: Office
    body: Body
    laptops: dict[str, Laptop]
    owns: dict[str, Own]
    folder: Path
    relays: list[Relay] = field(default_factory=list)

    def side(self, who: str) -> Side:
        laptop = self.laptops[who]
        return Side(laptop.engine, laptop.files, self.owns[who], self.office.audit_id)

    def open_room(self) -> Relay:
        relay = Relay(Room(self.side("lead")), LOOPBACK)
        self.relays.append(relay)
        return relay

    def join(self, who: str, relay: Relay, code: str = "") -> Membership:
        laptop = self.laptops[who]
        address = Address(LOOPBACK, relay.port)
        typed = code or relay.room.code.now()[0]
        return join(laptop.engine, laptop.files, self.owns[who], address, typed)

    def rate(self, who: str, place: int, words: str) -> None:
        with self.laptops[who].work() as session:
            key = (self.office.tenant_id, self.office.items[place])
            session.get_one(AuditChecklist, key).auditor_finding = words

    def finding(self, who: str, place: int) -> str | None:
        with self.laptops[who].sessions() as session:
            key = (self.office.tenant_id, self.office.items[place])
            return session.get_one(AuditChecklist, key).auditor_finding

    def all_agree(self) -> None:
        """After two rounds each: one receipt for each operation, the same digests everywhere."""
        for laptop in [*self.laptops.values(), *self.laptops.values()]:
            laptop.round()
        known, made = [], 0
        for laptop in self.laptops.values():
            with laptop.engine.connect() as connection:
                known.append({(one.scope, one.digest) for one in cursors(connection)})
                assert connection.scalar(select(func.count()).select_from(Carried)) == 0
                verdicts = connection.scalars(select(Outbox.verdict)).all()
                assert None not in verdicts
                made += len(verdicts)
        assert all(one == known[0] for one in known)
        with self.office.read() as session:
            stored = session.scalars(select(OpReceipt.op_id)).all()
            assert len(stored) == len(set(stored)) == made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    url = f"sqlite:///{tmp_path / 'server.db'}"
    office = make_office(url, url)
    with office.write() as session:
        third = User(id=ids.new_id(), email="third@x.example", username="third")
        session.add(third)
        session.flush()
        session.add(
            AuditTeam(
                audit_schedule_id=office.audit_id, user_id=third.id, role="auditor", letter="C"
            )
        )
        office.users["third"] = third.id
    site = Site(office, Body(office), {}, {}, tmp_path)
    for who, role, name in (
        ("lead", "lead_auditor", "Lea Lead"),
        ("ada", "auditor", "Ada Auditor"),
        ("tom", "third", "Tom Third"),
    ):
        site.laptops[who] = enrol(office, tmp_path / who, role)
        site.owns[who] = site.body.enrolled(site.laptops[who], name)
        site.laptops[who].round()
    yield site
    for relay in site.relays:
        relay.close()
    for laptop in site.laptops.values():
        laptop.engine.dispose()
    office.database.engine.dispose()


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


def test_a_wrong_code_is_refused_and_five_make_a_new_one(site: Site) -> None:
    relay = site.open_room()
    right = relay.room.code.now()[0]
    for _ in range(TRIES):
        with pytest.raises(BadInput, match="not the code") as refused:
            site.join("ada", relay, "2222-2222")
        assert refused.value.title == "That is not the code"
    with pytest.raises(BadInput, match="not the code"):
        site.join("ada", relay, right)
    site.join("ada", relay, relay.room.code.now()[0].lower().replace("-", " ")).close()


@pytest.mark.parametrize("moved", [timedelta(minutes=16), timedelta(days=-1)])
def test_a_code_ends_by_time_and_by_a_clock_turned_back(moved: timedelta) -> None:
    code = RoomCode()
    shown, _ = code.now()
    assert code.fits(shown)
    there = clock.now() + moved
    clock.use(lambda: there)
    try:
        assert not code.fits(shown)
    finally:
        clock.use(None)


def test_a_laptop_of_another_body_neither_comes_in_nor_learns_the_code(site: Site) -> None:
    relay = site.open_room()
    right = relay.room.code.now()[0]
    site.owns["ada"] = Body(site.office).enrolled(site.laptops["ada"], "Eve")
    with pytest.raises(NotAllowed, match="does not belong"):
        site.join("ada", relay)
    assert relay.room.seats()[1:] == []
    foreign = Body(site.office)
    lead = site.laptops["lead"]
    false = Side(lead.engine, lead.files, foreign.enrolled(lead, "Lea Lead"), site.office.audit_id)
    site.owns["ada"] = site.body.enrolled(site.laptops["ada"], "Ada Auditor")
    trap = Relay(Room(false), LOOPBACK)
    site.relays.append(trap)
    with pytest.raises(NotAllowed, match="does not belong"):
        site.join("ada", trap, right)
    assert trap.room.code.now()[0] != right


def test_a_lead_whose_answers_are_relayed_by_somebody_else_is_refused(site: Site) -> None:
    """Somebody in between has another TLS certificate than the one that the lead signs."""
    relay = site.open_room()
    lead = site.side("lead")

    class Between(Room):
        def knock(self, message):
            return relay.room.knock(message)

    trap = Relay(Between(lead), LOOPBACK)
    site.relays.append(trap)
    with pytest.raises(BadInput, match="not signed"):
        site.join("ada", trap)


def test_who_is_not_on_the_team_stays_outside(site: Site) -> None:
    relay = site.open_room()
    with site.laptops["lead"].engine.begin() as connection:
        user_id = site.laptops["tom"].user_id
        connection.execute(
            AuditTeam.__table__.update()
            .where(AuditTeam.user_id == user_id)
            .values(deleted_at=func.now())
        )
    with pytest.raises(NotAllowed, match="Tom Third is not on the team"):
        site.join("tom", relay)


def test_a_lease_that_is_over_stays_outside(site: Site) -> None:
    relay = site.open_room()
    ada = site.laptops["ada"]
    card = site.owns["ada"].card
    past = {"issued_at": "2026-01-01T00:00:00Z", "expires_at": "2026-01-04T00:00:00Z"}
    key = card.lease.claims["key"]
    old = msgspec.structs.replace(card, lease=site.body.lease(ada, key=key, **past))
    site.owns["ada"] = replace(site.owns["ada"], card=old)
    with pytest.raises(NotAllowed, match="ended on"):
        site.join("ada", relay)


def test_a_stranger_gets_nothing_without_a_token(site: Site) -> None:
    relay = site.open_room()
    ada = site.join("ada", relay)
    ada._headers["authorization"] = "Bearer guessed"
    site.rate("lead", 0, "secret")
    with pytest.raises(NotSignedIn):
        ada.round()
    for path in ("exchange", "files/" + "0" * 64, "else"):
        assert ada._client.post(path, content=b"{}").status_code in (401, 404)
    assert ada._client.get("files/" + "0" * 64).status_code == 401
    assert ada._client.post("knock", content=b"[]").status_code == 400
    ada.close()


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


def given_to(site: Site, who: str, relay: Relay, place: int) -> Path:
    laptop, own = site.laptops[who], site.owns[who]
    folder = site.folder / who
    pem = laptop.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    given = Given(
        pem.decode(),
        own.card,
        own.trust.tenant_id,
        own.trust.authority,
        own.trust.lease_key,
        site.office.items[place],
        f"{LOOPBACK}:{relay.port}",
        relay.room.code.now()[0],
    )
    (folder / "given.json").write_bytes(msgspec.json.encode(given))
    return folder


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


def test_an_audit_that_is_not_here_cannot_be_joined(site: Site) -> None:
    relay = site.open_room()
    with site.laptops["ada"].engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_schedules SET deleted_at = created_at")
    with pytest.raises(NotFound, match="not on this computer"):
        site.join("ada", relay)
