"""The server over HTTP: one method per message, every failure translated once."""

import base64
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, NoReturn, TypedDict, TypeVar
from uuid import UUID

import httpx
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from intact_core.errors import (
    BadInput,
    CodeNeeded,
    IntactError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Revoked,
    ServerFault,
    UnknownLaptop,
    UpgradeNeeded,
)
from intact_core.packing import packed
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
from intact_desktop.sync import answers
from intact_desktop.sync.answer_lines import pieces
from intact_desktop.sync.line import PIECE, Ended, Line, Patience
from intact_desktop.sync.reading_ahead import Piece

T = TypeVar("T")
Sign = Callable[[bytes], bytes]
_JSON = {"content-type": "application/json"}
_WHOLE = re.compile(r"bytes (\d+)-\d+/(\d+)")
_LATER = (httpx.codes.TOO_MANY_REQUESTS, httpx.codes.SERVICE_UNAVAILABLE)


class Gap(IntactError):
    """The server expects another operation first."""

    def __init__(self, expected: int) -> None:
        super().__init__(f"The server expects operation {expected} next.")
        self.expected = expected


class Forked(IntactError):
    """The server knows another history of this laptop."""

    title = "This laptop was copied or restored"


class Elsewhere(IntactError):
    """The server holds another number of bytes of this file."""


@dataclass(frozen=True)
class Identity:
    """How this laptop names itself to the server; `audience` is the server's pinned name.

    `certificate` (PEM) is for a server that does not know the laptop any more.
    """

    device_id: UUID
    tenant_id: UUID
    audience: str
    certificate: str


class BlobPart(NamedTuple):
    """Bytes of a blob from where they were asked, and the size of the whole."""

    content: bytes
    size: int


class SignedIn(TypedDict):
    """The answer to a sign-in."""

    token: str


class Gateway:
    """The server as one laptop sees it. Only transport errors mean Offline."""

    def __init__(
        self,
        server: str,
        transport: httpx.BaseTransport | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._server, self._transport = server, transport
        self.line = Line(patience)
        self._identity: Identity | None = None
        self._sign: Sign | None = None
        self._token = ""

    @cached_property
    def _client(self) -> httpx.Client:
        """Made by the first message, on its lane: reading the system's authorities takes long."""
        return httpx.Client(
            base_url=self._server, transport=self._transport, follow_redirects=False
        )

    def use_device(self, identity: Identity, sign: Sign) -> None:
        """Speak as this enrolled laptop; `sign` makes DER signatures (ECDSA P-256, SHA-256)."""
        self._identity, self._sign, self._token = identity, sign, ""

    def rename(self, device_id: UUID) -> None:
        """Speak under another name with the same key."""
        if self._identity is not None:
            self._identity, self._token = replace(self._identity, device_id=device_id), ""

    @property
    def certificate(self) -> x509.Certificate:
        """This laptop's own; raises NotSignedIn where it has none."""
        try:
            return x509.load_pem_x509_certificate(self._known().certificate.encode())
        except ValueError as fault:
            raise _not_enrolled() from fault

    def _known(self) -> Identity:
        if self._identity is None:
            raise _not_enrolled()
        return self._identity

    def close(self) -> None:
        """Close all connections."""
        if "_client" in vars(self):
            self._client.close()

    def health(self) -> dict[str, Any]:
        """Whether the server is one of ours."""
        return self._decode(self._send("GET", "/api/health"), dict[str, Any])

    def sign_in(self, email: str, password: str, code: str = "") -> SignedIn:
        """Sign in with the password, and a code where the account has a second factor.

        Raises CodeNeeded where it has one and the code is missing.
        """
        more = {"totp_code": code} if code else {}
        body = msgspec.json.encode({"email": email, "password": password, **more})
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

    def recognise(self, chain: Sequence[tuple[int, str]]) -> None:
        """Be known again to a server that was restored from an older backup: by certificate."""
        certificate = self._known().certificate
        message = {"assertion": self._proof(), "certificate": certificate, "chain": chain}
        content = msgspec.json.encode(message)
        self._send("POST", "/sync/v1/recognise", content=content, headers=_JSON)

    @contextmanager
    def pull(self, message: Pull) -> Iterator[Iterator[bytes]]:
        """The lines of a pull as they come, some in each piece."""
        content = msgspec.json.encode(message)
        with self._translated(), ExitStack() as stack:
            response = stack.enter_context(self._pulled(content))
            if response.status_code == httpx.codes.UNAUTHORIZED:
                self._token = ""
                response = stack.enter_context(self._pulled(content))
            if response.status_code != httpx.codes.OK or answers.is_web_page(response):
                response.read()
                self._refused(response)
            yield pieces(response, self.line.beat)

    def _pulled(self, content: bytes) -> AbstractContextManager[httpx.Response]:
        self._authorise()
        options = self.line.options(len(content)) | {"headers": self._headers(_JSON)}
        return self._client.stream("POST", "/sync/v1/pull", content=content, **options)

    def offer_blob(self, offer: BlobOffer) -> BlobState:
        """Announce a blob; the answer says from where to go on."""
        return self._call("/sync/v1/blobs", msgspec.json.encode(offer), BlobState)

    def send_blob(self, sha256: str, offset: int, piece: Piece) -> BlobState:
        """One piece of a blob at an offset (tus 1.0 with its checksum extension)."""
        checksum = base64.b64encode(piece.digest).decode()
        headers = {
            "content-type": "application/offset+octet-stream",
            "upload-offset": str(offset),
            "upload-checksum": f"sha256 {checksum}",
        }
        path = f"/sync/v1/blobs/{sha256}"
        try:
            response = self._as_device("PATCH", path, piece.content, headers)
        except Elsewhere:
            # The piece came twice, or its answer was lost: whatever is there, it goes on from it.
            response = self._as_device("GET", f"{path}/state", b"", {})
        return self._decode(response, BlobState)

    def fetch_blob(self, sha256: str, start: int, most: int) -> BlobPart:
        """At most so many bytes of a blob from `start` on, all of it where `most` is 0."""
        headers = {"range": f"bytes={start}-{start + most - 1}"} if most else {}
        response = self._as_device("GET", f"/sync/v1/blobs/{sha256}", b"", headers)
        if answers.is_web_page(response):
            raise answers.not_ours(response)
        if response.status_code != httpx.codes.PARTIAL_CONTENT:
            return BlobPart(response.content[start:], len(response.content))
        found = _WHOLE.fullmatch(response.headers.get("content-range", ""))
        if found is None or int(found[1]) != start:
            raise answers.garbled("another part of a file came")
        return BlobPart(response.content, int(found[2]))

    def _call(self, path: str, content: bytes, kind: type[T]) -> T:
        return self._decode(self._as_device("POST", path, content, _JSON), kind)

    def _packed(self, path: str, content: bytes, kind: type[T]) -> T:
        headers = _JSON | {"content-encoding": "gzip"}
        return self._decode(self._as_device("POST", path, packed(content), headers), kind)

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
        try:
            self._token = self._access()
        except NotSignedIn:
            # A copy of this very message may have come first: then its nonce was taken.
            self._token = self._access()

    def _access(self) -> str:
        body = msgspec.json.encode({"assertion": self._proof()})
        response = self._send("POST", "/sync/v1/token", content=body, headers=_JSON)
        return self._decode(response, _Access).access_token

    def _proof(self) -> str:
        if self._sign is None or self._identity is None:
            raise _not_enrolled()
        nonce = self._decode(self._send("POST", "/sync/v1/nonce"), _Nonce).nonce
        return _assertion(self._identity, nonce, self._sign)

    def _send(
        self, method: str, path: str, content: bytes = b"", headers: dict[str, str] | None = None
    ) -> httpx.Response:
        options = self.line.options(len(content)) | {"headers": headers, "content": content}
        if len(content) > PIECE:
            options["headers"] = {**(headers or {}), "content-length": str(len(content))}
            options["content"] = self.line.pieces(content)
        with self._translated(), self._client.stream(method, path, **options) as stream:
            response = self.line.heard(stream)
        if not response.is_success:
            self._refused(response)
        return response

    def _decode(self, response: httpx.Response, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(response.content, type=kind)
        except ValueError as error:
            raise answers.not_ours(response) from error

    def _refused(self, response: httpx.Response) -> NoReturn:
        problem, code = answers.problem(response), response.status_code
        if code in _LATER:
            raise answers.busy(response, problem)
        if code >= httpx.codes.INTERNAL_SERVER_ERROR and code != answers.SIGN_IN_TO_NETWORK:
            raise ServerFault(
                f"The server could not do it ({code}). Nothing was lost; it is tried again."
            )
        if problem is None or response.is_redirect:
            raise answers.not_ours(response)
        sentence = answers.sentence(problem) or response.reason_phrase
        if code == httpx.codes.CONFLICT and isinstance(problem.get("expected"), int):
            raise Gap(problem["expected"])
        if code == httpx.codes.CONFLICT and isinstance(problem.get("offset"), int):
            raise Elsewhere(sentence)
        named = _BY_CODE.get(str(problem.get("code")))
        raise (named or _BY_STATUS.get(code, BadInput))(sentence)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except httpx.TransportError as error:
            raise Ended if self.line.is_cut else answers.offline(error) from error
        except httpx.RequestError as error:
            raise answers.garbled(str(error)) from error
        except httpx.InvalidURL as error:
            raise BadInput("The server's address is not one. It looks like https://…") from error


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


def _not_enrolled() -> NotSignedIn:
    return NotSignedIn("This laptop is not enrolled yet. Sign in to enrol it.")


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
    UnknownLaptop.code: UnknownLaptop,
    CodeNeeded.code: CodeNeeded,
}
_BY_STATUS: dict[int, type[IntactError]] = {
    401: NotSignedIn,
    403: NotAllowed,
    404: NotFound,
}
