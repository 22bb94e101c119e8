"""Laptops: enrolled by a proved key, signed in without trusting their clock, revoked at once."""

import base64
import hashlib
import json
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key

from intact_core import canonical, clock, ids
from intact_core.sync.operations import GENESIS
from intact_core.sync.protocol import PROTOCOL_VERSION
from sync_server.services.demo import PASSWORD
from tests.server.conftest import Laptop, Server, signing_request

LEAD = "lead@demo.example"


def hello(**other: object) -> dict[str, object]:
    return {
        "protocol": PROTOCOL_VERSION,
        "app_version": "0.1.0",
        "schema_version": 1,
        "epoch": "",
        "last_n": 0,
        "chain_hash": GENESIS,
        "wall_time": "2026-03-02T09:00:00Z",
        **other,
    }


def test_enrolment_gives_a_certificate_of_the_tenants_authority(server: Server) -> None:
    laptop = Laptop(server, LEAD)
    own, authority = map(
        x509.load_pem_x509_certificate,
        (text.encode() for text in laptop.enrolment["certificates"]),
    )
    own.verify_directly_issued_by(authority)
    assert own.public_key() == laptop.key.public_key()
    assert "Daniel Otieno" in own.subject.rfc4514_string()
    assert laptop.enrolment["device_id"] in own.subject.rfc4514_string()
    assert laptop.enrolment["user_name"] == "Daniel Otieno"


def test_the_lease_is_signed_for_three_days(server: Server) -> None:
    laptop = Laptop(server, LEAD)
    lease = laptop.enrolment["lease"]
    key = load_pem_public_key(laptop.enrolment["lease_public_key"].encode())
    signature = base64.b64decode(lease["signature"])
    key.verify(signature, canonical.dumps(lease["claims"]), ec.ECDSA(hashes.SHA256()))
    assert lease["claims"]["device_id"] == laptop.enrolment["device_id"]
    begins, ends = lease["claims"]["issued_at"], lease["claims"]["expires_at"]
    assert begins[:10] < ends[:10]
    assert ends.endswith("Z")


@pytest.mark.parametrize("kind", ["no request", "RSA", "foreign signature"])
def test_a_request_that_proves_nothing_is_refused(server: Server, kind: str) -> None:
    request = "not a request"
    if kind == "RSA":
        key = rsa.generate_private_key(65537, 2048)
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
        request = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    elif kind == "foreign signature":
        one, two = (
            base64.b64decode("".join(signing_request(_key()).splitlines()[1:-1])) for _ in range(2)
        )
        mixed = base64.encodebytes(one[:-72] + two[-72:]).decode()
        request = f"-----BEGIN CERTIFICATE REQUEST-----\n{mixed}-----END CERTIFICATE REQUEST-----\n"
    answer = server.bearer(LEAD).post(
        "/api/v1/devices", json={"name": "x", "signing_request": request}
    )
    assert answer.status_code == 400
    assert answer.json()["success"] is False


def _key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def test_a_client_enrols_no_laptop(server: Server) -> None:
    answer = server.bearer("client@demo.example").post(
        "/api/v1/devices", json={"name": "x", "signing_request": signing_request(_key())}
    )
    assert answer.status_code == 403


def test_an_assertion_opens_the_sync_and_nothing_else(server: Server) -> None:
    client = Laptop(server, LEAD).connect()
    answer = client.post("/sync/v1/hello", json=hello())
    assert answer.status_code == 200, answer.text
    heads = answer.json()["heads"]
    assert sum(head["scope"].startswith("audit:") for head in heads) == 2
    assert client.get("/api/v1/auth/me").status_code == 403


def test_a_persons_token_opens_no_sync(server: Server) -> None:
    answer = server.bearer(LEAD).post("/sync/v1/hello", content=json.dumps(hello()))
    assert answer.status_code == 403
    assert server.client().post("/sync/v1/hello", content="{}").status_code == 401


def test_a_greeting_is_short_whoever_sends_it(server: Server) -> None:
    long = json.dumps(hello(epoch="x" * (64 << 10)))
    for client in (Laptop(server, LEAD).connect(), server.client()):
        answer = client.post("/sync/v1/hello", content=long)
        assert (answer.status_code, "at most" in answer.json()["sentence"]) == (400, True)


def test_a_nonce_is_good_once_and_for_two_minutes(server: Server, frozen_clock) -> None:
    laptop = Laptop(server, LEAD)
    used = laptop.assertion(laptop.nonce())
    assert laptop.ask_token(used).status_code == 200
    assert laptop.ask_token(used).status_code == 401
    old = laptop.assertion(laptop.nonce())
    frozen_clock.advance(timedelta(minutes=3))
    assert laptop.ask_token(old).status_code == 401
    invented = base64.urlsafe_b64encode(bytes(40)).decode()
    for nonce in ("", "x", invented):
        assert laptop.ask_token(laptop.assertion(nonce)).status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://evil.example"},
        {"tenant_id": "00000000-0000-7000-8000-000000000000"},
        {"iss": "00000000-0000-7000-8000-000000000000"},
        {"sub": "x", "iss": "x"},
    ],
)
def test_an_assertion_for_another_server_tenant_or_device_is_refused(
    server: Server, wrong: dict[str, str]
) -> None:
    laptop = Laptop(server, LEAD)
    answer = laptop.ask_token(laptop.assertion(laptop.nonce(), **wrong))
    assert answer.status_code == 401
    assert "sentence" in answer.json()


def test_another_key_and_no_signature_are_refused(server: Server) -> None:
    laptop, thief = Laptop(server, LEAD), Laptop(server, "auditor@demo.example")
    thief.enrolment = laptop.enrolment
    assert thief.ask_token(thief.assertion(laptop.nonce())).status_code == 401
    head, body, _ = laptop.assertion(laptop.nonce()).split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    for forged in (f"{unsigned}.{body}.", f"{head}.{body}.", "x.y", "..", "é"):
        assert laptop.ask_token(forged).status_code == 401


def test_a_token_lasts_fifteen_minutes(server: Server, frozen_clock) -> None:
    client = Laptop(server, LEAD).connect()
    frozen_clock.advance(timedelta(minutes=14))
    assert client.post("/sync/v1/hello", content=json.dumps(hello())).status_code == 200
    frozen_clock.advance(timedelta(minutes=2))
    assert client.post("/sync/v1/hello", content=json.dumps(hello())).status_code == 401


def test_the_laptops_clock_does_not_matter(server: Server) -> None:
    laptop = Laptop(server, LEAD)
    client = laptop.connect()
    off = hello(wall_time=(clock.now() - timedelta(days=365)).isoformat())
    assert client.post("/sync/v1/hello", content=json.dumps(off)).status_code == 200


def test_a_revoked_laptop_is_refused_at_once(server: Server) -> None:
    laptop = Laptop(server, LEAD, "Daniel's laptop")
    client = laptop.connect()
    office = server.person("cbadmin@demo.example")
    path = f"/devices/{laptop.enrolment['device_id']}/revoke"
    assert office.post(path, {"password": "wrong"}).status_code == 401
    assert client.post("/sync/v1/hello", content=json.dumps(hello())).status_code == 200
    assert "refused from now on" in office.done(path, {"password": PASSWORD})
    for path, body in (("hello", hello()), ("pull", {}), ("push", {}), ("successor", {})):
        answer = client.post(f"/sync/v1/{path}", content=json.dumps(body))
        assert (answer.status_code, answer.json()["code"]) == (403, "revoked"), path
    assert client.get(f"/sync/v1/blobs/{'0' * 64}").json()["code"] == "revoked"


def test_a_revoked_laptop_may_still_hand_in_what_it_has(server: Server) -> None:
    laptop = Laptop(server, LEAD)
    path = f"/devices/{laptop.enrolment['device_id']}/revoke"
    server.person("cbadmin@demo.example").done(path, {"password": PASSWORD})
    operation = {"id": str(ids.new_id()), "op_id": str(ids.new_id()), "txn_id": str(ids.new_id())}
    for _ in range(2):
        laptop.hand_in(kind="create", changes={"requirement": [None, "last words"]}, **operation)
    client = laptop.connect()
    offer = {"sha256": hashlib.sha256(b"photo").hexdigest(), "size": 5}
    assert client.post("/sync/v1/blobs", content=json.dumps(offer)).json()["offset"] == 0


def test_an_application_that_is_too_old_is_told_so_and_may_hand_in(server: Server) -> None:
    client = Laptop(server, LEAD).connect()
    answer = client.post("/sync/v1/hello", content=json.dumps(hello(protocol=0)))
    assert (answer.status_code, answer.json()["code"]) == (426, "upgrade")
    answer = client.post("/sync/v1/hello", content=json.dumps(hello(protocol=99)))
    assert answer.status_code == 400
    assert "newer version" in answer.json()["sentence"]


def test_only_the_office_revokes(server: Server) -> None:
    laptop = Laptop(server, LEAD)
    path = f"/devices/{laptop.enrolment['device_id']}/revoke"
    assert server.person(LEAD).post(path, {"password": PASSWORD}).status_code == 403
    rival = server.person("cbadmin@rival.example")
    assert rival.post(path, {"password": PASSWORD}).status_code == 404
    laptop.connect()
