"""A disk that says no: to SQLite below its encryption, and to the files that Python writes.

Full, it takes nothing more until there is room; a name may still be changed and what was taken may
be synced. With an error (EIO) one single thing does not work: a write, a sync, a truncation, a
change of name, a new folder.
"""

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from tests.powercuts.recording import Recording, Shim

FULL, BROKEN = errno.ENOSPC, errno.EIO
_SQLITE_FULL = 13
_SQLITE_BROKEN = {"write": 10 | 3 << 8, "sync": 10 | 4 << 8, "truncate": 10 | 6 << 8}
_TAKES_ROOM = ("write", "make", "folder")


@dataclass
class FailingDisk(Recording):
    """Fails at the step number `at` of what is asked of files that begin so (0: never)."""

    error: int = FULL
    at: int = 0
    steps: list[str] = field(default_factory=list)
    only: str = ""
    is_full: bool = False
    struck: bool = False

    def add(self, *_: Any, **__: Any) -> None:
        """Nothing is recorded here."""

    def set(self, error: int, at: int, only: str = "") -> None:
        """Count from now on; only steps of that kind if one is given."""
        self.error, self.at, self.only, self.struck = error, at, only, False
        self.steps.clear()

    def good_again(self) -> None:
        """There is room, or the cable sits again."""
        self.at, self.is_full = 0, False

    def fails(self, kind: str, name: str | None) -> bool:
        """One thing more is asked; whether it does not work."""
        if name is None or (self.error == FULL and kind not in _TAKES_ROOM):
            return False
        if self.only not in ("", kind):
            return self.is_full
        self.steps.append(f"{kind} {name}")
        if len(self.steps) == self.at:
            self.struck = True
            self.is_full = self.error == FULL
            return True
        return self.is_full

    def refuses(self, kind: str, name: str | None) -> int:
        if not self.fails(kind, name):
            return 0
        return _SQLITE_FULL if self.error == FULL else _SQLITE_BROKEN[kind]

    def ask(self, kind: str, path: str | Path) -> None:
        """The same for Python's own files; raises OSError."""
        if self.fails(kind, self.name_of(path)):
            raise OSError(self.error, os.strerror(self.error), str(path))


class _File(io.FileIO):
    """A file that asks the disk before each write."""

    ask: Callable[[], None]

    def write(self, data: Any) -> int:
        self.ask()
        return super().write(data)


@contextmanager
def failing(disk: FailingDisk) -> Iterator[FailingDisk]:
    """Inside, databases that are opened and files that are written meet this disk."""
    shim = Shim(disk)
    shim.install()
    try:
        with _python_files(disk):
            yield disk
    finally:
        shim.remove()


@contextmanager
def _python_files(disk: FailingDisk) -> Iterator[None]:
    with _by_path(disk), _by_handle(disk):
        yield


@contextmanager
def _by_path(disk: FailingDisk) -> Iterator[None]:
    opened, renamed, made = Path.open, Path.replace, Path.mkdir

    def open_file(path: Path, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        if mode != "wb" or disk.name_of(path) is None:
            return opened(path, mode, *arguments, **more)
        disk.ask("make", path)
        file = _File(path, "wb")
        file.ask = lambda: disk.ask("write", path)
        return io.BufferedWriter(file)

    def replace(path: Path, target: Path) -> Path:
        disk.ask("rename", target)
        return renamed(path, target)

    def make(path: Path, *arguments: Any, **more: Any) -> None:
        if not path.exists():
            disk.ask("folder", path)
        made(path, *arguments, **more)

    with (
        patch.object(Path, "open", open_file),
        patch.object(Path, "replace", replace),
        patch.object(Path, "mkdir", make),
    ):
        yield


@contextmanager
def _by_handle(disk: FailingDisk) -> Iterator[None]:
    low_open, low_write, synced = os.open, os.write, os.fsync

    def sync(handle: int) -> None:
        disk.ask("sync", _path_of(handle))
        synced(handle)

    def open_low(path: Any, flags: int, *arguments: Any, **more: Any) -> int:
        if flags & os.O_CREAT and not os.path.exists(path):
            disk.ask("make", path)
        return low_open(path, flags, *arguments, **more)

    def write_low(handle: int, data: Any) -> int:
        disk.ask("write", _path_of(handle))
        return low_write(handle, data)

    with (
        patch.object(os, "fsync", sync),
        patch.object(os, "open", open_low),
        patch.object(os, "write", write_low),
    ):
        yield


def _path_of(handle: int) -> str:
    return os.readlink(f"/proc/self/fd/{handle}")
