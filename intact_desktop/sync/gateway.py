"""The server over HTTP: one method per message, every failure translated once."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, NoReturn, TypedDict, TypeVar
from uuid import UUID

import httpx
import msgspec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from intact_core.errors import (
    BadInput,
    IntactError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Offline,
    Revoked,
    ServerFault,
    UpgradeNeeded,
)
from intact_core.sync.protocol import (
    BlobOffer,
    BlobState,
    Hello,
    HelloAnswer,
    Pull,
    PushAnswer,
    Succession,
    Successor,
)

T = TypeVar("T")
Sign = Callable[[bytes], bytes]
_JSON = {"content-type": "application/json"}
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_SIGN_IN_TO_NETWORK = 511
_WHOLE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_QUICK = 1
"""Level of packing: the next ones cost twice the time for a tenth less."""


class Gap(IntactError):
    """The server expects another operation first."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"The server expects operation {expected} next.")
        self.expected = expected


class Forked(IntactError):
    """The server knows another history of this laptop."""

    title = "This laptop was copied or restored"


@dataclass(frozen=True)
class Identity:
    """How this laptop names itself to the server; `audience` is the server's pinned name."""

    device_id: UUID
    tenant_id: UUID
    audience: str


class BlobPart(NamedTuple):
    """Bytes of a blob from where they were asked, and the size of the whole."""

    content: bytes
    size: int


class SignedIn(TypedDict):
    """The answer to a sign-in."""

    token: str


class Gateway:
    """The server as one laptop sees it. Only transport errors mean Offline."""

    def __init__(self, server: str, transport: httpx.BaseTransport | None = None) -> None:
        self._server, self._transport = server, transport
        self._identity: Identity | None = None
        self._sign: Sign | None = None
        self._token = ""

    @cached_property
    def _client(self) -> httpx.Client:
        """Made by the first message, on its lane: reading the system's authorities takes long."""
        return httpx.Client(
            base_url=self._server,
            timeout=_TIMEOUT,
            transport=self._transport,
            follow_redirects=False,
        )

    def use_device(self, identity: Identity, sign: Sign) -> None:
        """Speak as this enrolled laptop; `sign` makes DER signatures (ECDSA P-256, SHA-256)."""
        self._identity, self._sign, self._token = identity, sign, ""

    def rename(self, device_id: UUID) -> None:
        """Speak under another name with the same key."""
        if self._identity is not None:
            self._identity, self._token = replace(self._identity, device_id=device_id), ""

    def close(self) -> None:
        """Close all connections."""
        if "_client" in vars(self):
            self._client.close()

    def health(self) -> dict[str, Any]:
        """Whether the server is one of ours."""
        return self._decode(self._send("GET", "/api/health"), dict[str, Any])

    def sign_in(self, email: str, password: str) -> SignedIn:
        """Sign in with the password."""
        body = msgspec.json.encode({"email": email, "password": password})
        response = self._send("POST", "/api/v1/auth/login", content=body, headers=_JSON)
        return self._decode(response, SignedIn)

    def enrol(self, token: str, signing_request: str, name: str) -> dict[str, Any]:
        """Enrol this laptop: its certificates, a lease, the server's name for assertions."""
        body = msgspec.json.encode({"signing_request": signing_request, "name": name})
        headers = _JSON | {"authorization": f"Bearer {token}"}
        response = self._send("POST", "/api/v1/devices", content=body, headers=headers)
        return self._decode(response, _Envelope).data

    def hello(self, message: Hello) -> HelloAnswer:
        """The first message of a round."""
        return self._call("/sync/v1/hello", msgspec.json.encode(message), HelloAnswer)

    def push(self, body: bytes) -> PushAnswer:
        """Operations up; `body` is an encoded Push."""
        return self._packed("/sync/v1/push", body, PushAnswer)

    def deposit(self, body: bytes) -> PushAnswer:
        """Operations up where nothing else is allowed any more; all are set aside there."""
        return self._packed("/sync/v1/deposit", body, PushAnswer)

    def carry(self, body: bytes) -> PushAnswer:
        """A colleague's operations up; `body` is an encoded Carry."""
        return self._call("/sync/v1/carry", body, PushAnswer)

    def succeed(self, message: Succession) -> Successor:
        """Ask for another name, when this laptop was copied or restored."""
        return self._call("/sync/v1/successor", msgspec.json.encode(message), Successor)

    @contextmanager
    def pull(self, message: Pull) -> Iterator[Iterator[bytes]]:
        """Lines of a pull, as they come."""
        content = msgspec.json.encode(message)
        with _translated(), ExitStack() as stack:
            response = stack.enter_context(self._pulled(content))
            if response.status_code == httpx.codes.UNAUTHORIZED:
                self._token = ""
                response = stack.enter_context(self._pulled(content))
            if response.status_code != httpx.codes.OK or _is_web_page(response):
                response.read()
                self._refused(response)
            yield _lines(response)

    def _pulled(self, content: bytes) -> AbstractContextManager[httpx.Response]:
        self._authorise()
        headers = self._headers(_JSON)
        return self._client.stream("POST", "/sync/v1/pull", content=content, headers=headers)

    def offer_blob(self, offer: BlobOffer) -> BlobState:
        """Announce a blob; the answer says from where to go on."""
        return self._call("/sync/v1/blobs", msgspec.json.encode(offer), BlobState)

    def send_blob(self, sha256: str, offset: int, chunk: bytes) -> BlobState:
        """One chunk of a blob at an offset (tus 1.0 with its checksum extension)."""
        checksum = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        headers = {
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
            "upload-checksum": f"sha256 {checksum}",
        }
        path = f"/sync/v1/blobs/{sha256}"
        return self._decode(self._as_device("PATCH", path, chunk, headers), BlobState)

    def fetch_blob(self, sha256: str, start: int, most: int) -> BlobPart:
        """At most so many bytes of a blob from `start` on, all of it where `most` is 0."""
        headers = {"range": f"bytes={start}-{start + most - 1}"} if most else {}
        response = self._as_device("GET", f"/sync/v1/blobs/{sha256}", b"", headers)
        if _is_web_page(response):
            raise _not_ours(response)
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            return BlobPart(response.content[start:], len(response.content))
        found = _WHOLE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != start:
            raise _garbled("another part of a file came")
        return BlobPart(response.content, int(found[2]))

    def _call(self, path: str, content: bytes, kind: type[T]) -> T:
        return self._decode(self._as_device("POST", path, content, _JSON), kind)

    def _packed(self, path: str, content: bytes, kind: type[T]) -> T:
        packed = gzip.compress(content, _QUICK, mtime=0)
        headers = _JSON | {"content-encoding": "gzip"}
        return self._decode(self._as_device("POST", path, packed, headers), kind)

    def _as_device(
        self, method: str, path: str, content: bytes, headers: dict[str, str]
    ) -> httpx.Response:
        self._authorise()
        try:
            return self._send(method, path, content=content, headers=self._headers(headers))
        except NotSignedIn:
            self._token = ""
            self._authorise()
            return self._send(method, path, content=content, headers=self._headers(headers))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        return {"authorization": f"Bearer {self._token}", **more}

    def _authorise(self) -> None:
        if self._token:
            return
        if self._sign is None or self._identity is None:
            raise NotSignedIn("This laptop is not enrolled yet. Sign in to enrol it.")
        nonce = self._decode(self._send("POST", "/sync/v1/nonce"), _Nonce).nonce
        body = msgspec.json.encode({"assertion": _assertion(self._identity, nonce, self._sign)})
        response = self._send("POST", "/sync/v1/token", content=body, headers=_JSON)
        self._token = self._decode(response, _Access).access_token

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        with _translated():
            response = self._client.request(method, path, **options)
        if not response.is_success:
            self._refused(response)
        return response

    def _decode(self, response: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except ValueError as error:
            raise _not_ours(response) from error

    def _refused(self, response: httpx.Response) -> NoReturn:
        problem, code = _problem(response), response.status_code
        if code >= httpx.codes.INTERNAL_SERVER_ERROR and code != _SIGN_IN_TO_NETWORK:
            raise ServerFault(
                f"The server could not do it ({code}). Nothing was lost; it is tried again."
            )
        if problem is None or response.is_redirect:
            raise _not_ours(response)
        words = (problem.get(name) for name in ("sentence", "message", "detail"))
        sentence = next((str(one) for one in words if one), response.reason_phrase)
        if code == httpx.codes.CONFLICT and isinstance(problem.get("expected"), int):
            raise Gap(problem["expected"])
        named = _BY_CODE.get(str(problem.get("code")))
        raise (named or _BY_STATUS.get(code, BadInput))(sentence)


def _assertion(identity: Identity, nonce: str, sign: Sign) -> str:
    """A JWT by the device's key (RFC 7523; ES256 of RFC 7518); the nonce stands for the clock."""
    device_id = str(identity.device_id)
    claims = {
        "iss": device_id,
        "sub": device_id,
        "tenant_id": str(identity.tenant_id),
        "aud": identity.audience,
        "nonce": nonce,
    }
    head = _base64url(msgspec.json.encode({"alg": "ES256", "typ": "JWT"}))
    text = f"{head}.{_base64url(msgspec.json.encode(claims))}"
    r, s = decode_dss_signature(sign(text.encode()))
    return f"{text}.{_base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


class _Envelope(msgspec.Struct):
    data: dict[str, Any]


class _Nonce(msgspec.Struct):
    nonce: str


class _Access(msgspec.Struct):
    access_token: str


_BY_CODE: dict[str, type[IntactError]] = {
    "fork": Forked,
    Revoked.code: Revoked,
    UpgradeNeeded.code: UpgradeNeeded,
}
_BY_STATUS: dict[int, type[IntactError]] = {
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
}


def _lines(response: httpx.Response) -> Iterator[bytes]:
    rest = b""
    for block in response.iter_bytes():
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        raise ServerFault("The server's answer broke off. Nothing was changed; it is tried again.")


def _problem(response: httpx.Response) -> dict[str, Any] | None:
    try:
        found = msgspec.json.decode(response.content)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.TransportError as error:
        raise Offline(
            "The server cannot be reached. Your work is saved on this computer and is sent later.",
            details=str(error),
        ) from error
    except httpx.RequestError as error:
        raise _garbled(str(error)) from error
    except httpx.InvalidURL as error:
        raise BadInput("The server's address is not one. It looks like https://…") from error


def _is_web_page(response: httpx.Response) -> bool:
    return "html" in response.headers.get("content-type", "") or response.is_redirect


def _not_ours(response: httpx.Response) -> ServerFault:
    if _is_web_page(response) or response.status_code == _SIGN_IN_TO_NETWORK:
        return ServerFault(
            "A web page answered in place of the server: perhaps this network asks you to sign in "
            "first. Open a browser, sign in to the network, then sync again. Nothing was lost.",
            title="Something stands between this computer and the server",
        )
    return _garbled(response.text[:200])


def _garbled(details: str) -> ServerFault:
    return ServerFault(
        "The server answered with something that is not understood. Check its address. "
        "Nothing was lost.",
        details=details,
    )
