"""Changing the password, and the second factor: in the API and in the browser."""

import re
from datetime import timedelta
from functools import partial

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from fastapi.testclient import TestClient

from intact_core import clock
from intact_core.errors import NotSignedIn
from sync_server.auth.sealing import Sealing
from sync_server.auth.second_factor import SecondFactor
from sync_server.auth.sign_in import Door, Proof, check_password, enter
from sync_server.services.demo import PASSWORD
from tests.server.conftest import CHEAP, URL, Laptop, Server
from tests.server.intact_api.test_access import data, refused
from tests.server.intact_api.together import at_once

LEAD = "lead@demo.example"
NEW = "four wet stones sing"
LOGIN, PATH = "/api/v1/auth/login", "/api/v1/auth/totp"


def code_of(secret: str) -> str:
    """What an authenticator shows now: worked out here from the text alone."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    number = 0
    for letter in secret:
        number = number * 32 + letters.index(letter)
    key = number.to_bytes(len(secret) * 5 // 8, "big")
    return TOTP(key, 6, SHA1(), 30).generate(int(clock.now().timestamp())).decode()


def login(server: Server, password: str = PASSWORD, **more: str):
    return server.client().post(LOGIN, json={"email": LEAD, "password": password, **more})


def set_up(client: TestClient, frozen_clock) -> tuple[str, list[str]]:
    """The secret and the recovery codes; the next code is a fresh one."""
    secret = data(client.post(PATH, json={"password": PASSWORD}))["secret"]
    answer = client.post(f"{PATH}/confirm", json={"code": code_of(secret)})
    frozen_clock.advance(timedelta(seconds=31))
    return secret, data(answer)["recovery_codes"]


def test_a_new_password_ends_everything_but_the_token_that_asked(server: Server) -> None:
    client, other, browser = server.bearer(LEAD), server.bearer(LEAD), server.person(LEAD)
    path = "/api/v1/auth/change-password"

    def change(old: str, new: str):
        return client.post(path, json={"current_password": old, "new_password": new})

    assert "current password is wrong" in refused(change("not this one", NEW), 400)
    assert "too easy" in refused(change(PASSWORD, "aaaaaaaaaaaaa"), 400)
    assert "old one" in refused(change(PASSWORD, PASSWORD), 400)
    assert other.get("/api/v1/auth/me").status_code == 200
    answer = change(PASSWORD, NEW)
    assert answer.json() == {"success": True, "message": "Password changed successfully"}
    assert client.get("/api/v1/auth/me").status_code == 200
    refused(other.get("/api/v1/auth/me"), 401)
    assert browser.client.get("/audits").headers["location"].startswith("/sign-in")
    refused(login(server), 401)
    assert login(server, NEW).status_code == 200


def test_a_sign_in_under_way_ends_with_the_old_password(server: Server) -> None:
    door = Door(server.database, CHEAP, SecondFactor(Sealing(server.settings.secret)))
    proof = Proof(LEAD, PASSWORD, "10.0.0.1")
    account = check_password(door, proof)
    sent = {"current_password": PASSWORD, "new_password": NEW}
    data_of = server.bearer(LEAD).post("/api/v1/auth/change-password", json=sent)
    assert data_of.status_code == 200
    begun: list[str] = []
    with pytest.raises(NotSignedIn):
        enter(door, account, proof, lambda *_: begun.append("a session"))
    assert not begun


def test_of_two_changes_of_a_password_one_counts(server: Server) -> None:
    clients = [server.bearer(LEAD), server.bearer(LEAD)]
    path = "/api/v1/auth/change-password"
    words = ("red", "blue")
    sent = [{"current_password": PASSWORD, "new_password": f"{one} stones sing 7"} for one in words]
    answers = at_once(
        lambda: clients[0].post(path, json=sent[0]), lambda: clients[1].post(path, json=sent[1])
    )
    assert sorted(one.status_code for one in answers) in ([200, 400], [200, 401])
    works = [login(server, one["new_password"]).status_code for one in sent]
    assert sorted(works) == [200, 401]


def test_guessing_the_own_password_is_slowed_down(server: Server, frozen_clock) -> None:
    client = server.bearer(LEAD)
    for _ in range(6):
        refused(client.post(PATH, json={"password": "a wrong one"}), 400)
    refused(client.post(PATH, json={"password": PASSWORD}), 400)
    frozen_clock.advance(timedelta(minutes=15))
    assert data(client.post(PATH, json={"password": PASSWORD}))["period"] == 30


def test_a_second_factor_is_set_up_asked_for_and_removed(server: Server, frozen_clock) -> None:
    client = server.bearer(LEAD)
    refused(client.post(f"{PATH}/confirm", json={"code": "123456"}), 409, "totp_not_begun")
    start = data(client.post(PATH, json={"password": PASSWORD}))
    assert start["otpauth_url"].startswith("otpauth://totp/Intact%3Alead%40demo.example?secret=")
    assert start["secret"] in start["otpauth_url"]
    assert start["secret"] not in str(server.account(LEAD).totp_secret), "sealed at rest"
    assert login(server).status_code == 200, "not in use before it is confirmed"
    refused(client.post(f"{PATH}/confirm", json={"code": "000000"}), 400)
    code = code_of(start["secret"])
    assert len(data(client.post(f"{PATH}/confirm", json={"code": code}))["recovery_codes"]) == 10
    refused(client.post(PATH, json={"password": PASSWORD}), 409, "totp_in_use")
    refused(login(server), 401, "totp_required")
    refused(login(server, "wrong", totp_code=code), 401)
    assert "used already" in refused(login(server, totp_code=code), 401), "it confirmed the secret"
    frozen_clock.advance(timedelta(seconds=30))
    code = code_of(start["secret"])
    assert login(server, totp_code=code).status_code == 200
    refused(login(server, totp_code=code), 401)
    frozen_clock.advance(timedelta(seconds=30))
    gone = {"password": PASSWORD, "code": code_of(start["secret"])}
    refused(client.post(f"{PATH}/remove", json=gone | {"code": "1"}), 400)
    refused(client.post(f"{PATH}/remove", json=gone | {"password": "x"}), 400)
    assert client.post(f"{PATH}/remove", json=gone).status_code == 200
    refused(client.post(f"{PATH}/remove", json=gone), 409, "totp_not_set_up")
    assert login(server).status_code == 200


def test_a_code_is_good_for_a_step_before_and_after_and_no_longer(
    server: Server, frozen_clock
) -> None:
    secret, _ = set_up(server.bearer(LEAD), frozen_clock)
    for later, status in ((29, 200), (95, 401)):
        frozen_clock.advance(timedelta(minutes=5))
        code = code_of(secret)
        frozen_clock.advance(timedelta(seconds=later))
        assert login(server, totp_code=code).status_code == status, later


def test_a_code_for_recovery_counts_once_also_at_the_same_moment(
    server: Server, frozen_clock
) -> None:
    _, codes = set_up(server.bearer(LEAD), frozen_clock)
    for code in (codes[0], codes[1].upper().replace("-", " ")):
        answers = at_once(*[partial(login, server, totp_code=code)] * 2)
        assert sorted(one.status_code for one in answers) == [200, 401]
    assert len(server.account(LEAD).recovery_codes) == 8
    assert not set(codes) & set(server.account(LEAD).recovery_codes), "kept as hashes"


def test_guessing_codes_is_slowed_down(server: Server, frozen_clock) -> None:
    secret, codes = set_up(server.bearer(LEAD), frozen_clock)
    for _ in range(6):
        login(server, totp_code="000000")
    frozen_clock.advance(timedelta(seconds=1))
    refused(login(server, totp_code=code_of(secret)), 401)
    refused(login(server, totp_code=codes[0]), 401)
    frozen_clock.advance(timedelta(minutes=20))
    assert login(server, totp_code=codes[0]).status_code == 200, "no code was lost meanwhile"


def test_the_browser_asks_for_the_code(server: Server, frozen_clock) -> None:
    secret, _ = set_up(server.bearer(LEAD), frozen_clock)
    client = server.client()

    def send(path: str, sent: dict):
        return client.post(path, data=sent, headers={"origin": URL})

    page = send("/sign-in", {"email": LEAD, "password": PASSWORD, "next": "/certificates"})
    assert "One more step" in page.text
    assert client.get("/audits").status_code == 303, "not in yet"
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)[1]
    wrong = send("/sign-in/code", {"ticket": ticket, "code": "000000", "next": "/certificates"})
    assert (wrong.status_code, "The code is wrong" in wrong.text) == (401, True)
    for bad in (ticket[:-4] + "AAA=", "x", ""):
        assert send("/sign-in/code", {"ticket": bad, "code": code_of(secret)}).status_code == 401
    frozen_clock.advance(timedelta(minutes=6))
    late = send("/sign-in/code", {"ticket": ticket, "code": code_of(secret)})
    assert "took too long" in late.text
    page = send("/sign-in", {"email": LEAD, "password": PASSWORD, "next": "/certificates"})
    ticket = re.search(r'name="ticket" value="([^"]+)"', page.text)[1]
    sent = {"ticket": ticket, "code": code_of(secret), "next": "/certificates"}
    assert send("/sign-in/code", sent).headers["location"] == "/certificates"
    assert client.get("/audits").status_code == 200
    assert send("/sign-in/code", sent).status_code == 401, "a code counts once"


def test_a_tenant_asks_everybody_for_a_second_factor(server: Server, frozen_clock) -> None:
    admin, lead = server.bearer("cbadmin@demo.example"), server.bearer(LEAD)
    browser, laptop = server.person(LEAD), Laptop(server, LEAD)
    tenant = f"/api/v1/tenants/{server.tenant_of(LEAD)}"
    assert data(admin.put(tenant, json={"require_totp": True}))["require_totp"] is True
    for client in (admin, lead):
        assert "second factor" in refused(client.get("/api/v1/clients"), 403)
    refused(lead.post("/api/v1/devices", json={"name": "x", "signing_request": "y"}), 403)
    assert lead.get("/api/v1/auth/me").status_code == 200
    assert laptop.connect().headers["Authorization"], "a laptop has a key of its own"
    set_up(admin, frozen_clock)
    assert admin.get("/api/v1/clients").status_code == 200
    assert browser.client.get("/audits").headers["location"] == "/second-step"
    page = browser.get("/second-step")
    assert "Your organisation asks" in page
    token = re.search(r'name="form_token" value="([^"]+)"', page)[1]

    def send(path: str, **sent: str):
        given = {"form_token": token, **sent}
        return browser.client.post(f"/second-step/{path}", data=given, headers={"origin": URL})

    assert send("begin", password="wrong").status_code == 400
    assert send("begin", password=PASSWORD).status_code == 303
    page = browser.get("/second-step")
    secret = re.search(r"<code>([A-Z2-7]{32})</code>", page)[1]
    assert "data:image/svg+xml;base64," in page
    assert "code is wrong" in send("confirm", code="000000").text
    codes = re.findall(r"<code>([a-z0-9-]{14})</code>", send("confirm", code=code_of(secret)).text)
    assert len(codes) == 10
    assert "Audits" in browser.get("/audits")
    assert "10 recovery codes are left" in browser.get("/second-step")
    assert send("remove", password=PASSWORD, code=codes[0]).status_code == 303
    assert browser.client.get("/audits").headers["location"] == "/second-step"


def test_an_operator_of_the_platform_has_a_password_and_a_second_factor_too(
    server: Server, frozen_clock
) -> None:
    email = "platform@intact.example"
    client = server.bearer(email)
    secret, _ = set_up(client, frozen_clock)
    sent = {"current_password": PASSWORD, "new_password": NEW}
    assert client.post("/api/v1/auth/change-password", json=sent).status_code == 200
    given = {"email": email, "password": NEW}
    refused(server.client().post(LOGIN, json=given), 401, "totp_required")
    answer = server.client().post(LOGIN, json=given | {"totp_code": code_of(secret)})
    assert answer.json()["user"]["roles"] == ["platform"]
    assert client.post("/api/v1/auth/logout").status_code == 200


def test_an_administrator_helps_somebody_who_cannot_sign_in(server: Server, frozen_clock) -> None:
    admin, lead = server.bearer("cbadmin@demo.example"), server.bearer(LEAD)
    set_up(lead, frozen_clock)
    path = f"/api/v1/users/{server.account(LEAD).user_id}/reset"
    given = {"password": NEW, "remove_second_factor": True}
    refused(admin.post(path, json={}), 400)
    refused(admin.post(path, json={"password": "short"}), 400)
    refused(lead.post(path, json=given), 403)
    own = f"/api/v1/users/{server.account('cbadmin@demo.example').user_id}/reset"
    refused(admin.post(own, json=given), 409, "oneself")
    assert data(admin.post(path, json=given))["email"] == LEAD
    refused(lead.get("/api/v1/auth/me"), 401)
    refused(login(server), 401)
    assert login(server, NEW).status_code == 200
    [entry] = admin.get("/api/v1/audit-logs?action=RESET").json()["data"]
    assert entry["new_values"] == {"password": True, "second_factor": True}
    rights = {"name": "Helpers", "description": "x"}
    role = data(admin.post("/api/v1/roles", json=rights))["id"]
    found = admin.get("/api/v1/permissions?resource=user").json()["data"]
    given_rights = {"permission_ids": [one["id"] for one in found]}
    data(admin.post(f"/api/v1/roles/{role}/permissions", json=given_rights))
    person = server.account("auditor@demo.example").user_id
    data(admin.post(f"/api/v1/users/{person}/roles", json={"role_ids": [role]}))
    helper = server.bearer("auditor@demo.example")
    assert "administrator" in refused(helper.post(own, json={"password": NEW}), 403)


@pytest.mark.parametrize("what", ["password", "second factor"])
def test_secrets_are_in_no_log(server: Server, frozen_clock, caplog, what: str) -> None:
    client = server.bearer(LEAD)
    if what == "password":
        sent = {"current_password": PASSWORD, "new_password": NEW}
        client.post("/api/v1/auth/change-password", json=sent)
        secrets = [PASSWORD, NEW]
    else:
        secret, codes = set_up(client, frozen_clock)
        secrets = [secret, *codes]
    log = server.bearer("cbadmin@demo.example").get("/api/v1/audit-logs?limit=100").text
    assert what in log
    assert not [one for one in secrets if one in log or one in caplog.text]
