"""Sealed files of evidence: one folder per audit, and names that tell nothing."""

import hashlib
import hmac
import io
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from intact_core.errors import Damaged, NotFound
from intact_desktop.evidence.crypto import CHUNK_BYTES, SealedFile, Sealer
from intact_desktop.settings import new_file
from intact_desktop.vault import keys


class Variant(StrEnum):
    """The original as it was captured, or a picture made from it that can be made again."""

    ORIGINAL = "o"
    THUMBNAIL = "t"
    PREVIEW = "p"


@dataclass(frozen=True)
class Written:
    """What was stored: SHA-256 of the content as 64 hexadecimal digits, and its bytes."""

    sha256: str
    size: int


class EvidenceFiles:
    """Sealed files below one folder. A file is found by its audit and the SHA-256 of the original.

    The name on the disk is a keyed hash: whoever finds the disk cannot even ask whether a known
    file was on it. Errors: NotFound, Damaged, StorageFault.
    """

    def __init__(self, folder: Path, master_key: bytes) -> None:
        self._folder = folder
        self._master_key = master_key

    def write(self, audit_id: UUID, chunks: Iterable[bytes]) -> Written:
        """Store an original: hashed and sealed in one pass, durable when this returns."""
        digest, size = hashlib.sha256(), 0
        with new_file(self._folder / str(audit_id)) as new:
            sealer = Sealer(new.file)
            for chunk, last in _even(chunks):
                digest.update(chunk)
                sealer.chunk(chunk, last=last)
                size += len(chunk)
            sha256 = digest.hexdigest()
            sealer.finish(self._key(audit_id), _identity(audit_id, sha256, Variant.ORIGINAL))
            new.keep_as(self.path(audit_id, sha256))
        return Written(sha256, size)

    def write_verified(self, audit_id: UUID, sha256: str, chunks: Iterable[bytes]) -> Written:
        """Store an original that came from elsewhere; raises Damaged if it is not `sha256`."""
        written = self.write(audit_id, chunks)
        if written.sha256 != sha256:
            self.path(audit_id, written.sha256).unlink()
            raise Damaged(
                "A file came in changed on its way, so it was not kept. It will be fetched again."
            )
        return written

    def write_derived(self, audit_id: UUID, sha256: str, variant: str, content: bytes) -> None:
        """Store a picture made from an original, or a part of one that is being fetched.

        It may be lost in a power cut and made again.
        """
        with new_file(self._folder / str(audit_id), durable=False) as new:
            sealer = Sealer(new.file)
            for chunk, last in _even([content]):
                sealer.chunk(chunk, last=last)
            sealer.finish(self._key(audit_id), _identity(audit_id, sha256, variant))
            new.keep_as(self.path(audit_id, sha256, variant))

    def open(self, audit_id: UUID, sha256: str, variant: str = Variant.ORIGINAL) -> SealedFile:
        """The content for reading by range; the caller closes it."""
        try:
            file = self.path(audit_id, sha256, variant).open("rb")
        except OSError as fault:
            raise NotFound(
                "This file of evidence is not on this computer. Connect to download it.",
                details=str(fault),
            ) from fault
        try:
            return SealedFile(file, self._key(audit_id), _identity(audit_id, sha256, variant))
        except Damaged:
            file.close()
            raise

    def read(self, audit_id: UUID, sha256: str, variant: str = Variant.ORIGINAL) -> bytes:
        """The whole content; for what is known to fit into memory."""
        with self.open(audit_id, sha256, variant) as file:
            return file.readall() or b""

    def buffered(self, audit_id: UUID, sha256: str) -> io.BufferedReader:
        """The original as an ordinary file object; closing it closes the file."""
        return io.BufferedReader(self.open(audit_id, sha256), buffer_size=1 << 16)

    def has(self, audit_id: UUID, sha256: str, variant: str = Variant.ORIGINAL) -> bool:
        return self.path(audit_id, sha256, variant).exists()

    def remove(self, audit_id: UUID, sha256: str) -> None:
        """Remove a file with its pictures, once its receipt is there or it was downloaded."""
        for variant in Variant:
            self.path(audit_id, sha256, variant).unlink(missing_ok=True)

    def remove_audit(self, audit_id: UUID) -> None:
        """Remove all files of an audit that this laptop has nothing to do with any more."""
        shutil.rmtree(self._folder / str(audit_id), ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a crash left half-written; called before anything is captured."""
        for part in self._folder.glob("*/.*.part"):
            part.unlink(missing_ok=True)

    def path(self, audit_id: UUID, sha256: str, variant: str = Variant.ORIGINAL) -> Path:
        name = hmac.new(self._key(audit_id), sha256.encode(), hashlib.sha256).hexdigest()[:40]
        return self._folder / str(audit_id) / f"{name}.{variant}"

    def _key(self, audit_id: UUID) -> bytes:
        return keys.derive(self._master_key, "evidence of audit", audit_id.bytes)


def _identity(audit_id: UUID, sha256: str, variant: str) -> bytes:
    return b"\0".join((audit_id.bytes, sha256.encode(), variant.encode()))


def _even(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Cut what comes into pieces of CHUNK_BYTES and mark the last; at least one, maybe empty."""
    held = b""
    for chunk in chunks:
        if len(held) == CHUNK_BYTES and chunk:
            yield held, False
            held = b""
        held = held + chunk if held else chunk
        while len(held) > CHUNK_BYTES:
            yield held[:CHUNK_BYTES], False
            held = held[CHUNK_BYTES:]
    yield held, True
