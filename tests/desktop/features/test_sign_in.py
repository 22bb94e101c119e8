"""Setting up and unlocking: what is typed, what is said, what is left behind."""

from datetime import timedelta
from uuid import uuid4

import httpx
import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select, text

from intact_core import clock
from intact_core.documents.x509_certificates import (
    Subject,
    issue_device_certificate,
    make_authority,
)
from intact_core.records.checklist import AuditChecklist
from intact_desktop.features.sign_in.actions import Door
from intact_desktop.features.sign_in.page import EnrolPage, UnlockPage
from intact_desktop.qt.tasks import start_lanes
from intact_desktop.settings import Account
from intact_desktop.store import journal
from intact_desktop.sync.gateway import Gateway
from intact_desktop.vault import keys, vault
from tests.desktop.features.filled import PASSPHRASE, signed_lease


class SmallServer:
    """Answers the three messages of an enrolment, as the server's interface says them."""

    def __init__(self) -> None:
        self.authority = make_authority("Demo Certification")
        self.key = ed25519.Ed25519PrivateKey.generate()
        self.refuse_enrolment = False
        self.codes: list[str] = []
        self.page = b""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.page:
            return httpx.Response(200, content=self.page, headers={"content-type": "text/html"})
        if request.url.path == "/api/health":
            return httpx.Response(200, json={"status": "ok"})
        if request.url.path == "/api/v1/auth/login":
            return self._login(msgspec.json.decode(request.content))
        if self.refuse_enrolment:
            return httpx.Response(503, json={"message": "busy"})
        return self._enrol(msgspec.json.decode(request.content))

    def _login(self, body: dict[str, str]) -> httpx.Response:
        if body["password"] != "right":
            return httpx.Response(401, json={"message": "E-mail or password is wrong."})
        if self.codes and "totp_code" not in body:
            asked = {"message": "Enter the code.", "code": "totp_required"}
            return httpx.Response(401, json=asked)
        if self.codes and body["totp_code"] not in self.codes:
            return httpx.Response(401, json={"message": "The code is wrong."})
        return httpx.Response(200, json={"token": "t", "user": {}})

    def _enrol(self, body: dict[str, str]) -> httpx.Response:
        request = x509.load_pem_x509_csr(body["signing_request"].encode())
        device, tenant, user = (str(uuid4()) for _ in range(3))
        issued = issue_device_certificate(
            self.authority, request.public_key(), Subject("Anna", "Demo", device)
        )
        pem = self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        chain = (issued, self.authority.certificate)
        data = {
            "device_id": device,
            "tenant_id": tenant,
            "user_id": user,
            "certificates": [one.public_bytes(Encoding.PEM).decode() for one in chain],
            "lease": msgspec.to_builtins(signed_lease(self.key, device, user)),
            "lease_public_key": pem.decode(),
            "audience": "server-one",
        }
        return httpx.Response(201, json={"success": True, "data": data})


@pytest.fixture
def server() -> SmallServer:
    return SmallServer()


@pytest.fixture
def lanes(qapp, faults):
    made = start_lanes(faults.append, faults.append)
    yield made
    assert made.close()


def door_of(profile, server, secrets) -> Door:
    def connect(address: str) -> Gateway:
        return Gateway(address, httpx.MockTransport(server))

    return Door(profile, secrets, connect, keys.CHEAPEST)


def typed(page: EnrolPage, password: str = "right", passphrase: str = PASSPHRASE) -> None:
    page.email.setText("anna@demo.example")
    page.password.setText(password)
    page.passphrase.setText(passphrase)
    page.passphrase_again.setText(passphrase)


def shown(qtbot, widget):
    qtbot.addWidget(widget)
    widget.resize(1280, 800)
    widget.show()
    return widget


def test_set_up_then_unlock_without_a_network(
    profile, server, secrets_store, lanes, qtbot, pictured
) -> None:
    page = shown(qtbot, EnrolPage(door_of(profile, server, secrets_store), lanes, "server.example"))
    typed(page)
    pictured(page, "enrol")
    with qtbot.waitSignal(page.entered, timeout=30_000) as caught:
        page.enrol_button.click()
    caught.args[0].engine.dispose()
    account = profile.load("account", Account)
    assert (account.server, account.audience) == ("https://server.example", "server-one")

    def unreachable(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no network", request=request)

    unlock = shown(qtbot, UnlockPage(door_of(profile, unreachable, secrets_store), lanes))
    unlock.passphrase.setText(PASSPHRASE)
    pictured(unlock, "unlock")
    with qtbot.waitSignal(unlock.entered) as caught:
        unlock.unlock_button.click()
    entered = caught.args[0]
    assert str(entered.device_id) == account.device_id
    assert not unlock.passphrase.text()
    entered.engine.dispose()


def test_a_second_factor_is_asked_for_where_there_is_one(
    profile, server, secrets_store, lanes, qtbot, pictured
) -> None:
    server.codes = ["314159"]
    page = shown(qtbot, EnrolPage(door_of(profile, server, secrets_store), lanes, "server.example"))
    typed(page)
    assert not page.code.isVisible()
    with qtbot.waitSignal(page.doorway.failed, timeout=30_000):
        page.enrol_button.click()
    assert page.code.isVisible()
    pictured(page, "enrol-code")
    for code, signal in (("999999", page.doorway.failed), ("314159", page.entered)):
        page.code.setText(code)
        with qtbot.waitSignal(signal, timeout=30_000) as caught:
            page.enrol_button.click()
        assert page.code.text() == ""
    caught.args[0].engine.dispose()


def test_without_a_keyring_the_code_is_shown_until_written_down(
    profile, server, lanes, qtbot, pictured
) -> None:
    page = shown(qtbot, EnrolPage(door_of(profile, server, None), lanes, "server.example"))
    typed(page)
    page.enrol_button.click()
    qtbot.waitUntil(lambda: page.currentWidget() is page.code_page)
    pictured(page, "recovery-code")
    code = page.code_page.code.text().replace("\n", "-")
    assert not page.code_page.go_on_button.isEnabled()
    page.code_page.sure.setChecked(True)
    with qtbot.waitSignal(page.entered, timeout=30_000) as caught:
        page.code_page.go_on_button.click()
    caught.args[0].engine.dispose()
    unlock = shown(qtbot, UnlockPage(door_of(profile, server, None), lanes))
    unlock.passphrase.setText(PASSPHRASE)
    unlock.recovery_code.setText(code.lower())
    with qtbot.waitSignal(unlock.entered) as caught:
        unlock.unlock_button.click()
    caught.args[0].engine.dispose()


def test_a_failed_set_up_leaves_nothing_and_can_be_tried_again(
    profile, server, secrets_store, lanes, qtbot
) -> None:
    page = shown(qtbot, EnrolPage(door_of(profile, server, secrets_store), lanes, "server.example"))
    for password, refuses, said in (
        ("wrong", False, "password is wrong"),
        ("right", True, "could not do it"),
    ):
        server.refuse_enrolment = refuses
        typed(page, password)
        page.enrol_button.click()
        qtbot.waitUntil(lambda said=said: said in page.error.sentence.text())
        qtbot.waitUntil(page.enrol_button.isEnabled)
        assert not vault.exists(profile)
        assert not secrets_store.kept
    server.refuse_enrolment = False
    with qtbot.waitSignal(page.entered, timeout=30_000) as caught:
        page.enrol_button.click()
    caught.args[0].engine.dispose()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda page: page.passphrase_again.setText("other"), "not the same"),
        (lambda page: page.email.clear(), "all needed"),
    ],
)
def test_what_is_typed_wrong_is_said_before_anything_is_tried(
    profile, server, secrets_store, lanes, qtbot, change, said
) -> None:
    page = shown(qtbot, EnrolPage(door_of(profile, server, secrets_store), lanes, "server.example"))
    typed(page)
    change(page)
    page.enrol_button.click()
    assert said in page.error.sentence.text()


def test_a_page_of_the_network_is_told_from_the_server(
    profile, server, secrets_store, lanes, qtbot
) -> None:
    server.page = b"<html>Welcome to the hotel</html>"
    page = shown(qtbot, EnrolPage(door_of(profile, server, secrets_store), lanes, "server.example"))
    typed(page)
    page.enrol_button.click()
    qtbot.waitUntil(lambda: "sign in to the network" in page.error.sentence.text())


def test_a_wrong_passphrase_waits_and_says_so(
    laptop, server, secrets_store, lanes, qtbot, pictured
) -> None:
    door = door_of(laptop.opened.profile, server, secrets_store)
    page = shown(qtbot, UnlockPage(door, lanes))
    page.passphrase.setText("not the right one")
    page.unlock_button.click()
    qtbot.waitUntil(lambda: "not right" in page.error.sentence.text())
    assert not page.unlock_button.isEnabled()
    pictured(page, "unlock-wrong")
    qtbot.waitUntil(page.unlock_button.isEnabled, timeout=3000)


def no_network(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("no network", request=request)


@pytest.mark.parametrize(
    ("off", "said"),
    [
        (timedelta(days=-365), "the clock was turned back"),
        (timedelta(days=365), "The permission to work offline ended on"),
        (timedelta(days=4), "The permission to work offline ended on"),
    ],
)
def test_a_wrong_clock_or_a_lease_that_is_over_is_told_in_dates(
    laptop, secrets_store, lanes, qtbot, off, said
) -> None:
    with journal.sessions(laptop.opened.engine).begin() as session:
        session.scalars(select(AuditChecklist)).first().auditor_finding = "written offline"
    before = operations(laptop)
    moment = clock.now() + off
    door = door_of(laptop.opened.profile, no_network, secrets_store)
    page = shown(qtbot, UnlockPage(door, lanes))
    clock.use(lambda: moment)
    try:
        page.passphrase.setText(PASSPHRASE)
        page.unlock_button.click()
        qtbot.waitUntil(lambda: said in page.error.sentence.text())
        assert f"{moment:%Y-%m-%d}" in page.error.sentence.text()
        assert "Your work is safe on this laptop" in page.error.sentence.text()
    finally:
        clock.use(None)
    qtbot.waitUntil(page.unlock_button.isEnabled)
    page.passphrase.setText(PASSPHRASE)
    with qtbot.waitSignal(page.entered, timeout=30_000) as caught:
        page.unlock_button.click()
    caught.args[0].engine.dispose()
    assert len(before) == 1
    assert operations(laptop) == before


def operations(laptop) -> list[str]:
    with laptop.opened.engine.connect() as connection:
        return list(connection.execute(text("SELECT raw FROM outbox ORDER BY n")).scalars())


@pytest.mark.parametrize("content", [b"Dear Sir, " * 900, bytes(range(256)) * 64, b""])
def test_a_foreign_database_is_said_at_the_door_and_left_alone(
    laptop, secrets_store, lanes, qtbot, content
) -> None:
    laptop.opened.engine.dispose()
    path = laptop.opened.profile.database
    own = path.read_bytes()
    path.write_bytes(content)
    page = shown(
        qtbot, UnlockPage(door_of(laptop.opened.profile, no_network, secrets_store), lanes)
    )
    page.passphrase.setText(PASSPHRASE)
    page.unlock_button.click()
    qtbot.waitUntil(lambda: "was left untouched" in page.error.sentence.text())
    assert path.read_bytes() == content
    path.write_bytes(own)
    with qtbot.waitSignal(page.entered, timeout=30_000) as caught:
        page.unlock_button.click()
    caught.args[0].engine.dispose()
