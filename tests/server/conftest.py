"""A real server with the demo in it, on each kind of database, and people who use it."""

import base64
import itertools
import json
import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.engine import make_url

from intact_core import canonical, ids
from intact_core.sync.operations import GENESIS, link
from sync_server import settings as configuration
from sync_server.app import equip, make_routes
from sync_server.auth.keys import TenantKeys
from sync_server.auth.passwords import Passwords
from sync_server.auth.public_limit import PublicLimit
from sync_server.auth.sealing import Sealing
from sync_server.database.engine import Database
from sync_server.database.migrate import migrate
from sync_server.services.demo import PASSWORD, DemoTools, load_demo
from sync_server.services.opening import open_database
from sync_server.settings import Options, Settings
from sync_server.tables.accounts import Account
from tests.fixtures.databases import share_statements

URL = "http://testserver"
CHEAP = Passwords(cheap=True)


@dataclass(frozen=True)
class Prepared:
    """A database with the demo, and the data folder that belongs to it."""

    url: str
    data: Path


@dataclass
class Server:
    """The server under test."""

    app: FastAPI
    database: Database
    settings: Settings
    keys: TenantKeys

    def account(self, email: str) -> Account:
        with self.database.read(None) as session:
            return session.scalars(select(Account).where(Account.email == email)).one()

    def tenant_of(self, email: str) -> UUID:
        tenant_id = self.account(email).home_tenant_id
        assert tenant_id is not None
        return tenant_id

    def client(self) -> TestClient:
        return TestClient(self.app, base_url=URL, follow_redirects=False)

    def person(self, email: str) -> "Browser":
        browser = Browser(self.client())
        answer = browser.client.post(
            "/sign-in", data={"email": email, "password": PASSWORD}, headers={"origin": URL}
        )
        assert answer.status_code == 303, answer.text
        return browser

    def bearer(self, email: str) -> TestClient:
        client = self.client()
        answer = client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return client


@dataclass
class Browser:
    """Somebody who is signed in with a browser."""

    client: TestClient

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path)
        assert answer.status_code == status, f"{path}: {answer.status_code}\n{answer.text}"
        return answer.text

    def token(self) -> str:
        page = self.client.get("/certificates").text + self.client.get("/tenants").text
        return re.search(r'name="form_token" value="([^"]+)"', page)[1]

    def post(self, path: str, data: dict | None = None, **more) -> httpx2.Response:
        sent = {"form_token": self.token(), **(data or {})}
        return self.client.post(path, data=sent, headers={"origin": URL}, **more)

    def done(self, path: str, data: dict | None = None, **more) -> str:
        """Send a form that works; the page that it leads to."""
        answer = self.post(path, data, **more)
        assert answer.status_code == 303, answer.text
        return self.get(answer.headers["location"])


class Laptop:
    """An enrolled laptop, as far as the server can tell."""

    def __init__(self, server: Server, email: str, name: str = "Test laptop") -> None:
        self.server = server
        self.key = ec.generate_private_key(ec.SECP256R1())
        answer = server.bearer(email).post(
            "/api/v1/devices", json={"name": name, "signing_request": signing_request(self.key)}
        )
        assert answer.status_code == 201, answer.text
        self.enrolment = answer.json()["data"]
        self.client = server.client()

    def hand_in(self, **operation: object) -> str:
        """Deposit one operation, as a withdrawn laptop does; returns its transaction's id."""
        values = {
            "n": 1,
            "op_id": str(ids.new_id()),
            "txn_id": str(ids.new_id()),
            "type": "audit_checklists",
            "kind": "update",
            "base_rev": 1,
            "wall_time": "2026-03-02T09:00:00Z",
            **operation,
        }
        raw = canonical.dumps(values)
        signature = self.key.sign(link(GENESIS, raw).encode(), ec.ECDSA(hashes.SHA256()))
        push = {
            "protocol": 1,
            "prev_hash": GENESIS,
            "signature": signature.hex(),
            "operations": [values],
        }
        answer = self.connect().post("/sync/v1/deposit", content=canonical.dumps(push))
        assert answer.status_code == 200, answer.text
        [receipt] = answer.json()["receipts"]
        assert (receipt["verdict"], receipt["reason"]) == ("quarantined", "deposited")
        return str(values["txn_id"])

    def assertion(self, nonce: str, **other: str) -> str:
        device_id = self.enrolment["device_id"]
        claims = {
            "iss": device_id,
            "sub": device_id,
            "tenant_id": self.enrolment["tenant_id"],
            "aud": self.enrolment["audience"],
            "nonce": nonce,
        } | other
        head = _encoded(json.dumps({"alg": "ES256", "typ": "JWT"}).encode())
        body = _encoded(json.dumps(claims).encode())
        der = self.key.sign(f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
        r, s = decode_dss_signature(der)
        return f"{head}.{body}.{_encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def nonce(self) -> str:
        return self.client.post("/sync/v1/nonce").json()["nonce"]

    def ask_token(self, assertion: str) -> httpx2.Response:
        return self.client.post("/sync/v1/token", json={"assertion": assertion})

    def connect(self) -> TestClient:
        answer = self.ask_token(self.assertion(self.nonce()))
        assert answer.status_code == 200, answer.text
        self.client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return self.client


def signing_request(key: ec.EllipticCurvePrivateKey) -> str:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody")])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _prepare(owner: str, app: str, data: Path) -> None:
    migrate(owner)
    settings = _settings(app, data)
    database = open_database(settings)
    load_demo(DemoTools(database, TenantKeys(Sealing(settings.secret)), CHEAP))
    database.engine.dispose()


def _settings(url: str, data: Path) -> Settings:
    return configuration.load(Options(data=data, database_url=url, public_url=URL), {})


@pytest.fixture(scope="session")
def demo_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    data = tmp_path_factory.mktemp("demo-sqlite")
    url = f"sqlite:///{data / 'server.sqlite'}"
    _prepare(url, url, data)
    return Prepared(url, data)


@pytest.fixture(scope="session")
def demo_postgres(postgres_server, tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    data = tmp_path_factory.mktemp("demo-postgres")
    name = postgres_server.create_database()
    urls = postgres_server.urls(name)
    _prepare(urls.owner, urls.app, data)
    return Prepared(name, data)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Prepared]:
    """A copy of the demo for one test, on each kind of database."""
    data = tmp_path / "data"
    if request.param == "sqlite":
        source: Prepared = request.getfixturevalue("demo_sqlite")
        shutil.copytree(source.data, data)
        database = make_url(source.url).database
        assert database is not None
        yield Prepared(f"sqlite:///{data / Path(database).name}", data)
        return
    server = request.getfixturevalue("postgres_server")
    source = request.getfixturevalue("demo_postgres")
    shutil.copytree(source.data, data)
    name = server.create_database(template=source.url)
    yield Prepared(server.urls(name).app, data)
    server.drop_database(name)


_MADE: list[FastAPI] = []


def _apps() -> Iterator[FastAPI]:
    """Applications for one test. They are kept: the first request to a new one takes half a second,
    in which the framework works out its routes."""
    for place in itertools.count():
        if place == len(_MADE):
            _MADE.append(make_routes())
        yield _MADE[place]


@pytest.fixture
def start(fresh: Prepared) -> Iterator[Callable[[], Server]]:
    """Starts the server, again and again if need be, over the same data."""
    opened: list[Database] = []
    apps = _apps()

    def begin() -> Server:
        settings = _settings(fresh.url, fresh.data)
        database = open_database(settings)
        share_statements(database.engine)
        opened.append(database)
        app = next(apps)
        equip(app, settings, database, passwords=CHEAP)
        app.state.public_limit = PublicLimit(burst=1000)
        return Server(app, database, settings, TenantKeys(Sealing(settings.secret)))

    yield begin
    for database in opened:
        database.engine.dispose()


@pytest.fixture
def server(start: Callable[[], Server]) -> Server:
    return start()
