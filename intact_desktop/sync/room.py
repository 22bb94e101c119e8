"""A team room on the lead's laptop: who may come in, and what each is given. No network here.

Its TLS key is made for the room and forgotten with it. The lead proves by its device key that the
room is its own; members prove themselves the same way, with the code from the lead's screen.
"""

import datetime as dt
import secrets
import ssl
import tempfile
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from intact_core import clock
from intact_core.errors import BadInput, NotSignedIn
from intact_desktop.store.engine import reading
from intact_desktop.store.journal import this_device
from intact_desktop.sync.cards import Bearer, bearer_of
from intact_desktop.sync.exchanging import Side
from intact_desktop.sync.room_code import RoomCode
from intact_desktop.sync.room_messages import (
    VERSION,
    Exchange,
    Exchanged,
    Join,
    Joined,
    Knock,
    Seat,
    Welcome,
    proof_text,
)

_OPEN_NONCES = 64


@dataclass
class _Member:
    bearer: Bearer
    met: float
    have: Mapping[UUID, int] = field(default_factory=dict)


class WrongCode(BadInput):
    """The code typed is not the one on the lead's screen."""

    title = "That is not the code"


class Room:
    """An open room. All methods may be called from any thread."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self.code = RoomCode()
        self.title = side.title()
        self._lead = bearer_of(side.own.card, side.own.trust)
        self._key, self._certificate = _make_certificate()
        self._nonces: deque[str] = deque(maxlen=_OPEN_NONCES)
        self._members: dict[str, _Member] = {}
        self._lock = Lock()
        with reading(side.engine).connect() as connection:
            self._device_id = this_device(connection).id

    def knock(self, message: Knock) -> Welcome:
        """Who this is; the nonce is to be signed by whoever comes in."""
        if message.version != VERSION:
            raise BadInput(
                "The two laptops have different versions of the application. Bring both to the "
                "newer one, then join again."
            )
        signature = self.side.own.sign(proof_text("lead", self._certificate, message.nonce))
        nonce = secrets.token_hex(16)
        with self._lock:
            self._nonces.append(nonce)
        return Welcome(self.side.own.card, signature.hex(), nonce)

    def join(self, message: Join) -> Joined:
        """Let a laptop in; raises NotAllowed (not of this body or team), WrongCode."""
        bearer = bearer_of(message.card, self.side.own.trust)
        with self._lock:
            if message.nonce not in self._nonces:
                raise BadInput("That took too long. Join again.")
            self._nonces.remove(message.nonce)
        text = proof_text("member", self._certificate, message.nonce)
        bearer.check_signature(text, _bytes(message.signature))
        if not self.code.fits(message.code):
            raise WrongCode(
                "This is not the code on the lead's screen, or it is over. Look again: after five "
                "wrong ones there is a new one."
            )
        self.side.check_team(bearer)
        token = secrets.token_urlsafe(32)
        with self._lock:
            for known, member in list(self._members.items()):
                if member.bearer.device_id == bearer.device_id:
                    del self._members[known]
            self._members[token] = _Member(bearer, time.monotonic())
        return Joined(token, self.side.audit_id, self.title)

    def member(self, token: str) -> Bearer:
        """Whom a token stands for; raises NotSignedIn when the room does not know it."""
        with self._lock:
            member = self._members.get(token)
        if member is None:
            raise NotSignedIn("This room was closed, or it is another one now. Join again.")
        return member.bearer

    def exchange(self, token: str, message: Exchange) -> Exchanged:
        """Take what a member brings, and say what is here that it lacks."""
        bearer = self.member(token)
        came = self.side.take(message.parts)
        parts = self.side.lacking(message.have, bearer.device_id)
        with self._lock:
            self._members[token].met = time.monotonic()
            self._members[token].have = message.have
        return Exchanged(
            self.side.have(), parts, self.side.wanted(), self.seats(), list(came.refused)
        )

    def seats(self) -> list[Seat]:
        """Who is in the room, the lead first."""
        here, now = self.side.have(), time.monotonic()
        with self._lock:
            members = list(self._members.values())
        lead = Seat(self._lead.name, True, 0, sum(here.values()), 0)
        others = [
            Seat(
                one.bearer.name,
                False,
                round(now - one.met),
                sum(one.have.values()),
                _missing(here, one.have, one.bearer.device_id),
            )
            for one in members
        ]
        return [lead, *sorted(others, key=lambda one: one.name)]

    def of_colleagues(self) -> int:
        """How many operations of others ever came to this laptop."""
        return sum(n for device, n in self.side.have().items() if device != self._device_id)

    def tls(self) -> ssl.SSLContext:
        """The server's side of TLS with the room's own key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        content = self._certificate.public_bytes(Encoding.PEM) + self._key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
        # The library loads keys from files alone; this one dies with the room.
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "room.pem"
            path.touch(mode=0o600)
            path.write_bytes(content)
            context.load_cert_chain(path)
        return context


def _missing(here: Mapping[UUID, int], theirs: Mapping[UUID, int], own: UUID) -> int:
    return sum(
        max(0, n - theirs.get(device_id, 0)) for device_id, n in here.items() if device_id != own
    )


def _make_certificate() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "team room")])
    start = clock.now() - dt.timedelta(days=365)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The clocks of laptops on site may be far apart; the pin is what counts.
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=730))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as fault:
        raise BadInput("The other laptop's proof cannot be read. Join again.") from fault
