"""Take a file or a picture as evidence: hashed and sealed at once, with a thumbnail."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from intact_core.errors import BadInput, Damaged, NotFound, StorageFault
from intact_desktop.evidence import content, preview
from intact_desktop.evidence.crypto import CHUNK_BYTES
from intact_desktop.evidence.files import EvidenceFiles, Variant
from intact_desktop.evidence.preview import Picture

Watch = Callable[[int], None]


@dataclass(frozen=True)
class Captured:
    """A stored original: hash and size of its bytes, its type by content, and how it looks.

    `warning` is a sentence for the user where it is kept but cannot be shown.
    """

    sha256: str
    size: int
    content_type: str
    width: int = 0
    height: int = 0
    orientation: int = 1
    taken_at: datetime | None = None
    thumbnail: bytes | None = None
    warning: str | None = None

    @property
    def decodable(self) -> bool:
        return self.thumbnail is not None


def capture(
    files: EvidenceFiles, audit_id: UUID, source: Path | bytes, watch: Watch | None = None
) -> Captured:
    """Store the source as evidence of the audit; the source itself is never touched.

    `watch` is told the bytes read so far and may raise to cancel. Raises BadInput (unreadable,
    a program) and StorageFault (disk); nothing half-written stays.
    """
    chunks = _chunks(source)
    first = next(chunks, b"")
    kind = content.kind_of(first)
    written = files.write(audit_id, _watched(first, chunks, watch))
    shown = _picture(files, audit_id, written.sha256, kind)
    return Captured(
        sha256=written.sha256,
        size=written.size,
        content_type=kind,
        width=shown.width,
        height=shown.height,
        orientation=shown.orientation,
        taken_at=shown.taken_at,
        thumbnail=shown.jpeg,
        warning=shown.warning,
    )


def thumbnail(files: EvidenceFiles, audit_id: UUID, sha256: str, content_type: str) -> bytes | None:
    """The JPEG of 256 pixels at most, made again where it is not there; None: a placeholder."""
    return _derived(files, audit_id, sha256, (content_type, Variant.THUMBNAIL))


def report_preview(
    files: EvidenceFiles, audit_id: UUID, sha256: str, content_type: str
) -> bytes | None:
    """The upright JPEG of 1600 pixels at most for the report; None: a placeholder."""
    return _derived(files, audit_id, sha256, (content_type, Variant.PREVIEW))


_BOXES = {Variant.THUMBNAIL: preview.THUMBNAIL, Variant.PREVIEW: preview.REPORT}


def _derived(
    files: EvidenceFiles, audit_id: UUID, sha256: str, wanted: tuple[str, Variant]
) -> bytes | None:
    content_type, variant = wanted
    if not preview.is_picture(content_type):
        return None
    try:
        return files.read(audit_id, sha256, variant)
    except (NotFound, Damaged):
        with files.buffered(audit_id, sha256) as original:
            jpeg = preview.picture(original, content_type, _BOXES[variant]).jpeg
    if jpeg is not None:
        _keep(files, audit_id, sha256, (variant, jpeg))
    return jpeg


def _keep(
    files: EvidenceFiles, audit_id: UUID, sha256: str, derived: tuple[Variant, bytes]
) -> None:
    # It is made again where it is not there: a full disk is no reason to show or take no photo.
    with suppress(StorageFault):
        files.write_derived(audit_id, sha256, *derived)


def _picture(files: EvidenceFiles, audit_id: UUID, sha256: str, kind: str) -> Picture:
    if kind in _WARNINGS:
        return Picture(warning=_WARNINGS[kind])
    if not preview.is_picture(kind):
        return Picture()
    with files.buffered(audit_id, sha256) as original:
        shown = preview.picture(original, kind)
    if shown.jpeg is not None:
        _keep(files, audit_id, sha256, (Variant.THUMBNAIL, shown.jpeg))
    return shown


_WARNINGS = {
    content.EMPTY: "This file is empty (0 bytes). It is kept as it is, with a placeholder; check "
    "the camera or the copy, and take it again if you still can.",
    content.UNKNOWN: "What kind of file this is could not be told. It is kept and sealed as it "
    "is, with a placeholder in the report.",
}


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield from (source[at : at + CHUNK_BYTES] for at in range(0, len(source), CHUNK_BYTES))
        return
    try:
        with source.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as fault:
        raise BadInput(
            f"{source.name} could not be read, so it was not taken. Nothing was changed. Check "
            "that the file is still there and the card or stick is plugged in, then try again.",
            details=str(fault),
        ) from fault


def _watched(first: bytes, rest: Iterator[bytes], watch: Watch | None) -> Iterator[bytes]:
    read = len(first)
    yield first
    for chunk in rest:
        if watch:
            watch(read)
        yield chunk
        read += len(chunk)
    if watch:
        watch(read)
