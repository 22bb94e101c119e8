"""A file in pieces: the next one is read and hashed while the one before is on its way."""

import hashlib
from contextlib import suppress
from functools import partial
from typing import NamedTuple, Protocol

from intact_core.errors import IntactError
from intact_desktop.sync.beside import Await, Beside


class Content(Protocol):
    """What is read from."""

    size: int

    def read_range(self, offset: int, length: int, /) -> bytes: ...


class Piece(NamedTuple):
    """Bytes of a file and their SHA-256."""

    content: bytes
    digest: bytes


class ReadingAhead:
    """Reads pieces one after the other. Whoever leaves it waits for what is being read."""

    def __init__(self, file: Content, beside: Beside) -> None:
        self._file, self._beside = file, beside
        self._wanted = (0, 0)
        self._ahead: Await[Piece] | None = None

    def __enter__(self) -> "ReadingAhead":
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()

    def piece(self, offset: int, most: int) -> Piece:
        """At most so many bytes from the offset; the same number after them is got ready.

        Raises Damaged.
        """
        if self._wanted != (offset, most):
            self._forget()
        found = self._ahead() if self._ahead else self._read(offset, most)
        self._ahead, self._wanted = None, (offset + len(found.content), most)
        if self._wanted[0] < self._file.size:
            self._ahead = self._beside(partial(self._read, *self._wanted))
        return found

    def _read(self, offset: int, most: int) -> Piece:
        content = self._file.read_range(offset, most)
        return Piece(content, hashlib.sha256(content).digest())

    def _forget(self) -> None:
        if self._ahead is not None:
            with suppress(IntactError, OSError):
                self._ahead()
            self._ahead = None
