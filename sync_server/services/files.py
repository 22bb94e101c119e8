"""Files that come in: size and kind checked, by content and not by name."""

import io
import struct
import zipfile
from codecs import getincrementaldecoder
from dataclasses import dataclass
from pathlib import PurePath
from typing import BinaryIO

from intact_core.errors import BadInput

LARGEST = 10 * 1024 * 1024
_HEAD = 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = b"PK\x03\x04"
_OFFICE = "application/vnd.openxmlformats-officedocument."
_OFFICE_PARTS = {
    "docx": "word/document.xml",
    "xlsx": "xl/workbook.xml",
    "pptx": "ppt/presentation.xml",
}
_KINDS: dict[str, tuple[bytes, str]] = {
    "pdf": (b"%PDF-", "application/pdf"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "gif": (b"GIF8", "image/gif"),
    "doc": (_OLE, "application/msword"),
    "xls": (_OLE, "application/vnd.ms-excel"),
    "docx": (_ZIP, f"{_OFFICE}wordprocessingml.document"),
    "xlsx": (_ZIP, f"{_OFFICE}spreadsheetml.sheet"),
}
_LIBRARY_KINDS = _KINDS | {
    "ppt": (_OLE, "application/vnd.ms-powerpoint"),
    "pptx": (_ZIP, f"{_OFFICE}presentationml.presentation"),
}
_TEXTS = {"txt": "text/plain; charset=utf-8", "csv": "text/csv; charset=utf-8"}
ALLOWED = tuple(f".{name}" for name in _KINDS)
"""File name endings that may be sent."""
ALLOWED_IN_LIBRARY = tuple(f".{name}" for name in (*_LIBRARY_KINDS, *_TEXTS))
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\f\r"))
_BLOCK = 1 << 20
_DIRECTORY_END = struct.Struct("<4sHHHHLLH")
_LARGER = b"PK\x06\x07"
"""Points to a table of contents in the form for more than 4 GB."""
_MOST_MEMBERS, _LARGEST_DIRECTORY = 20_000, 8 << 20
"""Of an office document: what a reader of its table of contents has to hold."""


class TooLarge(BadInput):
    """A file with more bytes than are taken."""

    title = "The file is too large"


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


def content_type_of(upload: Upload) -> str:
    """The kind of an allowed file; raises BadInput: too large, or not what its name says."""
    if len(upload.content) > LARGEST:
        raise BadInput("File size exceeds 10MB limit")
    ending = _ending(upload.name)
    if not _matches(ending, _KINDS, io.BytesIO(upload.content)):
        raise BadInput("File type not allowed")
    return _KINDS[ending][1]


def content_type_in_library(name: str, file: BinaryIO) -> str:
    """The kind of a file for the library, read off its content from its beginning.

    Raises BadInput for what is not allowed, or is not what its name says.
    """
    ending = _ending(name)
    if ending in _TEXTS:
        if not _is_text(file):
            raise BadInput(f"{clean_name(name)} is not the plain text (UTF-8) that its name says.")
        return _TEXTS[ending]
    if not _matches(ending, _LIBRARY_KINDS, file):
        raise BadInput(
            f"{clean_name(name)} is not of a kind that the library takes, or its content is not "
            f"what its name says. It takes {', '.join(ALLOWED_IN_LIBRARY)}."
        )
    return _LIBRARY_KINDS[ending][1]


def clean_name(name: str) -> str:
    """A file's name without folders and control characters, 120 characters at most."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(char for char in last if char.isprintable())[-120:] or "file"


def _ending(name: str) -> str:
    return PurePath(name).suffix.lower().removeprefix(".")


def _matches(ending: str, kinds: dict[str, tuple[bytes, str]], file: BinaryIO) -> bool:
    file.seek(0)
    if ending not in kinds or not file.read(_HEAD).startswith(kinds[ending][0]):
        return False
    return ending not in _OFFICE_PARTS or _has_part(file, _OFFICE_PARTS[ending])


def _has_part(file: BinaryIO, part: str) -> bool:
    try:
        if not _is_small_directory(file):
            return False
        with zipfile.ZipFile(file) as archive:
            return part in archive.namelist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, struct.error):
        return False


def _is_small_directory(file: BinaryIO) -> bool:
    """Looked at before the archive is opened, which reads all of it into memory."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(0, size - (1 << 16) - _DIRECTORY_END.size))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _DIRECTORY_END.size or tail[:at][-20:-16] == _LARGER:
        return False
    *_, members, length, _, _ = _DIRECTORY_END.unpack_from(tail, at)
    before = size - len(tail) + at
    return bool(members <= _MOST_MEMBERS and length <= min(_LARGEST_DIRECTORY, before))


def _is_text(file: BinaryIO) -> bool:
    file.seek(0)
    decoder = getincrementaldecoder("utf-8")()
    try:
        for block in iter(lambda: file.read(_BLOCK), b""):
            if block.translate(None, _CONTROLS) != block:
                return False
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
