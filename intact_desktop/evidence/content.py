"""What a file is, told by its content and never by its name."""

from intact_core.errors import BadInput

UNKNOWN = "application/octet-stream"
EMPTY = "application/x-empty"

_STARTS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"%PDF-", "application/pdf"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
    (b"\x1aE\xdf\xa3", "video/webm"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-cfb"),
)
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"avif": "image/avif",
    b"M4A ": "audio/mp4",
    b"qt  ": "video/quicktime",
}
_RIFF = {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIPPED = (
    (b"word/", _OFFICE + "wordprocessingml.document"),
    (b"xl/", _OFFICE + "spreadsheetml.sheet"),
    (b"ppt/", _OFFICE + "presentationml.presentation"),
)
_PROGRAMS = (
    b"MZ",
    b"\x7fELF",
    b"#!",
    b"\xca\xfe\xba\xbe",
    b"\xfe\xed\xfa\xce",
    b"\xfe\xed\xfa\xcf",
    b"\xce\xfa\xed\xfe",
    b"\xcf\xfa\xed\xfe",
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\f")


def kind_of(start: bytes) -> str:
    """The media type by the first bytes of the content; raises BadInput for a program."""
    if not start:
        return EMPTY
    if start.startswith(_PROGRAMS):
        raise BadInput(
            "This file is a program, and programs are not taken as evidence. It was left where it "
            "is. Take a picture or a PDF of what it shows instead."
        )
    for magic, kind in _STARTS:
        if start.startswith(magic):
            return kind
    return _by_container(start) or ("text/plain" if _is_text(start) else UNKNOWN)


def _by_container(start: bytes) -> str | None:
    if start[4:8] == b"ftyp":
        return _BRANDS.get(start[8:12], "video/mp4")
    if start.startswith(b"RIFF"):
        return _RIFF.get(start[8:12])
    if start.startswith(b"BM") and start[6:10] == bytes(4):
        return "image/bmp"
    return _by_zip(start) if start.startswith(b"PK\x03\x04") else None


def _by_zip(start: bytes) -> str:
    if start[30:38] == b"mimetype":
        length = int.from_bytes(start[18:22], "little")
        named = start[38 : 38 + min(length, 100)].decode("ascii", "replace")
        if named.startswith("application/vnd.oasis.opendocument."):
            return named
    return next((kind for folder, kind in _ZIPPED if folder in start), "application/zip")


def _is_text(start: bytes) -> bool:
    if any(byte < 32 and byte not in _TEXT_CONTROLS for byte in start[:4096]):
        return False
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as fault:
        # The first chunk of a long text may end inside a character.
        return len(start) - fault.start < 4 and fault.reason == "unexpected end of data"
    return True
