"""Signing in: sessions and tokens, refusals that say nothing, guessing slowed down."""

from datetime import timedelta

import pytest

from intact_core.records.people import Tenant, User
from sync_server.services.demo import PASSWORD
from tests.server.conftest import URL, Server

LEAD = "lead@demo.example"


def login(server: Server, email: str, password: str):
    return server.client().post("/api/v1/auth/login", json={"email": email, "password": password})


def test_login_answers_as_documented(server: Server) -> None:
    answer = login(server, "LEAD@demo.example ", PASSWORD).json()
    assert set(answer) == {"success", "token", "user", "expires_in"}
    assert answer["expires_in"] == 86400
    assert answer["user"]["email"] == LEAD
    assert answer["user"]["roles"] == ["auditor", "lead_auditor"]
    assert set(answer["user"]) == {"id", "tenant_id", "email", "first_name", "last_name", "roles"}


def test_who_am_i_and_logout_ends_the_token_at_once(server: Server) -> None:
    client = server.bearer(LEAD)
    assert client.get("/api/v1/auth/me").json()["data"]["first_name"] == "Daniel"
    assert client.post("/api/v1/auth/logout").json() == {
        "success": True,
        "message": "Logged out successfully",
    }
    refused = client.get("/api/v1/auth/me")
    assert refused.status_code == 401
    assert refused.json()["status_code"] == 401


def test_unknown_and_wrong_are_told_apart_by_nothing(server: Server) -> None:
    wrong = login(server, LEAD, "not-the-password")
    unknown = login(server, "nobody@demo.example", "not-the-password")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_guessing_is_slowed_down_and_the_wait_doubles(server: Server, frozen_clock) -> None:
    for _ in range(6):
        login(server, LEAD, "guess")
    assert login(server, LEAD, PASSWORD).status_code == 401
    frozen_clock.advance(timedelta(seconds=3))
    login(server, LEAD, "guess again")
    frozen_clock.advance(timedelta(seconds=3))
    assert login(server, LEAD, PASSWORD).status_code == 401, "the second wait is longer"
    frozen_clock.advance(timedelta(seconds=2))
    assert login(server, LEAD, PASSWORD).status_code == 200
    assert login(server, LEAD, "guess").status_code == 401
    assert login(server, LEAD, PASSWORD).status_code == 200, "a right one wipes the slate"


def test_a_token_ends_by_the_clock(server: Server, frozen_clock) -> None:
    client = server.bearer(LEAD)
    frozen_clock.advance(timedelta(hours=23))
    assert client.get("/api/v1/auth/me").status_code == 200
    frozen_clock.advance(timedelta(hours=2))
    assert client.get("/api/v1/auth/me").status_code == 401


@pytest.mark.parametrize("token", ["", "x", "e30.e30.x", "eyJhbGciOiJub25lIn0.e30."])
def test_a_token_that_is_none_is_refused(server: Server, token: str) -> None:
    client = server.client()
    client.headers["Authorization"] = f"Bearer {token}"
    assert client.get("/api/v1/auth/me").status_code == 401


def test_a_token_of_another_server_is_refused(server: Server, start, monkeypatch) -> None:
    token = server.bearer(LEAD).headers["Authorization"]
    (server.settings.data / "secret.key").write_text("ab" * 32)
    other = start().client()
    other.headers["Authorization"] = token
    assert other.get("/api/v1/auth/me").status_code == 401


def test_an_inactive_user_and_a_suspended_tenant_are_out_at_once(server: Server) -> None:
    from_demo, from_rival = server.bearer(LEAD), server.bearer("cbadmin@rival.example")
    browser = server.person(LEAD)
    account = server.account(LEAD)
    with server.database.write(account.home_tenant_id) as session:
        session.get_one(User, (account.home_tenant_id, account.user_id)).is_active = False
    assert from_demo.get("/api/v1/auth/me").status_code == 401
    assert browser.client.get("/audits").headers["location"].startswith("/sign-in")
    rival = server.tenant_of("cbadmin@rival.example")
    with server.database.write(rival) as session:
        session.get_one(Tenant, (rival, rival)).status = "suspended"
    assert from_rival.get("/api/v1/auth/me").status_code == 401
    assert login(server, "cbadmin@rival.example", PASSWORD).status_code == 401


def test_the_cookie_is_new_at_each_sign_in_and_closed_to_scripts(server: Server) -> None:
    client = server.client()
    sent = {"email": LEAD, "password": PASSWORD}
    first = client.post("/sign-in", data=sent, headers={"origin": URL})
    cookie = first.headers["set-cookie"]
    assert cookie.startswith("intact-session=")
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    old = client.cookies["intact-session"]
    client.post("/sign-in", data=sent, headers={"origin": URL})
    assert client.cookies["intact-session"] != old
    client.cookies.clear()
    client.cookies.set("intact-session", old)
    assert client.get("/audits").headers["location"].startswith("/sign-in"), "the old one is dead"


def test_a_wrong_password_keeps_the_address_typed(server: Server) -> None:
    answer = server.client().post(
        "/sign-in", data={"email": LEAD, "password": "no"}, headers={"origin": URL}
    )
    assert answer.status_code == 401
    assert f'value="{LEAD}"' in answer.text


def test_sign_in_leads_only_to_our_own_pages(server: Server) -> None:
    for target, expected in (("/certificates", "/certificates"), ("//evil.example", "/")):
        sent = {"email": LEAD, "password": PASSWORD, "next": target}
        answer = server.client().post("/sign-in", data=sent, headers={"origin": URL})
        assert answer.headers["location"] == expected


def test_a_form_from_elsewhere_changes_nothing(server: Server) -> None:
    browser = server.person(LEAD)
    token = browser.token()
    for headers, sent in (
        ({"origin": "https://evil.example"}, {"form_token": token}),
        ({"origin": "null"}, {"form_token": token}),
        ({"sec-fetch-site": "cross-site"}, {"form_token": token}),
        ({"origin": URL}, {"form_token": "x" + token}),
        ({"origin": URL}, {}),
    ):
        answer = browser.client.post("/sign-out", data=sent, headers=headers)
        assert answer.status_code == 403, headers
    assert "Sign out" in browser.get("/audits")


def test_sign_out_ends_the_session_on_the_server(server: Server) -> None:
    browser = server.person(LEAD)
    value = browser.client.cookies["intact-session"]
    browser.done("/sign-out")
    browser.client.cookies.clear()
    browser.client.cookies.set("intact-session", value)
    assert browser.client.get("/audits").status_code == 303


def test_every_answer_carries_the_security_headers(server: Server) -> None:
    for path in ("/sign-in", "/api/health", "/static/intact.css", "/nowhere", "/docs"):
        headers = server.client().get(path).headers
        assert headers["x-content-type-options"] == "nosniff", path
        assert headers["x-frame-options"] == "DENY", path
        assert "default-src 'none'" in headers["content-security-policy"], path
