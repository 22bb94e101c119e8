"""Digest of a scope: a sum of hashes, so that one changed record costs one subtraction."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from intact_core import canonical

_MODULUS = 1 << 256
EMPTY = "0" * 64
"""Digest of a scope without records."""


def row_hash(kind: str, record_id: UUID | str, rev: int, body: Mapping[str, Any]) -> str:
    """SHA-256 over the canonical (type, id, rev, body); body in wire form.

    Empty fields are left out, so a new column changes no digest of older rows.
    """
    return text_hash(kind, record_id, rev, canonical.dumps(filled(body)))


def filled(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A wire body without its empty fields; itself where none is."""
    if None not in body.values():
        return body
    return {name: value for name, value in body.items() if value is not None}


def text_hash(kind: str, record_id: UUID | str, rev: int, text: bytes) -> str:
    """The same as `row_hash`, of a filled body that is canonical JSON already."""
    return hashlib.sha256(
        b'["%b","%b",%d,%b]' % (kind.encode(), str(record_id).encode(), rev, text)
    ).hexdigest()


def moved(digest: str, *, out: Iterable[str] = (), into: Iterable[str] = ()) -> str:
    """The digest after row hashes left (`out`) and came (`into`), modulo 2^256."""
    total = int(digest, 16) + sum(int(row, 16) for row in into) - sum(int(row, 16) for row in out)
    return f"{total % _MODULUS:064x}"
