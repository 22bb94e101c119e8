"""What stands where the server should: every answer becomes a sentence, never a crash."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest

from intact_core.errors import BadInput, Busy, IntactError, NotSignedIn, Offline, ServerFault
from intact_core.sync.operations import GENESIS
from intact_core.sync.protocol import BlobOffer, Hello, Pull
from intact_desktop.sync.cuts import read_cut
from intact_desktop.sync.gateway import Gateway, Identity
from intact_desktop.sync.reading_ahead import Piece
from intact_desktop.vault import device_key

HELLO = Hello(1, "1", 1, "", 0, GENESIS, datetime(2026, 11, 21, tzinfo=UTC))
PULL = Pull(1, "", [])
NAME = "ab" * 32
HTML = {"content-type": "text/html; charset=utf-8"}
PAGE = b"<html><body>Welcome to the hotel. Sign in.</body></html>"


class Answers:
    """Gives a token to whoever asks, and to everything else what the test says."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self.answer = answer
        self.tokens = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/sync/v1/nonce":
            return httpx.Response(200, json={"nonce": "n"})
        if request.url.path == "/sync/v1/token":
            self.tokens += 1
            return httpx.Response(200, json={"access_token": f"token-{self.tokens}"})
        return self.answer(request)


def enrolled(answers: Callable[[httpx.Request], httpx.Response]) -> Gateway:
    gateway, key = Gateway("http://server", httpx.MockTransport(answers)), device_key.make()
    identity = Identity(UUID(int=1), UUID(int=2), "server", "certificate")
    gateway.use_device(identity, lambda content: device_key.sign(key, content))
    return gateway


def pull(gateway: Gateway) -> object:
    with gateway.pull(PULL) as lines:
        return read_cut(lines)


CALLS: dict[str, Callable[[Gateway], object]] = {
    "health": Gateway.health,
    "sign_in": lambda gateway: gateway.sign_in("a@b.example", "x"),
    "enrol": lambda gateway: gateway.enrol("t", "request", "name"),
    "hello": lambda gateway: gateway.hello(HELLO),
    "push": lambda gateway: gateway.push(b"{}"),
    "pull": pull,
    "offer": lambda gateway: gateway.offer_blob(BlobOffer(NAME, 1)),
    "send": lambda gateway: gateway.send_blob(NAME, 0, Piece(b"x", b"")),
    "fetch": lambda gateway: gateway.fetch_blob(NAME, 0, 0),
}
CAPTIVE = {
    "a page": lambda _: httpx.Response(200, headers=HTML, content=PAGE),
    "a redirect": lambda _: httpx.Response(302, headers={"location": "http://10.0.0.1/login"}),
    "a redirect with JSON": lambda _: httpx.Response(
        307, headers={"location": "http://10.0.0.1/login"}, json={"message": "login"}
    ),
    "a forbidding page": lambda _: httpx.Response(403, headers=HTML, content=PAGE),
    "RFC 6585": lambda _: httpx.Response(511, content=b"sign in"),
}
GARBAGE = {
    "nothing": lambda _: httpx.Response(200),
    "noise": lambda _: httpx.Response(200, content=bytes(range(128, 256))),
    "text that is no UTF-8": lambda _: httpx.Response(200, content=b'{"line": "\xff\xfe"}\n'),
    "a list": lambda _: httpx.Response(200, content=b"[]\n"),
    "another object": lambda _: httpx.Response(200, content=b'{"status": 1}\n'),
    "no true gzip": lambda _: httpx.Response(
        200, headers={"content-encoding": "gzip"}, stream=Stream(b"no gzip at all")
    ),
}


class Stream(httpx.SyncByteStream):
    """Bytes as they came over the wire, before they are unpacked."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self):
        yield self._content


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", CAPTIVE)
def test_a_network_that_asks_to_sign_in_is_named(call: str, kind: str) -> None:
    gateway = enrolled(Answers(CAPTIVE[kind]))
    with pytest.raises(ServerFault, match="sign in to the network") as caught:
        CALLS[call](gateway)
    assert "Nothing was lost" in caught.value.sentence
    gateway.close()


@pytest.mark.parametrize("call", [name for name in CALLS if name not in ("fetch", "health")])
@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_a_fault_of_the_server_and_not_offline(call: str, kind: str) -> None:
    gateway = enrolled(Answers(GARBAGE[kind]))
    with pytest.raises(ServerFault, match="Nothing was") as caught:
        CALLS[call](gateway)
    assert not isinstance(caught.value, Offline)
    gateway.close()


@pytest.mark.parametrize("step", ["/sync/v1/nonce", "/sync/v1/token"])
@pytest.mark.parametrize("kind", [*GARBAGE, *CAPTIVE])
def test_signing_in_as_a_laptop_meets_the_same(step: str, kind: str) -> None:
    answer = (GARBAGE | CAPTIVE)[kind]
    plain = Answers(answer)
    gateway = enrolled(lambda sent: answer(sent) if sent.url.path == step else plain(sent))
    with pytest.raises(ServerFault, match="Nothing was lost"):
        gateway.hello(HELLO)
    gateway.close()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", [httpx.ConnectError, httpx.ReadTimeout, httpx.ReadError])
def test_no_connection_is_offline(call: str, kind: type[httpx.TransportError]) -> None:
    def fails(request: httpx.Request) -> httpx.Response:
        raise kind("the cable", request=request)

    gateway = enrolled(fails)
    with pytest.raises(Offline, match="saved on this computer") as caught:
        CALLS[call](gateway)
    assert caught.value.details == "the cable"
    gateway.close()


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_proxys_error_page_is_no_hotel(status: int) -> None:
    page = httpx.Response(status, headers=HTML, content=PAGE)
    gateway = enrolled(Answers(lambda _: page))
    with pytest.raises(ServerFault, match=rf"could not do it \({status}\). Nothing was lost"):
        gateway.hello(HELLO)
    gateway.close()


@pytest.mark.parametrize("status", [429, 503])
def test_our_servers_own_words_are_told(status: int) -> None:
    words = {"title": "x", "sentence": "The server's disk is full."}
    answer = httpx.Response(status, headers={"retry-after": "20"}, json=words)
    gateway = enrolled(Answers(lambda _: answer))
    with pytest.raises(Busy, match=r"^The server's disk is full\.$") as caught:
        gateway.hello(HELLO)
    assert caught.value.after_seconds == 20
    gateway.close()


def test_an_address_that_is_none_is_said() -> None:
    gateway = Gateway("http://server")
    with pytest.raises(BadInput, match="address"):
        gateway._send("GET", "http://[::1")
    gateway.close()


@pytest.mark.parametrize("call", ["hello", "push", "pull", "offer", "send", "fetch"])
def test_a_token_that_ended_is_asked_for_again_once(call: str) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["authorization"])
        if len(seen) == 1:
            return httpx.Response(401, json={"sentence": "The session ended."})
        return httpx.Response(404, json={"sentence": "The second was let in."})

    answers = Answers(answer)
    gateway = enrolled(answers)
    with pytest.raises(IntactError, match="The second was let in"):
        CALLS[call](gateway)
    assert seen == ["Bearer token-1", "Bearer token-2"]
    gateway.close()


@pytest.mark.parametrize("call", ["hello", "pull"])
def test_a_laptop_that_is_refused_asks_no_third_time(call: str) -> None:
    answers = Answers(lambda _: httpx.Response(401, json={"sentence": "This laptop is revoked."}))
    gateway = enrolled(answers)
    with pytest.raises(NotSignedIn, match="revoked"):
        CALLS[call](gateway)
    assert answers.tokens == 2
    gateway.close()
