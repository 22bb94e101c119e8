"""Importing a photo of 12 megapixels as evidence."""

import hashlib
import os
import tempfile
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from intact_desktop.evidence.capture import capture
from intact_desktop.evidence.crypto import CHUNK_BYTES
from intact_desktop.evidence.files import EvidenceFiles
from tests.benchmarks.measuring import Figure, Goal, median_of
from tests.benchmarks.pictures import photo

TWELVE_MEGAPIXELS = (4000, 3000, 95)
AUDIT = UUID(int=7)
KEY = bytes(range(32))


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source = folder / "IMG_0001.jpg"
        source.write_bytes(photo(*TWELVE_MEGAPIXELS))
        files = EvidenceFiles(folder / "evidence", KEY)
        size = source.stat().st_size / 1e6
        whole = median_of(lambda: capture(files, AUDIT, source), 9) * 1000
        sealed = median_of(lambda: files.write(AUDIT, _chunks(source)), 15)
        bare = median_of(lambda: _bare(source, folder / "bare"), 15)
        memory = median_of(lambda: _bare(source, None), 15) * 1000
    return [
        Figure(
            "import a 12-megapixel photo", whole, "ms", Goal(150), memory,
            "SHA-256 and AES-GCM in memory", f"{size:.1f} MB JPEG; with thumbnail, synced to disk",
        ),
        Figure(
            "its hashing and sealing", size / sealed, "MB/s", Goal(0.6, True, True), size / bare,
            "SHA-256, AES-GCM, one write, fsync",
        ),
    ]  # fmt: skip


def _chunks(source: Path) -> list[bytes]:
    content = source.read_bytes()
    return [content[at : at + CHUNK_BYTES] for at in range(0, len(content), CHUNK_BYTES)]


def _bare(source: Path, target: Path | None) -> None:
    content = source.read_bytes()
    hashlib.sha256(content).digest()
    cipher, sealed = AESGCM(KEY), []
    for place, chunk in enumerate(_chunks(source)):
        sealed.append(cipher.encrypt(place.to_bytes(12, "big"), chunk, None))
    if target:
        with target.open("wb") as file:
            file.writelines(sealed)
            file.flush()
            os.fsync(file.fileno())
