"""What is sent twice is done once, nobody's change is overwritten, and laptops see what is done."""

import json
from functools import partial
from typing import Any

import pytest
from fastapi.testclient import TestClient

from intact_core.sync.protocol import PROTOCOL_VERSION
from tests.server.conftest import Laptop, Server
from tests.server.intact_api.routes import api_routes
from tests.server.intact_api.samples import OFFICE
from tests.server.intact_api.stories import refused
from tests.server.intact_api.together import at_once

CLIENTS = "/api/v1/clients"
NEW = {"client_code": "CLT009", "legal_name": "ABC Manufacturing Ltd"}


@pytest.fixture
def office(server: Server) -> TestClient:
    return server.bearer(OFFICE)


def sent(client: TestClient, key: str, body: dict[str, Any]) -> Any:
    return client.post(CLIENTS, json=body, headers={"Idempotency-Key": key})


def known(client: TestClient) -> int:
    return client.get(f"{CLIENTS}?search=ABC").json()["pagination"]["total"]


def test_a_create_that_comes_again_is_answered_again_and_done_once(
    server: Server, office: TestClient
) -> None:
    first, again = sent(office, "k-1", NEW), sent(office, "k-1", NEW)
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert (first.status_code, known(office)) == (201, 1)
    refused(sent(office, "k-1", NEW | {"legal_name": "Another"}), 409, "idempotency_key")
    refused(sent(office, "k-2", NEW), 409, "duplicate")
    refused(sent(office, "k" * 101, NEW | {"client_code": "X"}), 400)
    # What was refused is not remembered: the same key may be sent with what is right.
    assert sent(office, "k-2", NEW | {"client_code": "CLT010"}).status_code == 201
    rival = server.bearer("cbadmin@rival.example")
    assert sent(rival, "k-1", NEW).json()["data"]["id"] != first.json()["data"]["id"]
    assert known(office) == 2


def test_the_same_create_at_once_is_done_once(server: Server, office: TestClient) -> None:
    del office
    people = [server.bearer(OFFICE) for _ in range(2)]
    body = {"legal_name": "ABC Manufacturing Ltd"}
    answers = at_once(*(partial(sent, one, "k-1", body) for one in people))
    assert 201 in {one.status_code for one in answers} <= {201, 409}
    assert known(people[0]) == 1


def test_every_create_takes_an_idempotency_key(server: Server) -> None:
    document = server.app.openapi()
    creates = [
        route
        for route in api_routes(server.app)
        if route.verb == "POST"
        and "201" in document["paths"][route.path]["post"]["responses"]
        and "{" not in route.path
    ]
    for route in creates:
        taken = document["paths"][route.path]["post"].get("parameters", ())
        assert "idempotency-key" in {one["name"] for one in taken}, route.path
    assert len(creates) > 25


def test_a_change_names_the_version_that_it_is_made_for(office: TestClient) -> None:
    path = f"{CLIENTS}/{sent(office, 'k', NEW).json()['data']['id']}"
    read = office.get(path)
    tag = read.headers["etag"]
    put = partial(office.put, path)
    changed = put(json={"trading_name": "ABC"}, headers={"If-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag
    refused(put(json={"trading_name": "X"}, headers={"If-Match": tag}), 412, "since you read it")
    assert office.get(path).json()["data"]["trading_name"] == "ABC"
    now = put(json={"tax_id": "T-1"}, headers={"If-Match": "*"}).headers["etag"]
    listed = {"If-Match": f'"other", {now}'}
    assert put(json={"tax_id": "T-2"}, headers=listed).status_code == 200
    refused(put(json={"tax_id": "T-3"}, headers=listed), 412)
    assert put(json={"trading_name": None}).status_code == 200


def pulled(laptop: Laptop, cursors: list[dict[str, Any]], epoch: str = "") -> list[dict[str, Any]]:
    asked = {"protocol": PROTOCOL_VERSION, "epoch": epoch, "cursors": cursors}
    answer = laptop.client.post("/sync/v1/pull", json=asked)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def test_what_the_api_writes_comes_to_the_laptops(server: Server, office: TestClient) -> None:
    laptop = Laptop(server, "lead@demo.example")
    laptop.connect()
    [client] = office.get(f"{CLIENTS}?search=Acme").json()["data"]
    words = "Acme, as the office wrote it"
    assert words not in json.dumps(pulled(laptop, []))
    assert office.put(f"{CLIENTS}/{client['id']}", json={"legal_name": words}).status_code == 200
    assert words in json.dumps(pulled(laptop, []))
    invoice = {
        "client_id": client["id"],
        "amount": 100,
        "issue_date": "2026-01-01",
        "due_date": "2026-02-01",
        "invoice_number": "INV-NOT-FOR-LAPTOPS",
    }
    assert office.post("/api/v1/invoices", json=invoice).status_code == 201
    assert "INV-NOT-FOR-LAPTOPS" not in json.dumps(pulled(laptop, []))
