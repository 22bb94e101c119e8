"""What a PDF's signatures cover, read from the raw bytes: no hole, nothing appended."""

import hashlib
import re
from dataclasses import dataclass

from intact_core.documents.cms_profile import Envelope, read
from intact_core.errors import Damaged

# Right behind its hole, as it is written; the same words in somebody's text do not count.
_BYTE_RANGE = re.compile(rb">\n/ByteRange \[0 (\d{1,12}) (\d{1,12}) (\d{1,12})\] ")
_PADES = b"/ETSI.CAdES.detached"
_UPPER_HEX = re.compile(rb"[0-9A-F]*")


@dataclass(frozen=True)
class Seal:
    """One signature: the end of the bytes it covers, the hole it lies in, what it says."""

    covered_to: int
    hole: tuple[int, int]
    envelope: Envelope


def read_seals(data: bytes) -> tuple[Seal, ...]:
    """All signatures, in order; the last must cover every byte of the file but its own hole.

    Raises Damaged where a byte anywhere is not as it was signed (ISO 32000-2, 12.8.1).
    """
    seals = [
        _seal(data, *map(int, found.groups()))
        for found in _BYTE_RANGE.finditer(data)
        if int(found[2]) == found.start() + 1
    ]
    if not seals and _PADES in data:
        raise Damaged("There is a signature in the file, but its place has been changed.")
    if seals and seals[-1].covered_to != len(data):
        added = len(data) - seals[-1].covered_to
        raise Damaged(f"{added:,} bytes were added to the file after it was signed.")
    return tuple(seals)


def _seal(data: bytes, before: int, after: int, rest: int) -> Seal:
    covered_to = after + rest
    if not before < after or covered_to > len(data):
        raise Damaged("A signature of this file does not cover it from its first byte on.")
    envelope = read(_der_in(data[before:after]))
    digest = hashlib.sha256(memoryview(data)[:before])
    digest.update(memoryview(data)[after:covered_to])
    if digest.digest() != envelope.digest:
        raise Damaged("The file has been changed since it was signed.")
    return Seal(covered_to, (before, after), envelope)


def _der_in(hole: bytes) -> bytes:
    """The DER in a hole: `<`, upper-case hexadecimal, zeros to the end, `>`; nothing else."""
    digits = hole[1:-1]
    if hole[:1] != b"<" or hole[-1:] != b">" or len(digits) % 2 or len(digits) < 12:
        raise Damaged("The place of the signature in the file has been changed.")
    if not _UPPER_HEX.fullmatch(digits):
        raise Damaged("The signature is not written as Intact writes it: it has been changed.")
    raw = bytes.fromhex(digits.decode("ascii"))
    end = _length(raw)
    if any(raw[end:]):
        raise Damaged("The padding of the signature has been changed.")
    return raw[:end]


def _length(raw: bytes) -> int:
    """The length of the DER value at the start, its head included (X.690, 8.1.3)."""
    first = raw[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    return 2 + count + int.from_bytes(raw[2 : 2 + count], "big")
