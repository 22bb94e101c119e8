"""What laptops in a team room say to each other, and what they sign."""

import hashlib
from typing import Literal
from uuid import UUID

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from intact_desktop.sync.cards import Card
from intact_desktop.sync.carrying import Part

VERSION = 1
LARGEST_MESSAGE = 64 << 20


class Knock(msgspec.Struct, frozen=True):
    """First message: asks the lead's laptop who it is. `nonce` is hexadecimal."""

    version: int
    nonce: str


class Welcome(msgspec.Struct, frozen=True):
    """The lead's card, its signature (`proof_text` of "lead"), a nonce for the answer."""

    card: Card
    signature: str
    nonce: str


class Join(msgspec.Struct, frozen=True):
    """Asks to come in: card, signature (`proof_text` of "member"), and the code on the screen."""

    card: Card
    nonce: str
    signature: str
    code: str


class Joined(msgspec.Struct, frozen=True):
    """The room's audit, and a token that stands for the member from now on."""

    token: str
    audit_id: UUID
    title: str


class Exchange(msgspec.Struct, frozen=True):
    """How far each device's chain is here, and what the other lacked the last time."""

    have: dict[UUID, int]
    parts: list[Part] = []


class Seat(msgspec.Struct, frozen=True):
    """A member as all see it: when last met (seconds ago), how many changes its laptop holds.

    `missing` counts the changes in the room that it does not have yet.
    """

    name: str
    is_lead: bool
    seconds: int
    holds: int
    missing: int


class Exchanged(msgspec.Struct, frozen=True):
    """The same from the lead's laptop; `wanted` are hashes of files that it lacks."""

    have: dict[UUID, int]
    parts: list[Part]
    wanted: list[str]
    seats: list[Seat]
    refused: list[str]


class Refusal(msgspec.Struct, frozen=True):
    """Why not, in words."""

    title: str
    sentence: str


def proof_text(role: Literal["lead", "member"], certificate: x509.Certificate, nonce: str) -> bytes:
    """What a laptop signs: for this room alone, whose TLS certificate was made for it."""
    print_ = hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
    return f"intact/room/{VERSION}/{role}/{print_}/{nonce}".encode()
