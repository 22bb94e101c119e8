"""Compact claims for a certificate's QR code: about 200 bytes, checked without a network."""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from intact_core.errors import BadInput, Damaged

_VERSION = 1
_SIGNATURE = 64
_EPOCH = date(2000, 1, 1)
_CLIENT_LENGTH = 60
_BODY_LENGTH = 40


@dataclass(frozen=True)
class CompactClaims:
    """What a certificate claims; long names are cut, `scope_hash` is 16 hexadecimal digits."""

    number: str
    client: str
    standard: str
    scope_hash: str
    issued_on: date
    expires_on: date
    body: str


def scope_hash(scope: str) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the scope, white space folded."""
    return hashlib.sha256(" ".join(scope.split()).encode()).hexdigest()[:16]


def key_id(public_key: Ed25519PublicKey) -> str:
    """Names the key that signed: 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(public_key.public_bytes_raw()).hexdigest()[:16]


def make(claims: CompactClaims, key: Ed25519PrivateKey) -> str:
    """The claims signed with Ed25519 (RFC 8032), as base64url without padding (RFC 4648, 5)."""
    payload = msgspec.msgpack.encode(
        (
            _VERSION,
            bytes.fromhex(key_id(key.public_key())),
            claims.number,
            claims.client[:_CLIENT_LENGTH],
            claims.standard,
            bytes.fromhex(claims.scope_hash),
            (claims.issued_on - _EPOCH).days,
            (claims.expires_on - _EPOCH).days,
            claims.body[:_BODY_LENGTH],
        )
    )
    return _text(payload + key.sign(payload))


_Row = tuple[int, bytes, str, str, str, bytes, int, int, str]


def read_and_verify(text: str, keys: Mapping[str, Ed25519PublicKey]) -> CompactClaims:
    """Read claims and check their signature with the key they name, out of `keys` by key id.

    Raises BadInput where the text holds no claims or the key is not known, Damaged where the
    signature does not hold.
    """
    signed = _bytes(text)
    payload, signature = signed[:-_SIGNATURE], signed[-_SIGNATURE:]
    row = _row(payload)
    key = keys.get(row[1].hex())
    if key is None:
        raise BadInput(
            f"This code was signed with the key {row[1].hex()}, which is not known here. "
            "Check the certificate at the address printed on it."
        )
    try:
        key.verify(signature, payload)
    except InvalidSignature as error:
        raise Damaged(
            "This code has been changed since the certification body signed it. Do not rely on it."
        ) from error
    return _claims(row)


def _row(payload: bytes) -> _Row:
    try:
        row: _Row = msgspec.msgpack.decode(payload, type=_Row)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _not_claims(str(error)) from error
    if row[0] != _VERSION:
        raise _not_claims(f"version {row[0]}")
    return row


def _claims(row: _Row) -> CompactClaims:
    try:
        issued, expires = (_EPOCH + timedelta(days=days) for days in row[6:8])
    except OverflowError as error:
        raise _not_claims(str(error)) from error
    return CompactClaims(row[2], row[3], row[4], row[5].hex(), issued, expires, row[8])


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _bytes(text: str) -> bytes:
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError) as error:
        raise _not_claims(str(error)) from error
    if _text(data) != text or len(data) <= _SIGNATURE:
        raise _not_claims("not in the one form that is written")
    return data


def _not_claims(details: str) -> BadInput:
    return BadInput(
        "This is not the code of a certificate. Scan the square on the certificate again.",
        details=details,
    )
