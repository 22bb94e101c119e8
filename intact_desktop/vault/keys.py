"""From a passphrase and a second secret to the keys that open the laptop's data."""

import os
import secrets
import unicodedata

import msgspec
from argon2.exceptions import HashingError
from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from intact_core.errors import BadInput, StorageFault
from intact_desktop.vault.outline import SHORTEST_PASSPHRASE

KEY_BYTES = 32
_NONCE_BYTES = 12
_FLOOR_KIB = 64 * 1024


class Kdf(msgspec.Struct, frozen=True):
    """Cost of Argon2id (RFC 9106): passes, memory in KiB, lanes."""

    passes: int = 3
    memory_kib: int = 256 * 1024
    lanes: int = 4


STANDARD = Kdf()
CHEAPEST = Kdf(passes=1, memory_kib=8, lanes=1)


def fitting(kdf: Kdf) -> Kdf:
    """The same cost, or down to 64 MiB where so much memory is not free just now."""
    memory, free = kdf.memory_kib, _free_memory_kib()
    while memory > _FLOOR_KIB and memory * 2 > free:
        memory //= 2
    return Kdf(kdf.passes, memory, kdf.lanes)


def _free_memory_kib() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 1024
    except (AttributeError, ValueError, OSError):
        return STANDARD.memory_kib * 2


def check_strength(passphrase: str) -> None:
    """Refuse what is too short to withstand guessing."""
    if len(_normal(passphrase)) < SHORTEST_PASSPHRASE:
        raise BadInput(
            f"The passphrase needs at least {SHORTEST_PASSPHRASE} characters. Three or four "
            "words that do not belong together are easy to keep in mind.",
            title="That passphrase is too short",
        )


def stretch(passphrase: str, salt: bytes, kdf: Kdf) -> bytes:
    """Argon2id of the passphrase: 32 bytes. Takes a good part of a second by intention."""
    try:
        return hash_secret_raw(
            _normal(passphrase).encode(),
            salt,
            time_cost=kdf.passes,
            memory_cost=kdf.memory_kib,
            parallelism=kdf.lanes,
            hash_len=KEY_BYTES,
            type=Type.ID,
        )
    except (HashingError, MemoryError) as fault:
        raise StorageFault(
            f"Opening needs {kdf.memory_kib // 1024} MB of memory, and so much is not free. "
            "Nothing was lost. Close other programs, then try again.",
            title="Too little memory",
            details=str(fault),
        ) from fault


def derive(secret: bytes, purpose: str, context: bytes = b"") -> bytes:
    """HKDF-SHA256 (RFC 5869): a 32-byte key for one purpose and context."""
    info = b"intact/1/" + purpose.encode() + b"\0" + context
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=info).derive(secret)


def new_key() -> bytes:
    """A random 256-bit key."""
    return secrets.token_bytes(KEY_BYTES)


def seal(key: bytes, content: bytes, purpose: bytes) -> bytes:
    """AES-256-GCM: nonce, ciphertext and tag; `purpose` is authenticated with it."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, content, purpose)


def unseal(key: bytes, sealed: bytes, purpose: bytes) -> bytes | None:
    """What `seal` closed, or None where key, purpose or bytes are not the same."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose)
    except (InvalidTag, ValueError):
        return None


def _normal(passphrase: str) -> str:
    return unicodedata.normalize("NFKC", passphrase)
