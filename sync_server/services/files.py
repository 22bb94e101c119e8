"""Files that come in through forms: size and kind checked, by content and not by name."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import PurePath

from intact_core.errors import BadInput

LARGEST = 10 * 1024 * 1024
_HEAD = 16
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OFFICE_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml"}
_KINDS: dict[str, tuple[bytes, str]] = {
    "pdf": (b"%PDF-", "application/pdf"),
    "jpg": (b"\xff\xd8\xff", "image/jpeg"),
    "jpeg": (b"\xff\xd8\xff", "image/jpeg"),
    "png": (b"\x89PNG\r\n\x1a\n", "image/png"),
    "gif": (b"GIF8", "image/gif"),
    "doc": (_OLE, "application/msword"),
    "xls": (_OLE, "application/vnd.ms-excel"),
    "docx": (
        b"PK\x03\x04",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ),
    "xlsx": (b"PK\x03\x04", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
ALLOWED = tuple(f".{name}" for name in _KINDS)
"""File name endings that may be sent."""


@dataclass(frozen=True)
class Upload:
    """A file as it came."""

    name: str
    content: bytes


def content_type_of(upload: Upload) -> str:
    """The kind of an allowed file; raises BadInput: too large, or not what its name says."""
    if len(upload.content) > LARGEST:
        raise BadInput("File size exceeds 10MB limit")
    ending = PurePath(upload.name).suffix.lower().removeprefix(".")
    magic, content_type = _KINDS.get(ending, (None, ""))
    if magic is None or not upload.content[:_HEAD].startswith(magic):
        raise BadInput("File type not allowed")
    if ending in _OFFICE_PARTS and not _has_part(upload.content, _OFFICE_PARTS[ending]):
        raise BadInput("File type not allowed")
    return content_type


def clean_name(name: str) -> str:
    """A file's name without folders and control characters, 120 characters at most."""
    last = PurePath(name.replace("\\", "/")).name
    return "".join(char for char in last if char.isprintable())[-120:] or "file"


def _has_part(content: bytes, part: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return part in archive.namelist()
    except zipfile.BadZipFile:
        return False
