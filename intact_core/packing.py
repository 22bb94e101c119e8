"""Packing of messages and of what is staged: gzip (RFC 1952).

By ISA-L: 6.6 MB of a pull take 9 ms where zlib's quickest level takes 25, are a tenth smaller, and
are unpacked in a quarter of the time.
"""

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


def packer() -> isal_zlib.Compress:
    """Packs part by part: `compress`, at the end `flush`."""
    return isal_zlib.compressobj(_LEVEL, wbits=_GZIP)


def unpacker() -> isal_zlib.Decompress:
    """Unpacks part by part: `decompress` (raises Damaged), `eof`, `unused_data`."""
    return isal_zlib.decompressobj(_GZIP)
