"""The hand-over file: one audit's unsent work, sealed with a passphrase.

    prefix   8 magic, 1 version, 3 zero, 4 length of the header
    header   JSON: cost and salt of the key, a value that tells a wrong passphrase
    seal     32 bytes: SHA-256 of prefix and header
    chunks   1 MiB of content each, the last one shorter; each followed by its 16-byte tag

The key is Argon2id of the passphrase (RFC 9106), made for this file alone; AES-256-GCM closes each
chunk with its place, a last-flag and the header. Inside: a head (who made it, what it holds, signed
by the device), the operations, then the files one after another.
"""

import hashlib
import hmac
import io
import secrets
import struct
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO
from uuid import UUID

import msgspec
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from intact_core.errors import BadInput, Damaged, StorageFault, WrongPassphrase

SUFFIX = ".intact-handover"
VERSION = 1
CHUNK = 1 << 20
_MAGIC = b"INTACTHO"
_PREFIX = struct.Struct(">8sB3xI")
_PLACE = struct.Struct(">QB3x")
_LENGTH = struct.Struct(">I")
_TAG = 16
_SEAL = 32
_SALT = 16
_LONGEST_HEADER = 4096
_LONGEST_HEAD = 16 << 20
_MOST_MEMORY_KIB = 1 << 20
_MOST_PASSES = 16


class Cost(msgspec.Struct, frozen=True):
    """Cost of Argon2id: passes, memory in KiB, lanes."""

    passes: int = 3
    memory_kib: int = 256 * 1024
    lanes: int = 4


class _Header(msgspec.Struct, frozen=True):
    cost: Cost
    salt: str
    check: str


class Share(msgspec.Struct, frozen=True):
    """How many operations of one person go along."""

    name: str
    operations: int


class Attached(msgspec.Struct, frozen=True):
    """A file that goes along: its hash (hexadecimal SHA-256) and bytes."""

    sha256: str
    size: int


class Manifest(msgspec.Struct, frozen=True):
    """What a hand-over file holds. `work_sha256` and `work_size` are of the operations' bytes.

    `elsewhere` counts operations on other audits: a laptop's chain is handed on whole.
    """

    file_id: UUID
    tenant_id: UUID
    audit_id: UUID
    title: str
    made_by: str
    made_at: datetime
    shares: list[Share]
    elsewhere: int
    files: list[Attached]
    work_sha256: str
    work_size: int


class Head(msgspec.Struct, frozen=True):
    """The manifest's bytes, the card of the device that made them, and its signature (hex)."""

    manifest: msgspec.Raw
    card: dict[str, Any]
    signature: str

    def read_manifest(self) -> Manifest:
        """Raises Damaged where it is none."""
        try:
            return msgspec.json.decode(self.manifest, type=Manifest)
        except msgspec.DecodeError as fault:
            raise damaged(str(fault)) from fault


def write(target: BinaryIO, passphrase: str, content: Iterable[bytes], cost: Cost) -> None:
    """Seal content into a file; raises StorageFault where the memory for the key is not there."""
    salt = secrets.token_bytes(_SALT)
    key, check = _keys(passphrase, salt, cost)
    header = msgspec.json.encode(_Header(cost, salt.hex(), check.hex()))
    start = _PREFIX.pack(_MAGIC, VERSION, len(header)) + header
    bound = hashlib.sha256(start).digest()
    target.write(start + bound)
    cipher = AESGCM(key)
    for place, (chunk, last) in enumerate(_even(content)):
        nonce = _PLACE.pack(place, last)
        target.write(cipher.encrypt(nonce, chunk, bound))


def head_bytes(head: Head) -> bytes:
    """The head as it stands in front of the content."""
    encoded = msgspec.json.encode(head)
    return _LENGTH.pack(len(encoded)) + encoded


def read_head(content: BinaryIO) -> Head:
    """The head at the start of the content; raises Damaged."""
    (length,) = _LENGTH.unpack(exactly(content, _LENGTH.size))
    if length > _LONGEST_HEAD:
        raise damaged("the head is too long")
    try:
        return msgspec.json.decode(exactly(content, length), type=Head)
    except msgspec.DecodeError as fault:
        raise damaged(str(fault)) from fault


def exactly(content: BinaryIO, size: int) -> bytes:
    """So many bytes; raises Damaged where there are fewer."""
    parts = bytearray()
    while len(parts) < size:
        part = content.read(size - len(parts))
        if not part:
            raise damaged("the content ends too early")
        parts += part
    return bytes(parts)


class Opened:
    """A hand-over file whose passphrase fits. `content` reads it from the start each time."""

    def __init__(self, file: BinaryIO, passphrase: str) -> None:
        """Raises BadInput (no such file, newer version), Damaged, WrongPassphrase."""
        self._file = file
        header, self._bound, self._start = _read_header(file)
        self._key, check = _keys(passphrase, bytes.fromhex(header.salt), header.cost)
        if not hmac.compare_digest(check.hex(), header.check):
            raise WrongPassphrase(
                "This passphrase does not open the file. Nothing was changed. Ask whoever made "
                "the file for the passphrase, and mind capital letters."
            )

    def content(self) -> BinaryIO:
        """The content as a file to be read once; a changed or missing byte raises Damaged."""
        self._file.seek(self._start)
        return io.BufferedReader(_Content(self._chunks()), buffer_size=1 << 16)

    def _chunks(self) -> Iterator[bytes]:
        cipher, place = AESGCM(self._key), 0
        sealed = self._file.read(CHUNK + _TAG)
        while True:
            following = self._file.read(CHUNK + _TAG)
            nonce = _PLACE.pack(place, not following)
            try:
                yield cipher.decrypt(nonce, sealed, self._bound)
            except (InvalidTag, ValueError) as fault:
                raise damaged(f"chunk {place}") from fault
            if not following:
                return
            sealed, place = following, place + 1


class _Content(io.RawIOBase):
    """Chunks one after another as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self._chunks = chunks
        self._held = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._held:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._held = memoryview(chunk)
        part = self._held[: len(buffer)]
        buffer[: len(part)] = part
        self._held = self._held[len(part) :]
        return len(part)


def _read_header(file: BinaryIO) -> tuple[_Header, bytes, int]:
    prefix = file.read(_PREFIX.size)
    if prefix[: len(_MAGIC)] != _MAGIC:
        raise BadInput("This is not a hand-over file of this application. Nothing was changed.")
    if len(prefix) < _PREFIX.size:
        raise damaged("the file ends in its header")
    _, version, length = _PREFIX.unpack(prefix)
    if version > VERSION:
        raise BadInput(
            "This file was made by a newer version of the application. Nothing was changed. "
            "Install that version, then take the file over.",
            title="A newer version is needed",
        )
    encoded = file.read(min(length, _LONGEST_HEADER))
    seal = file.read(_SEAL)
    bound = hashlib.sha256(prefix + encoded).digest()
    if seal != bound or version < 1:
        raise damaged("the header")
    return _understood(encoded), bound, _PREFIX.size + len(encoded) + _SEAL


def _understood(encoded: bytes) -> _Header:
    try:
        header = msgspec.json.decode(encoded, type=_Header)
        fits = len(bytes.fromhex(header.salt)) == _SALT
    except ValueError as fault:
        raise damaged(str(fault)) from fault
    cost = header.cost
    if not (fits and 1 <= cost.passes <= _MOST_PASSES and 1 <= cost.lanes <= _MOST_PASSES):
        raise damaged("the cost of the key")
    if not 8 * cost.lanes <= cost.memory_kib <= _MOST_MEMORY_KIB:
        raise damaged("the cost of the key")
    return header


def _keys(passphrase: str, salt: bytes, cost: Cost) -> tuple[bytes, bytes]:
    """The key of the chunks, and a value that tells whether the passphrase fits."""
    try:
        secret = hash_secret_raw(
            unicodedata.normalize("NFKC", passphrase).encode(),
            salt,
            time_cost=cost.passes,
            memory_cost=cost.memory_kib,
            parallelism=cost.lanes,
            hash_len=32,
            type=Type.ID,
        )
    except (HashingError, MemoryError) as fault:
        raise StorageFault(
            f"The file's key needs {cost.memory_kib // 1024} MB of memory, and so much is not "
            "free. Nothing was changed. Close other programs, then try again.",
            title="Too little memory",
            details=str(fault),
        ) from fault
    return _derived(secret, b"chunks"), _derived(secret, b"check")


def _derived(secret: bytes, purpose: bytes) -> bytes:
    info = b"intact/handover/1/" + purpose
    return HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(secret)


def _even(content: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Pieces of CHUNK bytes and the last-flag; at least one, maybe empty."""
    held = bytearray()
    for part in content:
        held += part
        while len(held) > CHUNK:
            yield bytes(held[:CHUNK]), False
            del held[:CHUNK]
    yield bytes(held), True


def damaged(details: str) -> Damaged:
    """What is said of a file whose bytes are not what was written."""
    return Damaged(
        "The hand-over file is damaged, cut off or was changed. Nothing was changed here. Copy it "
        "again from where it came, or let it be made again.",
        details=details,
    )
