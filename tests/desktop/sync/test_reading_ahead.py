"""A file read ahead: each piece is what was asked for, and nothing is read after it was left."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from intact_core.errors import Damaged
from intact_desktop.sync.beside import beside
from intact_desktop.sync.reading_ahead import Piece, ReadingAhead

CONTENT = bytes(range(256)) * 4


@dataclass
class File:
    """Notes what was read; damaged where it is told to be."""

    size: int = len(CONTENT)
    damaged_from: int = len(CONTENT)
    read: list[tuple[int, int]] = field(default_factory=list)

    def read_range(self, offset: int, length: int) -> bytes:
        self.read.append((offset, length))
        if offset >= self.damaged_from:
            raise Damaged("This file is damaged.")
        return CONTENT[offset : offset + length]


def piece(offset: int, length: int) -> Piece:
    content = CONTENT[offset : offset + length]
    return Piece(content, hashlib.sha256(content).digest())


def test_each_piece_is_read_once_where_they_follow_each_other() -> None:
    file = File()
    with ReadingAhead(file, beside) as ahead:
        for offset in range(0, len(CONTENT), 256):
            assert ahead.piece(offset, 256) == piece(offset, 256)
    assert file.read == [(offset, 256) for offset in range(0, len(CONTENT), 256)]


@pytest.mark.parametrize(("offset", "most"), [(0, 256), (256, 512), (256, 100), (512, 256)])
def test_another_piece_than_was_got_ready(offset: int, most: int) -> None:
    with ReadingAhead(File(), beside) as ahead:
        ahead.piece(0, 256)
        assert ahead.piece(offset, most) == piece(offset, most)
        assert ahead.piece(offset + most, most) == piece(offset + most, most)


def test_damage_is_told_once_its_piece_is_asked_for() -> None:
    with ReadingAhead(File(damaged_from=256), beside) as ahead:
        assert ahead.piece(0, 256) == piece(0, 256)
        with pytest.raises(Damaged):
            ahead.piece(256, 256)
        with pytest.raises(Damaged):
            ahead.piece(256, 256)


def test_who_leaves_waits_for_what_is_being_read() -> None:
    def slowly(ask: Callable[[], Piece]) -> Callable[[], Piece]:
        def do() -> Piece:
            time.sleep(0.1)
            return ask()

        return beside(do)

    file = File(damaged_from=256)
    with ReadingAhead(file, slowly) as ahead:
        ahead.piece(0, 256)
    assert file.read == [(0, 256), (256, 256)]
