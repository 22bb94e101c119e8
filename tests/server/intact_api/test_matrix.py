"""Every route of the API × role × another tenant's row, on both kinds of database."""

import re
from collections import defaultdict
from typing import Any
from uuid import uuid4

from fastapi.testclient import TestClient

from sync_server.auth.rights import DEFAULTS
from tests.server.conftest import Server
from tests.server.intact_api.bodies import body_for
from tests.server.intact_api.routes import Route, api_routes
from tests.server.intact_api.samples import address_of, make_all

PEOPLE = {
    "cbadmin@demo.example": ("admin", "cb_admin"),
    "lead@demo.example": ("lead_auditor", "auditor"),
    "auditor@demo.example": ("auditor",),
    "reviewer@demo.example": ("reviewer",),
    "client@demo.example": ("client_user",),
}
RIVAL = "cbadmin@rival.example"
CANARY = re.compile(r"ABC Manufacturing|Nairobi Office|john\.smith@example\.com")
SHARED = ("standards", "accreditations")
"""What a tenant shows to its clients, too."""
LACKING = "needs the permission"


def ask(client: TestClient, document: dict[str, Any], route: Route, address: str) -> Any:
    return client.request(route.verb, address, json=body_for(document, route.verb, route.path))


def nobody() -> dict[str, str]:
    missing = str(uuid4())
    return defaultdict(lambda: missing)


def test_another_tenants_row_is_as_if_it_were_not_there(server: Server) -> None:
    ids, document = make_all(server), server.app.openapi()
    rival, owner = server.bearer(RIVAL), server.bearer("cbadmin@demo.example")
    for route in api_routes(server.app):
        if "{" not in route.path:
            continue
        missing = nobody()
        there, absent = address_of(route, ids), address_of(route, missing)
        foreign, unknown = (ask(rival, document, route, one) for one in (there, absent))
        told = f"{route.verb} {route.path}: {foreign.text}"
        # What only the platform does is refused before any row is looked for.
        expected = 404 if route.need.right in DEFAULTS["admin"] else 403
        assert (foreign.status_code, foreign.text) == (expected, unknown.text), told
        assert unknown.status_code == expected, told
    for route in api_routes(server.app):
        if route.verb == "GET" and "{" in route.path:
            answer = owner.get(address_of(route, ids))
            assert answer.status_code == 200, f"{route.path}: {answer.text}"


def test_a_role_reaches_what_its_permissions_say_and_no_more(server: Server) -> None:
    document, missing = server.app.openapi(), nobody()
    for email, roles in PEOPLE.items():
        client = server.bearer(email)
        rights = frozenset[str]().union(*(DEFAULTS[role] for role in roles))
        for route in api_routes(server.app):
            answer = ask(client, document, route, address_of(route, missing))
            told = f"{email} {route.verb} {route.path}: {answer.status_code} {answer.text}"
            assert (LACKING in answer.text) == (route.need.right not in rights), told
            assert answer.status_code < 500, told


def test_nothing_opens_without_a_token(server: Server) -> None:
    client, missing = server.client(), nobody()
    for route in api_routes(server.app):
        answer = client.request(route.verb, address_of(route, missing))
        assert answer.status_code == 401, f"{route.verb} {route.path}"
        assert answer.json()["success"] is False
        assert answer.json()["status_code"] == 401


def test_an_operator_of_the_platform_sees_no_tenants_work(server: Server) -> None:
    make_all(server)
    client, missing = server.bearer("platform@intact.example"), nobody()
    for route in api_routes(server.app):
        if route.need.platform or route.verb != "GET":
            continue
        answer = client.get(address_of(route, missing))
        assert answer.status_code == 403, f"{route.path}: {answer.text}"
        assert not CANARY.search(answer.text)


def test_words_of_one_tenant_are_never_in_an_answer_to_another(server: Server) -> None:
    ids = make_all(server)
    for email in (RIVAL, "client@demo.example"):
        client, asked = server.bearer(email), 0
        secret = {id_ for kind, id_ in ids.items() if email == RIVAL or kind not in SHARED}
        for route in api_routes(server.app):
            if route.verb != "GET":
                continue
            answer = client.get(address_of(route, ids))
            asked += 1
            found = CANARY.search(answer.text) or next(
                (id_ for id_ in secret if id_ in answer.text), None
            )
            assert not found or answer.status_code == 404, f"{email} {route.path}: {found}"
            assert answer.status_code in (200, 403, 404), f"{route.path}: {answer.text}"
        assert asked > len(ids)
