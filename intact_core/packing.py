"""Packing of messages and of what is staged: gzip (RFC 1952).

By ISA-L: 6.6 MB of a pull take 9 ms where zlib's quickest level takes 25, are a tenth smaller, and
are unpacked in a quarter of the time.
"""

from collections.abc import Generator
from contextlib import closing
from typing import cast

from isal import isal_zlib

_GZIP = 31
"""Window bits that mean a gzip frame."""
_LEVEL = 1

# Typed as an instance by its own stubs.
Damaged = cast(type[Exception], isal_zlib.IsalError)
"""What unpacking raises for bytes that are no gzip frame."""


def packed(content: bytes) -> bytes:
    """The content as one gzip frame."""
    return isal_zlib.compress(content, _LEVEL, _GZIP)


def unpacked(content: bytes) -> bytes:
    """What `packed` was given; raises Damaged."""
    return isal_zlib.decompress(content, _GZIP)


def packed_parts(parts: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
    """The parts as one gzip frame: each can be unpacked once it came, the next one or not."""
    pack = isal_zlib.compressobj(_LEVEL, wbits=_GZIP)
    with closing(parts):
        for part in parts:
            # By itself it waits for a hundred kilobytes, and whoever unpacks waits with it.
            yield pack.compress(part) + pack.flush(isal_zlib.Z_SYNC_FLUSH)
    yield pack.flush()


def unpacker() -> isal_zlib.Decompress:
    """Unpacks part by part: `decompress` (raises Damaged), `eof`, `unused_data`."""
    return isal_zlib.decompressobj(_GZIP)
