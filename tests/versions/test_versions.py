"""Laptop and server one version apart, either way round: nothing is lost, nothing is blocked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from intact_core.records.checklist import AuditChecklist
from intact_desktop.sync.deriving import derive_again
from intact_desktop.sync.line import Line
from tests.simulation.office import Office, make_office
from tests.simulation.world import enrol, laptop_over
from tests.versions.newer import Newer, newer_process
from tests.versions.plans import Served

ROLE = "lead_auditor"


@pytest.fixture
def newer() -> Iterator[Newer]:
    with newer_process() as started:
        yield started


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class NewerServer:
    """The gateway of a laptop here to the server there."""

    def __init__(self, newer: Newer, device_id: UUID) -> None:
        self._newer, self.device_id = newer, device_id
        self.line = Line()

    def hello(self, message: Any) -> Any:
        return self._newer.do("hello", message)

    def push(self, body: bytes) -> Any:
        return self._newer.do("push", body)

    @contextmanager
    def pull(self, message: Any) -> Iterator[Iterator[bytes]]:
        yield iter(self._newer.do("pulled", message))


def test_a_laptop_older_than_its_server_keeps_what_it_does_not_know(
    newer: Newer, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    office, device_id = newer.do("make_newer_server", tmp_path, pem(key))
    gateway: Any = NewerServer(newer, device_id)
    laptop = laptop_over(tmp_path / "laptop", gateway, office.users[ROLE], key)
    derive_again(laptop.engine)
    laptop.round()
    with laptop.work() as session:
        item = session.get_one(AuditChecklist, (office.tenant_id, office.items[0]))
        item.auditor_finding = "by the older laptop"
    laptop.round()
    with laptop.engine.connect() as connection:
        assert outcomes(connection) == []
        assert connection.exec_driver_sql("SELECT verdict FROM outbox").all() == [("applied",)]
        bases = "SELECT body FROM base_row WHERE type = 'site_moods'"
        [(mood,)] = connection.exec_driver_sql(bases).all()
    assert json.loads(mood)["words"] == "calm"
    assert newer.do("server_row", 0) == ("by the older laptop", "rain")
    laptop.engine.dispose()
    shown = newer.do("update_laptop", tmp_path, pem(key), device_id)
    assert shown["weather"][:2] == ["rain", None]
    assert shown["notes"][0] == "by the older laptop"
    assert shown["moods"] == ["calm"]
    after = newer.do("work_on_laptop", {"weather": "sun"}, 0)
    assert after == [("applied", None)] * 2
    assert newer.do("server_row", 0) == ("by the older laptop", "sun")


def outcomes(connection: Any) -> list[str]:
    """What went wrong in rounds, by the sync log."""
    query = "SELECT outcome FROM sync_log WHERE outcome <> 'done'"
    return [row[0] for row in connection.exec_driver_sql(query)]


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    url = f"sqlite:///{tmp_path / 'server.db'}"
    made = make_office(url, url)
    yield made
    made.database.engine.dispose()


def test_what_a_newer_laptop_sends_is_kept_and_counts_once_the_server_is_updated(
    newer: Newer, office: Office, key: ec.EllipticCurvePrivateKey, tmp_path: Path
) -> None:
    laptop = enrol(office, tmp_path / "laptop", ROLE, key)
    laptop.round()
    laptop.engine.dispose()
    served = Served(office, laptop.device_id, laptop.user_id, {ROLE})
    told = replace(office, database=None, certificates={})
    newer.do("install_newer_laptop", tmp_path, pem(key), told, laptop.device_id)
    newer.do("work_on_laptop", {"weather": "hail", "auditor_finding": "in hail"}, 0, serve=served)
    newer.do("add_mood", "tense", serve=served)
    newer.do("work_on_laptop", {"auditor_finding": "plain"}, 1, serve=served)
    verdicts = newer.do("work_on_laptop", {"auditor_finding": "no hail"}, 0, serve=served)
    older = ("quarantined", "server_older")
    assert verdicts == [older, older, *[("applied", None)] * 2]
    refused = newer.do("refused_now")
    assert [(reason, again) for reason, _, again in refused] == [("server_older", False)] * 2
    assert all("older than this laptop" in sentence for _, sentence, _ in refused)
    office.database.engine.dispose()
    assert newer.do("update_server", tmp_path, pem(key), laptop.device_id) == [2, 0]
    assert newer.do("server_row", 0) == ("no hail", "hail"), "what was written later stays"
    shown = newer.do("shown")
    assert shown["weather"][:2] == ["hail", None]
    assert shown["notes"][:2] == ["no hail", "plain"]
    assert shown["moods"] == ["tense"]
    assert newer.do("refused_now") == []
