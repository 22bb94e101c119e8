"""Every write below the encryption, in order: what the database and the evidence ask of the disk.

A VFS of SQLite, made with ctypes over the one that the driver brings: it notes each write,
truncation, sync and deletion of the encrypted files, then lets it happen. The evidence writes its
files itself: there Python's own calls are noted.
"""

import ctypes as c
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import sqlcipher3._sqlite3 as driver

_OK = 0
_Method = c.c_void_p


@dataclass(frozen=True)
class Event:
    """One thing asked of the disk, or (kind `told`) a moment at which somebody was told a fact."""

    kind: str
    name: str = ""
    at: int = 0
    data: bytes = b""
    to: str = ""
    fact: Any = None


@dataclass
class Recording:
    """What happened below one folder, in order; of its files those whose names begin so."""

    folder: Path
    begin: tuple[str, ...] = ("",)
    events: list[Event] = field(default_factory=list)

    def name_of(self, path: str | Path) -> str | None:
        """The name inside the folder, or None for what lies elsewhere."""
        try:
            name = Path(path).relative_to(self.folder).as_posix()
        except ValueError:
            return None
        return name if name.startswith(self.begin) else None

    def add(
        self, kind: str, name: str | None, at: int = 0, data: bytes = b"", to: str = ""
    ) -> None:
        if name is not None:
            self.events.append(Event(kind, name, at, data, to))

    def refuses(self, kind: str, name: str | None) -> int:
        """The code with which SQLite is told that this did not work; 0 where it works."""
        return 0

    def tell(self, fact: Any) -> None:
        """Somebody was told this: it must hold from now on, whatever happens."""
        self.events.append(Event("told", fact=fact))


class _Vfs(c.Structure):
    pass


# The name as it is, not a copy: SQLite keeps it for as long as the file is open.
_OPEN = c.CFUNCTYPE(c.c_int, c.POINTER(_Vfs), c.c_void_p, c.c_void_p, c.c_int, c.c_void_p)
_DELETE = c.CFUNCTYPE(c.c_int, c.POINTER(_Vfs), c.c_char_p, c.c_int)
_Vfs._fields_ = [
    ("iVersion", c.c_int),
    ("szOsFile", c.c_int),
    ("mxPathname", c.c_int),
    ("pNext", c.c_void_p),
    ("zName", c.c_char_p),
    ("pAppData", c.c_void_p),
    ("xOpen", _OPEN),
    ("xDelete", _DELETE),
    *((f"x{number}", _Method) for number in range(14)),
]

_CLOSE = c.CFUNCTYPE(c.c_int, c.c_void_p)
_WRITE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_void_p, c.c_int, c.c_int64)
_TRUNCATE = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int64)
_SYNC = c.CFUNCTYPE(c.c_int, c.c_void_p, c.c_int)


class _Methods(c.Structure):
    _fields_ = [
        ("iVersion", c.c_int),
        ("xClose", _CLOSE),
        ("xRead", _Method),
        ("xWrite", _WRITE),
        ("xTruncate", _TRUNCATE),
        ("xSync", _SYNC),
        *((f"x{number}", _Method) for number in range(13)),
    ]


class Shim:
    """The VFS. It lives as long as files are open in it."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._library = c.CDLL(driver.__file__)
        self._library.sqlite3_vfs_find.restype = c.POINTER(_Vfs)
        self._library.sqlite3_vfs_find.argtypes = [c.c_char_p]
        for name in ("sqlite3_vfs_register", "sqlite3_vfs_unregister"):
            getattr(self._library, name).argtypes = [c.POINTER(_Vfs), c.c_int]
        self._right = self._library.sqlite3_vfs_find(None)
        self._names: dict[int, str | None] = {}
        self._methods: dict[int, _Methods] = {}
        self._mine = _Vfs()
        c.memmove(c.byref(self._mine), self._right, c.sizeof(_Vfs))
        self._mine.zName = b"recording"
        self._mine.xOpen = _OPEN(self._open)
        self._mine.xDelete = _DELETE(self._delete)

    def install(self) -> None:
        self._library.sqlite3_vfs_register(c.byref(self._mine), 1)

    def remove(self) -> None:
        self._library.sqlite3_vfs_unregister(c.byref(self._mine), 0)
        self._library.sqlite3_vfs_register(self._right, 1)

    def _open(self, vfs: Any, name: int | None, file: int, flags: int, out: int) -> int:
        result = self._right.contents.xOpen(vfs, name, file, flags, out)
        place = c.cast(file, c.POINTER(c.c_void_p))
        if result == _OK and place[0]:
            path = c.string_at(name).decode() if name else ""
            self._names[file] = self._recording.name_of(path)
            methods = self._wrapped(place[0])
            place[0] = c.addressof(methods)
        return int(result)

    def _delete(self, vfs: Any, name: bytes, sync: int) -> int:
        kind = "remove" if sync else "unlink"
        self._recording.add(kind, self._recording.name_of(name.decode()))
        return int(self._right.contents.xDelete(vfs, name, sync))

    def _wrapped(self, address: int) -> _Methods:
        """The file's methods with ours in four places; one copy serves all files of a kind."""
        if address not in self._methods:
            right = _Methods.from_address(address)
            mine = _Methods()
            c.memmove(c.byref(mine), address, c.sizeof(_Methods))
            note, names = self._recording.add, self._names
            refuses = self._recording.refuses

            def write(file: int, data: int, size: int, at: int) -> int:
                if code := refuses("write", names[file]):
                    return code
                note("write", names[file], at, c.string_at(data, size))
                return int(right.xWrite(file, data, size, at))

            def truncate(file: int, size: int) -> int:
                if code := refuses("truncate", names[file]):
                    return code
                note("truncate", names[file], size)
                return int(right.xTruncate(file, size))

            def sync(file: int, flags: int) -> int:
                if code := refuses("sync", names[file]):
                    return code
                result = int(right.xSync(file, flags))
                note("sync", names[file])
                return result

            mine.xWrite, mine.xTruncate, mine.xSync = (
                _WRITE(write),
                _TRUNCATE(truncate),
                _SYNC(sync),
            )
            self._methods[address] = mine
        return self._methods[address]


class _NotedFile(io.FileIO):
    """A file of the evidence whose writes are noted."""

    note: Callable[[int, bytes], None]

    def write(self, data: Any) -> int:
        content = bytes(data)
        self.note(self.tell(), content)
        return super().write(content)


@contextmanager
def recorded(folder: Path, *begin: str) -> Iterator[Recording]:
    """Inside, everything is noted that is written to the folder's files that begin so."""
    recording = Recording(folder, begin or ("",))
    shim = Shim(recording)
    shim.install()
    try:
        with _python_files(recording):
            yield recording
    finally:
        shim.remove()


@contextmanager
def _python_files(recording: Recording) -> Iterator[None]:
    opened, synced, renamed = Path.open, os.fsync, Path.replace
    names: dict[int, str] = {}

    def open_file(path: Path, mode: str = "r", *arguments: Any, **more: Any) -> Any:
        name = recording.name_of(path)
        if name is None or mode != "wb":
            return opened(path, mode, *arguments, **more)
        file = _NotedFile(path, "wb")
        file.note = lambda at, data: recording.add("write", name, at, data)
        names[file.fileno()] = name
        recording.add("write", name)
        return io.BufferedWriter(file)

    def sync(handle: int) -> None:
        synced(handle)
        where = recording.name_of(os.readlink(f"/proc/self/fd/{handle}"))
        is_folder = where is not None and (recording.folder / where).is_dir()
        recording.add("sync folder" if is_folder else "sync", where)

    def replace(path: Path, target: Path) -> Path:
        result = renamed(path, target)
        name = recording.name_of(target)
        recording.add("rename", recording.name_of(path), to=name or "")
        return result

    with (
        patch.object(Path, "open", open_file),
        patch.object(os, "fsync", sync),
        patch.object(Path, "replace", replace),
    ):
        yield
