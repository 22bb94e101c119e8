"""The command line: serve, migrate, create, verify; secrets kept; refusals in words."""

import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from sync_server import cli
from sync_server import settings as configuration
from sync_server.services.demo import PASSWORD
from sync_server.settings import Options
from tests.server.conftest import Server
from tests.server.site_work import decision, do_site_work, submitted


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.setenv("INTACT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("INTACT_PASSWORD", "A-long-password-1")

    def command(*arguments: str) -> tuple[int, str, str]:
        code = cli.main(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_tenant_and_its_first_user(run) -> None:
    code, out, _ = run("create-tenant", "New Body", "--country", "Kenya")
    assert code == 0
    assert len(out.strip()) == 36
    person = ("create-user", "first@new.example", "--tenant", "New Body", "--role", "cb_admin")
    assert run(*person)[0] == 0
    code, _, err = run(*person)
    assert code == 2
    assert "has an account already" in err
    assert run("create-user", "operator@platform.example")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("create-user", "x@y.example", "--tenant", "Nobody"), "There is no tenant 'Nobody'"),
        (("create-user", "not an address"), "is not an e-mail address"),
        (("verify", "/no/such/file.pdf"), "cannot be read"),
        (
            ("migrate", "--database-url", "sqlite:////no/such/folder/x.db"),
            "unable to open database file",
        ),
    ],
)
def test_refusals_are_sentences(run, arguments: tuple[str, ...], why: str) -> None:
    code, _, err = run(*arguments)
    assert code == 2
    assert why in err
    assert "Traceback" not in err


def test_a_short_password_is_refused(run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTACT_PASSWORD", "short")
    code, _, err = run("create-user", "operator@platform.example")
    assert code == 2
    assert "at least 12" in err


def test_the_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = configuration.load(Options(data=data), {})
    assert configuration.load(Options(data=data), {}).secret == first.secret
    assert stat.S_IMODE((data / "secret.key").stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    other = configuration.load(Options(data=data), {"INTACT_SECRET": "ab" * 32})
    assert other.secret == b"\xab" * 32


def test_options_come_before_the_environment(tmp_path: Path) -> None:
    environment = {"INTACT_PORT": "9", "INTACT_PUBLIC_URL": "https://audits.example/"}
    settings = configuration.load(Options(data=tmp_path), environment)
    assert (settings.port, settings.public_url) == (9, "https://audits.example")
    assert settings.is_https
    assert configuration.load(Options(data=tmp_path, port=7), environment).port == 7


def test_verify_knows_the_servers_own_documents(
    server: Server, tmp_path: Path, monkeypatch, capsys
) -> None:
    work = do_site_work(server)
    submitted(server, work)
    reviewer = server.person("reviewer@demo.example")
    page = reviewer.done(f"/audits/{work.audit_id}/decision", decision())
    link = next(part for part in page.split('"') if part.endswith("/pdf"))
    file = tmp_path / "certificate.pdf"
    file.write_bytes(reviewer.client.get(link).content)
    where = (
        "--data",
        str(server.settings.data),
        "--database-url",
        server.settings.database_url,
    )
    assert cli.main(("verify", str(file), *where)) == 0
    assert "Genuine" in capsys.readouterr().out
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    assert cli.main(("verify", str(file), *where)) == 1
    assert "Genuine" not in capsys.readouterr().out
    monkeypatch.setenv("INTACT_DATA", str(tmp_path / "elsewhere"))
    assert cli.main(("verify", str(file))) == 1
    assert not (tmp_path / "elsewhere").exists(), "checking a file leaves nothing behind"


def test_serve_with_the_demo_as_a_process(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    arguments = ["serve", "--data", str(data), "--port", str(port), "--demo"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sync_server", *arguments], env={**os.environ, "PYTHONPATH": "."}
    )
    try:
        with httpx2.Client(base_url=f"http://127.0.0.1:{port}") as client:
            wait_for(client)
            for name in ("cbadmin", "lead", "auditor", "reviewer", "client"):
                sent = {"email": f"{name}@demo.example", "password": PASSWORD}
                assert client.post("/api/v1/auth/login", json=sent).status_code == 200, name
        assert (data / "intact-server.db").is_file()
    finally:
        process.terminate()
        process.wait(20)
    assert process.returncode in (0, -15)


def wait_for(client: httpx2.Client) -> None:
    for _ in range(600):
        try:
            client.get("/api/health")
        except httpx2.TransportError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("the server did not start")
