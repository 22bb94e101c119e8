"""Content store on the local disk: named by SHA-256, durable, once inside a tenant."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from intact_core.errors import BadInput, Damaged, IntactError, NotFound, StorageFault

BLOCK = 1 << 20
_HASH_LENGTH = 64


class WrongOffset(IntactError):
    """The client is elsewhere than the server: it goes on from `offset`."""

    title = "Go on from another place"

    def __init__(self, offset: int) -> None:
        super().__init__(f"The server holds {offset} bytes of this file.")
        self.offset = offset


class BlobStore:
    """Whole blobs under TENANT/aa/HASH, unfinished ones under TENANT/partial/HASH."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def has(self, tenant_id: UUID, sha256: str) -> bool:
        return self._whole(tenant_id, sha256).is_file()

    def size(self, tenant_id: UUID, sha256: str) -> int:
        """Bytes of a whole blob; raises NotFound."""
        try:
            return self._whole(tenant_id, sha256).stat().st_size
        except FileNotFoundError as fault:
            raise _missing() from fault

    def offset(self, tenant_id: UUID, sha256: str) -> int:
        """How many bytes of an unfinished blob are here."""
        try:
            return self._partial(tenant_id, sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def put(self, tenant_id: UUID, content: bytes) -> str:
        """Store content whole; returns its hash."""
        sha256 = hashlib.sha256(content).hexdigest()
        if self.has(tenant_id, sha256):
            self.secure(tenant_id, sha256)
        else:
            self.append(tenant_id, sha256, self.restart(tenant_id, sha256), content)
            self.finish(tenant_id, sha256, len(content))
        return sha256

    def append(self, tenant_id: UUID, sha256: str, offset: int, data: bytes) -> int:
        """Add bytes at the offset, on disk when this returns; the new offset.

        Raises WrongOffset where the file stands elsewhere, StorageFault when the disk is full.
        """
        path = self._partial(tenant_id, sha256)
        with _translated():
            _make_folder(path.parent)
            with self._opened(path) as descriptor:
                here = os.fstat(descriptor).st_size
                if here != offset:
                    raise WrongOffset(here)
                try:
                    self._write(descriptor, data)
                except OSError:
                    os.ftruncate(descriptor, here)
                    raise
        return offset + len(data)

    def finish(self, tenant_id: UUID, sha256: str, size: int) -> None:
        """Verify what is on disk and give it its place; raises Damaged and starts anew.

        Raises StorageFault when the disk fails.
        """
        partial, whole = self._partial(tenant_id, sha256), self._whole(tenant_id, sha256)
        with _translated(), self._opened(partial) as descriptor:
            if os.fstat(descriptor).st_size != size or _hash_of(partial) != sha256:
                self.restart(tenant_id, sha256)
                raise Damaged(
                    "What arrived is not what was announced: the hash differs. "
                    "Nothing was stored. Send the file again from the beginning."
                )
            _make_folder(whole.parent)
            partial.replace(whole)
        self.secure(tenant_id, sha256)

    def secure(self, tenant_id: UUID, sha256: str) -> None:
        """Make the name of a whole blob durable; before each receipt. Raises StorageFault."""
        with _translated():
            _sync_folder(self._whole(tenant_id, sha256).parent)

    def restart(self, tenant_id: UUID, sha256: str) -> int:
        """Forget the bytes of an unfinished blob; the offset, which is 0."""
        self._partial(tenant_id, sha256).unlink(missing_ok=True)
        return 0

    def read(self, tenant_id: UUID, sha256: str) -> bytes:
        """A whole blob, verified; raises NotFound or Damaged."""
        content = b"".join(self.blocks(tenant_id, sha256))
        if hashlib.sha256(content).hexdigest() != sha256:
            raise Damaged("A stored file has changed on the server's disk. Restore the backup.")
        return content

    def blocks(
        self, tenant_id: UUID, sha256: str, start: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        """Bytes of a whole blob from `start`, in blocks."""
        left = self.size(tenant_id, sha256) - start if length is None else length
        with self._whole(tenant_id, sha256).open("rb") as file:
            file.seek(start)
            while left > 0 and (block := file.read(min(BLOCK, left))):
                left -= len(block)
                yield block

    @contextmanager
    def _opened(self, path: Path) -> Iterator[int]:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
        try:
            # Held until closed: nobody appends between a check and what follows from it.
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield descriptor
        finally:
            os.close(descriptor)

    @staticmethod
    def _write(descriptor: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)

    def _whole(self, tenant_id: UUID, sha256: str) -> Path:
        name = _checked(sha256)
        return self._root / str(tenant_id) / name[:2] / name

    def _partial(self, tenant_id: UUID, sha256: str) -> Path:
        return self._root / str(tenant_id) / "partial" / _checked(sha256)


def _checked(sha256: str) -> str:
    if len(sha256) != _HASH_LENGTH or not set(sha256) <= set("0123456789abcdef"):
        raise BadInput("A file is named by its SHA-256: 64 lower-case hexadecimal digits.")
    return sha256


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except OSError as fault:
        raise StorageFault(
            "The server's disk does not take more data. What was sent before is kept; try again "
            "later. Whoever runs the server should look at its disk.",
            title="The server's disk",
            details=str(fault),
        ) from fault


def _make_folder(path: Path) -> None:
    """Durable with those above it: a file is gone with the folder that it lies in."""
    if not path.is_dir():
        _make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _missing() -> NotFound:
    return NotFound("The server does not hold this file.")
