"""Content named by its SHA-256, once inside a tenant: what the disk and S3 do alike."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from intact_core.errors import BadInput, Damaged, IntactError, NotFound

BLOCK = 1 << 20
_HASH_LENGTH = 64


class WrongOffset(IntactError):
    """The client is elsewhere than the server: it goes on from `offset`."""

    title = "Go on from another place"

    def __init__(self, offset: int) -> None:
        super().__init__(f"The server holds {offset} bytes of this file.")
        self.offset = offset


class BlobStore(ABC):
    """Whole blobs, and unfinished ones that grow piece by piece.

    `incoming` is a local folder for files whose hash is not known yet.
    """

    def __init__(self, incoming: Path) -> None:
        self.incoming = incoming

    @abstractmethod
    def has(self, tenant_id: UUID, sha256: str) -> bool: ...

    @abstractmethod
    def size(self, tenant_id: UUID, sha256: str) -> int:
        """Bytes of a whole blob; raises NotFound."""

    @abstractmethod
    def offset(self, tenant_id: UUID, sha256: str) -> int:
        """How many bytes of an unfinished blob are here."""

    @abstractmethod
    def append(self, tenant_id: UUID, sha256: str, offset: int, parts: Sequence[bytes]) -> int:
        """Add the parts at the offset, kept for good when this returns; the new offset.

        Raises WrongOffset where the blob stands elsewhere, StorageFault when there is no room.
        """

    @abstractmethod
    def finish(self, tenant_id: UUID, sha256: str, size: int) -> None:
        """Verify what is here and give it its place; raises Damaged and starts anew.

        Raises StorageFault when the store fails.
        """

    @abstractmethod
    def adopt(self, tenant_id: UUID, sha256: str, file: Path) -> None:
        """Store a file of `incoming` that is whole, synced and has this hash.

        The file may be gone afterwards. Raises StorageFault when the store fails.
        """

    @abstractmethod
    def secure(self, tenant_id: UUID, sha256: str) -> None:
        """Make the name of a whole blob durable; before each receipt. Raises StorageFault."""

    @abstractmethod
    def restart(self, tenant_id: UUID, sha256: str) -> int:
        """Forget the bytes of an unfinished blob; the offset, which is 0."""

    @abstractmethod
    def blocks(
        self, tenant_id: UUID, sha256: str, start: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """Bytes of a whole blob from `start`, in blocks; raises NotFound."""

    def put(self, tenant_id: UUID, content: bytes) -> str:
        """Store content whole; returns its hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self.has(tenant_id, sha256):
            self.secure(tenant_id, sha256)
        else:
            self.append(tenant_id, sha256, self.restart(tenant_id, sha256), [content])
            self.finish(tenant_id, sha256, len(content))
        return sha256

    def read(self, tenant_id: UUID, sha256: str) -> bytes:
        """A whole blob, verified; raises NotFound or Damaged."""
        return b"".join(self.verified(tenant_id, sha256))

    def verified(self, tenant_id: UUID, sha256: str) -> Iterator[bytes]:
        """All blocks of a blob; the last one only once the hash is right. Raises Damaged."""
        return _verified(self.blocks(tenant_id, sha256), sha256)


def _verified(blocks: Iterable[bytes], sha256: str) -> Iterator[bytes]:
    digest, held = hashlib.sha256(), b""
    for block in blocks:
        if held:
            yield held
        digest.update(block)
        held = block
    if digest.hexdigest() != sha256:
        raise Damaged("A stored file has changed in the server's store. Restore the backup.")
    yield held


def checked_name(sha256: str) -> str:
    """The hash, when it is one; raises BadInput."""
    if len(sha256) != _HASH_LENGTH or not set(sha256) <= set("0123456789abcdef"):
        raise BadInput("A file is named by its SHA-256: 64 lower-case hexadecimal digits.")
    return sha256


def missing() -> NotFound:
    """What is said of a blob that is not here."""
    return NotFound("The server does not hold this file.")


def damaged() -> Damaged:
    """What is said of a blob whose bytes have another hash than its name."""
    return Damaged(
        "What arrived is not what was announced: the hash differs. "
        "Nothing was stored. Send the file again from the beginning."
    )
