"""Every route names its right, and every refusal under the prefix has the one form."""

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient

from sync_server.api.intact.asking import Need
from sync_server.app import make_app
from sync_server.auth.permissions import own_caller
from sync_server.auth.rights import ALL
from tests.server.conftest import CHEAP, URL, Server
from tests.server.intact_api.routes import all_routes

OPEN = {"POST /api/v1/auth/login", "GET /api/v1/certificates/verify/{number}"}
OWN_LAPTOP = {"POST /api/v1/devices"}
"""Everybody enrols the own laptop; what it may then do follows from the person's roles."""


def asks(route: APIRoute) -> list[object]:
    return [one.call for one in route.dependant.dependencies]


def test_every_route_names_its_right(server: Server) -> None:
    seen = 0
    for route in all_routes(server.app):
        if not route.path.startswith("/api/v1"):
            continue
        for verb in route.methods:
            name, wanted = f"{verb} {route.path}", asks(route)
            needs = [one for one in wanted if isinstance(one, Need)]
            seen += 1
            if name in OPEN | OWN_LAPTOP:
                assert not needs, name
            elif route.path.startswith("/api/v1/auth/"):
                assert own_caller in wanted, name
            else:
                assert len(needs) == 1, f"{name} names no right"
                assert needs[0].right in ALL, name
    assert seen > 50


@pytest.fixture
def client(server: Server) -> TestClient:
    # The fixture's application is kept for other tests, so these routes get one of their own.
    server.app = make_app(server.settings, server.database, passwords=CHEAP)
    for path in ("/api/v1/broken", "/sync/v1/broken", "/broken"):
        server.app.add_api_route(path, broken)
    return TestClient(server.app, base_url=URL, raise_server_exceptions=False)


def broken() -> None:
    raise ZeroDivisionError("a secret stood here")


def test_every_refusal_has_the_form_of_the_api(client: TestClient, server: Server, caplog) -> None:
    token = server.bearer("cbadmin@demo.example").headers["Authorization"]
    huge = {"content-length": str(1 << 40)}
    for verb, path, status, sent in (
        ("GET", "/api/v1/nowhere", 404, {}),
        ("GET", "/api/v1/clients/not-an-id", 404, {}),
        ("PATCH", "/api/v1/clients", 405, {}),
        ("GET", "/api/v1/clients", 401, {"headers": {"Authorization": "Bearer x"}}),
        ("POST", "/api/v1/clients", 400, {"content": b"{", "headers": {"Authorization": token}}),
        ("POST", "/api/v1/clients", 400, {"json": {"x": 1}}),
        ("GET", "/api/v1/clients?limit=1000", 400, {}),
        ("GET", "/api/v1/users?is_active=perhaps", 400, {}),
        ("POST", "/api/v1/auth/login", 413, {"content": b"x", "headers": huge}),
        ("GET", "/api/v1/broken", 500, {}),
    ):
        headers = {"Authorization": token} | sent.pop("headers", {})
        answer = client.request(verb, path, headers=headers, **sent)
        told = f"{verb} {path}: {answer.text}"
        assert answer.status_code == status, told
        body = answer.json()
        assert (body["success"], body["status_code"]) == (False, status), told
        assert body["message"][0].isupper() or ":" in body["message"], told
        assert "ZeroDivision" not in answer.text
        assert "secret" not in answer.text
        assert answer.headers["x-content-type-options"] == "nosniff", told
        assert "default-src 'none'" in answer.headers["content-security-policy"], told
    assert "GET /api/v1/broken failed: ZeroDivisionError" in caplog.text
    assert client.get("/sync/v1/broken").status_code == 500
    page = client.get("/broken")
    assert (page.status_code, "Something went wrong" in page.text) == (500, True)
    assert page.headers["x-frame-options"] == "DENY"
