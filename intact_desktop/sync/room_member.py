"""A team room as a member's laptop sees it: prove each other, then short rounds."""

import secrets
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TypeVar
from uuid import UUID

import httpx
import msgspec
from cryptography import x509
from sqlalchemy import Engine

from intact_core.errors import (
    BadInput,
    Damaged,
    IntactError,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Offline,
)
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.store.engine import reading
from intact_desktop.store.journal import this_device
from intact_desktop.sync.cards import Bearer, Own, bearer_of
from intact_desktop.sync.exchanging import Came, Side
from intact_desktop.sync.room_messages import (
    VERSION,
    Exchange,
    Exchanged,
    Join,
    Joined,
    Knock,
    Refusal,
    Seat,
    Welcome,
    proof_text,
)

T = TypeVar("T")
_SECONDS = 20.0
_BY_STATUS: dict[int, type[IntactError]] = {401: NotSignedIn, 403: NotAllowed, 404: NotFound}


@dataclass(frozen=True)
class Met:
    """What a round with the lead's laptop did, and who is in the room."""

    received: int
    sent: int
    files: int
    seats: tuple[Seat, ...]
    refused: tuple[str, ...]


class Membership:
    """This laptop in somebody's room. Call `round` every few seconds, from one thread."""

    def __init__(self, side: Side, client: httpx.Client, lead: Bearer, joined: Joined) -> None:
        self.side, self.lead, self.title = side, lead, joined.title
        self._client = client
        self._headers = {"authorization": f"Bearer {joined.token}"}
        with reading(side.engine).connect() as connection:
            self._device_id = this_device(connection).id

    def round(self) -> Met:
        """Exchange what either lacks; raises Offline when the lead does not answer.

        Also NotSignedIn when the room is another one by now. What was exchanged stays.
        """
        first = self._exchange(Exchange(self.side.have()))
        came = self.side.take(first.parts)
        parts = self.side.lacking(first.have, self.lead.device_id)
        last = self._exchange(Exchange(self.side.have(), parts)) if parts else first
        files = self._give_files(last.wanted) + self._fetch_files()
        sent = sum(len(part.operations) for part in parts)
        refused = (*_words(came), *last.refused)
        return Met(came.operations, sent, files, tuple(last.seats), refused)

    def close(self) -> None:
        """Leave the room."""
        self._client.close()

    def _exchange(self, message: Exchange) -> Exchanged:
        body = msgspec.json.encode(message)
        return _call(self._client, "exchange", body, Exchanged, self._headers)

    def _give_files(self, wanted: list[str]) -> int:
        given = 0
        for sha256 in wanted:
            try:
                file = self.side.file(sha256)
            except (NotFound, Damaged):
                continue
            with file, _translated():
                pieces = iter(lambda opened=file: opened.read(1 << 20), b"")  # type: ignore[misc]
                headers = {**self._headers, "content-length": str(file.size)}
                response = self._client.put(f"files/{sha256}", content=pieces, headers=headers)
            _check(response)
            given += 1
        return given

    def _fetch_files(self) -> int:
        fetched = 0
        for sha256 in self.side.wanted():
            try:
                self._fetch(sha256)
            except (NotFound, Damaged):
                continue
            fetched += 1
        return fetched

    def _fetch(self, sha256: str) -> None:
        with (
            _translated(),
            self._client.stream("GET", f"files/{sha256}", headers=self._headers) as response,
        ):
            if not response.is_success:
                response.read()
            _check(response)
            self.side.keep_file(sha256, response.iter_bytes(1 << 20))


def _words(came: Came) -> tuple[str, ...]:
    return tuple(came.refused)


@dataclass(frozen=True)
class Address:
    """Where a room is: found by mDNS, or typed as host:port."""

    host: str
    port: int

    @classmethod
    def typed(cls, text: str) -> "Address":
        """Raises BadInput for what is no address."""
        host, _, port = text.strip().rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) < 1 << 16:
            raise BadInput("The address of a room looks like 192.168.1.20:40123. Look again.")
        return cls(host.strip("[]"), int(port))

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"https://{host}:{self.port}/room/v1/"


def join(engine: Engine, files: EvidenceFiles, own: Own, address: Address, code: str) -> Membership:
    """Join a room by the code on the lead's screen.

    Raises Offline (nobody answers), NotAllowed (foreign, or not on the team), NotFound (the audit
    is not here), BadInput (wrong code). The code is shown to nobody who did not prove to be a
    laptop of this tenant.
    """
    pem = _certificate_at(address)
    client = _pinned(address, pem)
    try:
        return _joined(Side(engine, files, own, UUID(int=0)), client, pem, code)
    except IntactError:
        client.close()
        raise


def _joined(side: Side, client: httpx.Client, pem: str, code: str) -> Membership:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    nonce = secrets.token_hex(16)
    knock = msgspec.json.encode(Knock(VERSION, nonce))
    welcome = _call(client, "knock", knock, Welcome)
    lead = bearer_of(welcome.card, side.own.trust)
    lead.check_signature(proof_text("lead", certificate, nonce), _hex(welcome.signature))
    signature = side.own.sign(proof_text("member", certificate, welcome.nonce))
    asked = Join(side.own.card, welcome.nonce, signature.hex(), code)
    joined = _call(client, "join", msgspec.json.encode(asked), Joined)
    side = replace(side, audit_id=joined.audit_id)
    side.title()
    side.check_team(lead)
    return Membership(side, client, lead, joined)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as fault:
        raise BadInput("The lead's proof cannot be read. Nothing was exchanged.") from fault


def _certificate_at(address: Address) -> str:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # Anything may answer here: what answers is pinned and has to prove itself before all else.
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place = (address.host, address.port)
    try:
        with (
            socket.create_connection(place, timeout=_SECONDS) as plain,
            context.wrap_socket(plain) as secured,
        ):
            return ssl.DER_cert_to_PEM_cert(secured.getpeercert(binary_form=True) or b"")
    except OSError as fault:
        raise _nobody(str(fault)) from fault


def _pinned(address: Address, pem: str) -> httpx.Client:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=pem)
    return httpx.Client(base_url=address.url, verify=context, timeout=_SECONDS, trust_env=False)


def _call(
    client: httpx.Client,
    name: str,
    body: bytes,
    kind: type[T],
    headers: dict[str, str] | None = None,
) -> T:
    with _translated():
        response = client.post(name, content=body, headers=headers)
    _check(response)
    try:
        return msgspec.json.decode(response.content, type=kind)
    except msgspec.DecodeError as fault:
        raise BadInput("What answers there is no team room of this application.") from fault


def _check(response: httpx.Response) -> None:
    if response.is_success:
        return
    try:
        said = msgspec.json.decode(response.content, type=Refusal)
    except msgspec.DecodeError as fault:
        raise BadInput("What answers there is no team room of this application.") from fault
    raise _BY_STATUS.get(response.status_code, BadInput)(said.sentence, title=said.title)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as fault:
        raise _nobody(str(fault)) from fault


def _nobody(details: str) -> Offline:
    return Offline(
        "The lead's laptop does not answer. What was exchanged before is safe on this one. Check "
        "that both are on the same network and that the room is open.",
        title="The room does not answer",
        details=details,
    )
