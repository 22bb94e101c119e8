"""Packing: gzip frames that every zlib reads, part by part."""

import gzip
from collections.abc import Generator

import pytest

from intact_core.packing import Damaged, packed, packed_parts, unpacked, unpacker

PARTS = [b"one line\n" * 2_000, b"", b"another\n" * 9_000, b"end\n"]


def parts(closed: list[bool]) -> Generator[bytes, None, None]:
    try:
        yield from PARTS
    finally:
        closed.append(True)


def test_any_zlib_reads_it_and_it_reads_any() -> None:
    content = b"".join(PARTS)
    assert gzip.decompress(packed(content)) == content
    assert unpacked(gzip.compress(content)) == content
    assert gzip.decompress(b"".join(packed_parts(parts([])))) == content


def test_each_part_can_be_unpacked_before_the_next_one_comes() -> None:
    unpack = unpacker()
    came = [unpack.decompress(one) for one in packed_parts(parts([]))]
    assert came == [*PARTS, b""]
    assert unpack.eof


def test_who_stops_taking_parts_ends_the_work() -> None:
    closed: list[bool] = []
    taken = packed_parts(parts(closed))
    next(taken)
    taken.close()
    assert closed


@pytest.mark.parametrize("damage", [b"no gzip", packed(b"x" * 99)[:-8] + bytes(8)])
def test_damage_is_named(damage: bytes) -> None:
    with pytest.raises(Damaged):
        unpacked(damage)
