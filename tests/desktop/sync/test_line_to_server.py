"""A line that is silent under TLS: cut from another thread while the answer is awaited."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from intact_core import clock
from intact_core.errors import Offline
from intact_desktop.sync.gateway import Gateway
from intact_desktop.sync.line import Ended, Patience

_AT_ONCE = 5.0


class Silent:
    """Speaks TLS, reads what it is sent and never answers."""

    def __init__(self, pem: Path) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(pem)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"https://127.0.0.1:{self._listening.getsockname()[1]}"
        self.asked = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        plain, _ = self._listening.accept()
        # Whoever is cut hangs up in the middle of whatever it is.
        with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as secured:
            while secured.recv(4096):
                self.asked.set()

    def close(self) -> None:
        self._thread.join(5)
        self._listening.close()


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[Silent]:
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem = tmp_path / "server.pem"
    pem.write_bytes(private + made.public_bytes(Encoding.PEM))
    server = Silent(pem)
    yield server
    server.close()


def gateway(silent: Silent, patience: Patience) -> Gateway:
    return Gateway(silent.url, httpx.HTTPTransport(verify=False), patience)


def test_it_is_cut_while_the_answer_is_awaited(silent: Silent) -> None:
    waiting = gateway(silent, Patience())
    threading.Thread(target=lambda: silent.asked.wait(5) and waiting.line.cut()).start()
    started = time.monotonic()
    with pytest.raises(Ended):
        waiting.health()
    assert time.monotonic() - started < _AT_ONCE
    with pytest.raises(Ended):
        waiting.health()
    waiting.close()


def test_it_is_told_in_words_when_its_time_is_over(silent: Silent) -> None:
    waiting = gateway(silent, Patience(silence=0.2))
    with pytest.raises(Offline, match="nothing came from it any more") as caught:
        waiting.health()
    assert not isinstance(caught.value, Ended)
    waiting.close()


def test_the_next_round_finds_the_line_whole() -> None:
    waiting = Gateway("http://127.0.0.1:9")
    waiting.line.cut()
    with pytest.raises(Ended):
        waiting.health()
    waiting.line.follow(lambda *_: None)
    with pytest.raises(Offline, match="cannot be reached"):
        waiting.health()
    waiting.close()


def test_a_message_that_is_connected_after_the_cut_does_not_wait(silent: Silent) -> None:
    """The cut came between the look at the flag and the connection."""
    waiting = gateway(silent, Patience())
    options = waiting.line.options(0)
    waiting.line.cut()
    with pytest.raises(Ended):
        waiting._client.get("/api/health", **options)
    waiting.close()


def test_the_patience_grows_with_what_is_still_on_its_way_and_has_an_end() -> None:
    patience = Patience()
    small, large, huge = (patience.of(size).read for size in (0, 100_000, 1 << 30))
    assert (small, large) == (60, 110)
    assert huge < 330
    assert patience.of(0).connect == 10
