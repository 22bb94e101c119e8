"""The sealed form of one file: chunks of AES-256-GCM that cannot be cut, swapped or moved.

    header   8 magic, 1 version, 1 chunk size as a power of two, 6 zero, 60 wrapped key
    chunks   1 MiB of content each, the last one shorter; each followed by its 16-byte tag

The file's random key is wrapped by the audit's key and bound to what the file is (`identity`).
A chunk's nonce is its place; place and last-flag are authenticated. The key serves one file only,
so a place is never used twice under it.
"""

import io
import struct
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from intact_core.errors import Damaged
from intact_desktop.vault import keys

CHUNK_BYTES = 1 << 20
_MAGIC = b"INTACTEV"
_VERSION = 1
_PREFIX = struct.Struct(">8sBB6x")
_WRAPPED_BYTES = 60
HEADER_BYTES = _PREFIX.size + _WRAPPED_BYTES
_TAG_BYTES = 16
_PLACE = struct.Struct(">QB3x")


class Sealer:
    """Writes one sealed file: chunks in order, then the header, bound to what the file is."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._key = keys.new_key()
        self._cipher = AESGCM(self._key)
        self._place = 0
        file.write(bytes(HEADER_BYTES))

    def chunk(self, content: bytes, *, last: bool) -> None:
        """Seal the next chunk: CHUNK_BYTES long, or shorter where it is the last."""
        place = _PLACE.pack(self._place, last)
        self._file.write(self._cipher.encrypt(place, content, place))
        self._place += 1

    def finish(self, wrapping_key: bytes, identity: bytes) -> None:
        """Write the header; a file that was never finished opens with no key."""
        prefix = _prefix()
        self._file.seek(0)
        self._file.write(prefix + keys.seal(wrapping_key, self._key, prefix + identity))


class SealedFile(io.RawIOBase):
    """The content of a sealed file, decrypted in memory as it is read; seekable."""

    def __init__(self, file: BinaryIO, wrapping_key: bytes, identity: bytes) -> None:
        super().__init__()
        self._file = file
        header = file.read(HEADER_BYTES)
        prefix, wrapped = header[: _PREFIX.size], header[_PREFIX.size :]
        key = keys.unseal(wrapping_key, wrapped, prefix + identity)
        if prefix != _prefix() or key is None:
            raise _damaged("header")
        self._cipher = AESGCM(key)
        sealed = file.seek(0, io.SEEK_END) - HEADER_BYTES
        self._last = max(0, (sealed - 1) // (CHUNK_BYTES + _TAG_BYTES))
        self.size = sealed - (self._last + 1) * _TAG_BYTES
        self._position = 0
        self._held: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer up to the end of one chunk; 0 at the end of the file."""
        if self._position >= self.size:
            if self.size <= 0:
                self._chunk(0)
            return 0
        number, start = divmod(self._position, CHUNK_BYTES)
        part = memoryview(self._chunk(number))[start : start + len(buffer)]
        buffer[: len(part)] = part
        self._position += len(part)
        return len(part)

    def read_range(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer at the end of the file."""
        self.seek(offset)
        wanted = bytearray(max(0, min(length, self.size - offset)))
        view, filled = memoryview(wanted), 0
        while filled < len(wanted):
            filled += self.readinto(view[filled:])
        return bytes(wanted)

    def close(self) -> None:
        self._file.close()
        super().close()

    def _chunk(self, number: int) -> bytes:
        if self._held[0] != number:
            self._file.seek(HEADER_BYTES + number * (CHUNK_BYTES + _TAG_BYTES))
            sealed = self._file.read(CHUNK_BYTES + _TAG_BYTES)
            place = _PLACE.pack(number, number == self._last)
            try:
                self._held = (number, self._cipher.decrypt(place, sealed, place))
            except (InvalidTag, ValueError) as fault:
                raise _damaged(f"chunk {number}") from fault
        return self._held[1]


def _prefix() -> bytes:
    return _PREFIX.pack(_MAGIC, _VERSION, CHUNK_BYTES.bit_length() - 1)


def _damaged(part: str) -> Damaged:
    return Damaged(
        "A stored file of evidence is damaged or was exchanged, so it is not shown. Nothing else "
        "is affected. If it was sent already, the server has it and it can be downloaded again.",
        details=part,
    )
