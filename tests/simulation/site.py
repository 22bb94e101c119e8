"""Three laptops of one team on site, and rooms over real sockets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy import func, select

from intact_core import ids
from intact_core.records.audits import AuditTeam
from intact_core.records.checklist import AuditChecklist
from intact_core.records.people import User
from intact_desktop.store.tables import Carried, Outbox
from intact_desktop.sync.applying import cursors
from intact_desktop.sync.cards import Own
from intact_desktop.sync.exchanging import Side
from intact_desktop.sync.relay import Relay
from intact_desktop.sync.room import Room
from intact_desktop.sync.room_member import Address, Membership, join
from sync_server.tables.ledger import OpReceipt
from tests.simulation.office import Office, make_office
from tests.simulation.room_process import Given
from tests.simulation.team import Body
from tests.simulation.world import Laptop, enrol

LOOPBACK = "127.0.0.1"


@dataclass
class Site:
    """A team on site: laptops by name, what each can prove, rooms that are open."""

    office: Office
    body: Body
    laptops: dict[str, Laptop]
    owns: dict[str, Own]
    folder: Path
    relays: list[Relay] = field(default_factory=list)

    def side(self, who: str) -> Side:
        laptop = self.laptops[who]
        return Side(laptop.engine, laptop.files, self.owns[who], self.office.audit_id)

    def open_room(self, host: str = LOOPBACK) -> Relay:
        relay = Relay(Room(self.side("lead")), host)
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


def open_site(tmp_path: Path) -> Iterator[Site]:
    """The office and three synced laptops of its team; all is closed at the end."""
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


def given_to(site: Site, who: str, relay: Relay, place: int, lead: str = "") -> Path:
    """Files for the process of a member; where a lead is named it has to find that lead's room."""
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
        lead or f"{LOOPBACK}:{relay.port}",
        relay.room.code.now()[0],
    )
    (folder / "given.json").write_bytes(msgspec.json.encode(given))
    return folder
