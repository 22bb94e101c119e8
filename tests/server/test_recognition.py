"""A laptop newer than the backup: known again by key and certificate, and by nothing less."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from sqlalchemy import delete, select

from intact_core import canonical, ids
from intact_core.documents.x509_certificates import (
    Subject,
    issue_device_certificate,
    key_hash,
    make_authority,
    person_of,
)
from intact_core.records.people import User
from intact_core.sync.operations import GENESIS, link
from intact_core.sync.protocol import PROTOCOL_VERSION
from sync_server.tables.ledger import AuditLog, Device
from tests.server.conftest import Laptop, Server
from tests.server.test_laptops import LEAD, hello

OFFICE, RIVAL = "cbadmin@demo.example", "cbadmin@rival.example"


@pytest.fixture
def laptop(server: Server) -> Laptop:
    return Laptop(server, LEAD)


def forget(laptop: Laptop) -> None:
    """As if the server came from a backup that is older than the laptop."""
    tenant_id = UUID(laptop.enrolment["tenant_id"])
    with laptop.server.database.write(tenant_id) as session:
        mine = Device.id == UUID(laptop.enrolment["device_id"])
        session.execute(delete(Device).where(Device.tenant_id == tenant_id, mine))


def claim(laptop: Laptop, certificate: str = "", **more: object) -> httpx2.Response:
    message = {
        "assertion": laptop.assertion(laptop.nonce()),
        "certificate": certificate or laptop.enrolment["certificates"][0],
        "chain": [],
        **more,
    }
    return laptop.client.post("/sync/v1/recognise", json=message)


def rename(laptop: Laptop) -> UUID:
    """The laptop goes by a name that it was given after the backup."""
    own = x509.load_pem_x509_certificate(laptop.enrolment["certificates"][0].encode())
    laptop.enrolment["device_id"] = str(name := ids.bound_id(key_hash(own)))
    return name


def row(laptop: Laptop) -> Device | None:
    tenant_id = UUID(laptop.enrolment["tenant_id"])
    with laptop.server.database.read(tenant_id) as session:
        return session.get(Device, (tenant_id, UUID(laptop.enrolment["device_id"])))


def test_a_laptop_enrolled_after_the_backup_is_known_again(laptop: Laptop) -> None:
    user_id = row(laptop).user_id
    forget(laptop)
    answer = laptop.ask_token(laptop.assertion(laptop.nonce()))
    assert (answer.status_code, answer.json()["code"]) == (401, "unknown_laptop")
    for _ in range(2):
        assert claim(laptop).status_code == 204
    made = row(laptop)
    assert (made.user_id, made.last_n, made.chain_hash, made.parent_id) == (
        user_id,
        0,
        GENESIS,
        None,
    )
    assert laptop.connect().post("/sync/v1/hello", json=hello()).status_code == 200
    with laptop.server.database.read(made.tenant_id) as session:
        query = select(AuditLog).where(AuditLog.resource_id == made.id)
        [entry] = session.scalars(query.where(AuditLog.action == "KNOW_AGAIN"))
    assert (entry.user_id, entry.device_id) == (user_id, made.id)
    assert "known by its certificate after a restore" in entry.new_values


def test_a_laptop_renamed_after_the_backup_goes_on_from_its_first_name(laptop: Laptop) -> None:
    first = row(laptop).id
    operation = {"id": str(ids.new_id()), "op_id": str(ids.new_id()), "txn_id": str(ids.new_id())}
    raw = raw_of(operation)
    assert push(laptop, raw).status_code == 200
    rename(laptop)
    shared = link(GENESIS, raw)
    chain = [[3, "a" * 64], [2, "b" * 64], [1, shared]]
    assert claim(laptop, chain=chain).status_code == 204
    made = row(laptop)
    assert (made.parent_id, made.parent_n, made.last_n) == (first, 1, 1)
    answer = laptop.connect().post("/sync/v1/hello", json=hello()).json()
    assert (answer["last_n"], answer["chain_hash"]) == (1, shared)


def raw_of(operation: dict[str, str]) -> bytes:
    return canonical.dumps(
        {
            "n": 1,
            "type": "audit_checklists",
            "kind": "update",
            "base_rev": 1,
            "wall_time": "2026-03-02T09:00:00Z",
            "changes": {"auditor_finding": [None, "last words"]},
            **operation,
        }
    )


def push(laptop: Laptop, raw: bytes, path: str = "push") -> httpx2.Response:
    signature = laptop.key.sign(link(GENESIS, raw).encode(), ec.ECDSA(hashes.SHA256()))
    head = {"protocol": 2, "prev_hash": GENESIS, "signature": signature.hex()}
    body = canonical.dumps({**head, "operations": []}).replace(b"[]", b"[" + raw + b"]")
    return laptop.connect().post(f"/sync/v1/{path}", content=body)


def refused(laptop: Laptop, certificate: str = "") -> str:
    """Asks to be known again, in vain; the sentence."""
    answer = claim(laptop, certificate)
    assert answer.status_code == 401, answer.text
    assert row(laptop) is None
    assert laptop.ask_token(laptop.assertion(laptop.nonce())).status_code == 401
    return answer.json()["sentence"]


def issued(laptop: Laptop, email: str, person: str = "") -> str:
    """A certificate for the laptop's key by the authority of that person's tenant."""
    server, tenant_id = laptop.server, laptop.server.tenant_of(email)
    with server.database.read(tenant_id) as session:
        authority = server.keys.authority(session, tenant_id)
    subject = Subject("Somebody", "Demo", laptop.enrolment["device_id"], person)
    made = issue_device_certificate(authority, laptop.key.public_key(), subject)
    return made.public_bytes(Encoding.PEM).decode()


def test_another_tenants_certificate_proves_nothing(server: Server, laptop: Laptop) -> None:
    forget(laptop)
    person = str(server.account(LEAD).user_id)
    assert "does not prove" in refused(laptop, issued(laptop, RIVAL, person))
    authority = make_authority("Demo Certification")
    subject = Subject("Daniel Otieno", "Demo", laptop.enrolment["device_id"], person)
    own = issue_device_certificate(authority, laptop.key.public_key(), subject)
    assert "does not prove" in refused(laptop, own.public_bytes(Encoding.PEM).decode())


def test_a_certificate_without_its_key_proves_nothing(server: Server, laptop: Laptop) -> None:
    forget(laptop)
    laptop.key = ec.generate_private_key(ec.SECP256R1())
    refused(laptop)


def test_a_proof_is_good_once(laptop: Laptop) -> None:
    forget(laptop)
    proof = laptop.assertion(laptop.nonce())
    assert claim(laptop, assertion=proof).status_code == 204
    forget(laptop)
    assert claim(laptop, assertion=proof).status_code == 401
    assert row(laptop) is None


def test_the_key_that_signs_certificates_is_no_laptop(server: Server, laptop: Laptop) -> None:
    forget(laptop)
    tenant_id = server.tenant_of(LEAD)
    with server.database.read(tenant_id) as session:
        signer = server.keys.document(session, tenant_id)
    laptop.key = signer.key
    refused(laptop, signer.certificate.public_bytes(Encoding.PEM).decode())


def test_a_certificate_that_has_run_out_is_refused(frozen_clock, laptop: Laptop) -> None:
    forget(laptop)
    frozen_clock.advance(timedelta(days=731))
    assert "has run out" in refused(laptop)


def test_a_person_made_after_the_backup_is_told_so(laptop: Laptop) -> None:
    forget(laptop)
    sentence = refused(laptop, issued(laptop, LEAD, str(ids.new_id())))
    assert "older than your account" in sentence
    assert "Nothing on it was lost" in sentence


@pytest.mark.parametrize("values", [{"is_active": False}, {"is_active": True, "client_id": "any"}])
def test_a_person_who_may_not_enrol_is_not_taken_up(
    server: Server, laptop: Laptop, values: dict[str, object]
) -> None:
    forget(laptop)
    tenant_id, user_id = server.tenant_of(LEAD), server.account(LEAD).user_id
    with server.database.write(tenant_id) as session:
        if "client_id" in values:
            client_id = session.scalars(
                select(User.client_id).where(User.client_id.is_not(None))
            ).first()
            values = values | {"client_id": client_id}
        person = session.get_one(User, (tenant_id, user_id))
        for name, value in values.items():
            setattr(person, name, value)
    assert "not active" in refused(laptop)


def revoke(laptop: Laptop) -> None:
    tenant_id = UUID(laptop.enrolment["tenant_id"])
    with laptop.server.database.write(tenant_id) as session:
        key = (tenant_id, UUID(laptop.enrolment["device_id"]))
        device = session.get_one(Device, key)
        device.revoked_at = device.enrolled_at


@pytest.mark.parametrize("withdrawn", ["first name", "other name"])
def test_what_was_withdrawn_stays_withdrawn_under_any_name(laptop: Laptop, withdrawn: str) -> None:
    """Whoever holds the key of a withdrawn laptop could think of a new name."""
    if withdrawn == "other name":
        rename(laptop)
        assert claim(laptop).status_code == 204
    revoke(laptop)
    rename(laptop)
    assert claim(laptop).status_code == 204
    answer = laptop.connect().post("/sync/v1/hello", json=hello())
    assert (answer.status_code, answer.json()["code"]) == (403, "revoked")
    operation = {"id": str(ids.new_id()), "op_id": str(ids.new_id()), "txn_id": str(ids.new_id())}
    assert push(laptop, raw_of(operation)).status_code == 403
    [receipt] = push(laptop, raw_of(operation), "deposit").json()["receipts"]
    assert receipt["verdict"] == "quarantined"


def test_a_name_that_the_server_forgot_goes_to_its_own_laptop_alone(
    server: Server, laptop: Laptop
) -> None:
    """A colleague with a laptop of the same tenant, who knows the name and comes first."""
    thief = Laptop(server, "auditor@demo.example")
    own = thief.enrolment["device_id"]
    forget(laptop)
    for name in (laptop.enrolment["device_id"], str(rename(laptop)), str(ids.new_id())):
        thief.enrolment["device_id"] = name
        assert claim(thief).status_code == 403
        assert row(thief) is None
        thief.enrolment["device_id"] = own
        asked = {"protocol": PROTOCOL_VERSION, "device_id": name, "chain": []}
        assert thief.connect().post("/sync/v1/successor", json=asked).status_code == 403
    assert claim(laptop).status_code == 204


def test_nobody_gets_another_laptops_name(server: Server, laptop: Laptop) -> None:
    thief = Laptop(server, "auditor@demo.example")
    before = row(laptop)
    thief.enrolment["device_id"] = laptop.enrolment["device_id"]
    assert claim(thief).status_code == 401
    after = row(laptop)
    assert (after.user_id, after.certificate) == (before.user_id, before.certificate)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda message: message | {"certificate": "no certificate"},
        lambda message: message | {"chain": [[0, "x"]]},
        lambda message: message | {"chain": [[1 << 70, "x"]]},
        lambda message: message | {"chain": [[1, "x"]] * 200},
        lambda message: message | {"assertion": "x.y.z"},
    ],
)
def test_nonsense_is_refused(
    laptop: Laptop, spoil: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    forget(laptop)
    good = {
        "assertion": laptop.assertion(laptop.nonce()),
        "certificate": laptop.enrolment["certificates"][0],
        "chain": [],
    }
    answer = laptop.client.post("/sync/v1/recognise", json=spoil(good))
    assert answer.status_code in (400, 401)
    assert row(laptop) is None


def test_a_tenant_that_is_not_there_is_refused(laptop: Laptop) -> None:
    forget(laptop)
    laptop.enrolment["tenant_id"] = str(ids.new_id())
    assert claim(laptop).status_code == 401


def test_the_certificate_names_the_person(server: Server, laptop: Laptop) -> None:
    own = x509.load_pem_x509_certificate(laptop.enrolment["certificates"][0].encode())
    assert person_of(own) == str(server.account(LEAD).user_id)
