"""A colleague's operations brought over HTTP; and the card that the server's enrolment makes."""

import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from sqlalchemy import select

from intact_core import canonical, clock, ids
from intact_core.errors import NotAllowed
from intact_core.records.audits import AuditAttendance, AuditTeam
from intact_core.sync.operations import GENESIS, Operation, link, raw_bytes
from intact_core.sync.protocol import PROTOCOL_VERSION
from intact_desktop.sync.cards import Card, Trust, bearer_of
from intact_desktop.vault.lease import read_signed
from sync_server.tables.ledger import OpReceipt
from tests.server.conftest import Laptop, Server

LEAD, AUDITOR = "lead@demo.example", "auditor@demo.example"


def attendance(server: Server, laptop: Laptop) -> bytes:
    """A record that the lead makes on the own audit, as raw bytes."""
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        mine = AuditTeam.user_id == server.account(LEAD).user_id
        audit_id = session.scalars(select(AuditTeam.audit_schedule_id).where(mine)).first()
    id_, now = ids.new_id(), clock.now()
    values = {
        "tenant_id": str(tenant_id),
        "id": str(id_),
        "created_at": canonical.to_wire(now),
        "audit_schedule_id": str(audit_id),
        "name": "Ms Guest",
        "opening": True,
        "closing": False,
    }
    changes = {name: (None, value) for name, value in values.items()}
    kind = AuditAttendance.__tablename__
    return raw_bytes(Operation(1, ids.new_id(), ids.new_id(), kind, id_, "create", 0, changes, now))


def carried(owner: Laptop, raw: bytes) -> str:
    value = link(GENESIS, raw)
    signature = owner.key.sign(value.encode(), ec.ECDSA(hashes.SHA256())).hex()
    body = {
        "protocol": PROTOCOL_VERSION,
        "device_id": owner.enrolment["device_id"],
        "prev_hash": GENESIS,
        "signature": signature,
        "operations": [],
    }
    return json.dumps(body).replace('"operations": []', f'"operations": [{raw.decode()}]')


def test_another_laptop_brings_it_and_the_owner_gets_the_same_receipt(server: Server) -> None:
    lead, auditor = Laptop(server, LEAD), Laptop(server, AUDITOR)
    body = carried(lead, attendance(server, lead))
    client = auditor.connect()
    first = client.post("/sync/v1/carry", content=body)
    assert first.status_code == 200, first.text
    [receipt] = first.json()["receipts"]
    assert receipt["verdict"] == "applied"
    assert client.post("/sync/v1/carry", content=body).json() == first.json()
    own = lead.connect().post("/sync/v1/push", content=body)
    assert own.json() == first.json()
    with server.database.read(server.tenant_of(LEAD)) as session:
        row = session.scalars(select(OpReceipt)).one()
        assert str(row.device_id) == lead.enrolment["device_id"]


def test_another_tenants_laptop_is_as_one_that_is_not_there(server: Server) -> None:
    lead = Laptop(server, LEAD)
    body = carried(lead, attendance(server, lead))
    stranger = Laptop(server, "cbadmin@rival.example").connect()
    missing = body.replace(lead.enrolment["device_id"], str(ids.new_id()))
    answers = [stranger.post("/sync/v1/carry", content=one) for one in (body, missing)]
    assert [one.status_code for one in answers] == [403, 403]
    assert answers[0].json() == answers[1].json()
    assert stranger.post("/sync/v1/carry", content="{}").status_code == 400


def test_what_enrolment_gives_proves_a_laptop_to_its_colleagues_alone(server: Server) -> None:
    lead = Laptop(server, LEAD).enrolment
    card = Card(lead["certificates"][0], read_signed(lead["lease"]))
    auditor = Laptop(server, AUDITOR).enrolment
    trust = Trust(auditor["tenant_id"], auditor["certificates"][1], auditor["lease_public_key"])
    bearer = bearer_of(card, trust)
    assert str(bearer.device_id) == lead["device_id"]
    assert bearer.name == "Daniel Otieno"
    bearer.check_present()
    rival = Laptop(server, "cbadmin@rival.example").enrolment
    foreign = Trust(rival["tenant_id"], rival["certificates"][1], rival["lease_public_key"])
    with pytest.raises(NotAllowed, match="does not belong"):
        bearer_of(card, foreign)
