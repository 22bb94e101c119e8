"""Content store on the local disk: durable when a call returns."""

import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from intact_core.errors import StorageFault
from sync_server.blobs.store import BLOCK, BlobStore, WrongOffset, checked_name, damaged, missing


class DiskStore(BlobStore):
    """Whole blobs under TENANT/aa/HASH, unfinished ones under TENANT/partial/HASH."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "incoming")
        self._root = root

    def has(self, tenant_id: UUID, sha256: str) -> bool:
        return self._whole(tenant_id, sha256).is_file()

    def size(self, tenant_id: UUID, sha256: str) -> int:
        try:
            return self._whole(tenant_id, sha256).stat().st_size
        except FileNotFoundError as fault:
            raise missing() from fault

    def offset(self, tenant_id: UUID, sha256: str) -> int:
        try:
            return self._partial(tenant_id, sha256).stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, tenant_id: UUID, sha256: str, offset: int, parts: Sequence[bytes]) -> int:
        path = self._partial(tenant_id, sha256)
        with translated():
            make_folder(path.parent)
            with self._opened(path) as descriptor:
                here = os.fstat(descriptor).st_size
                if here != offset:
                    raise WrongOffset(here)
                try:
                    self._write(descriptor, parts)
                except OSError:
                    os.ftruncate(descriptor, here)
                    raise
        return offset + sum(map(len, parts))

    def finish(self, tenant_id: UUID, sha256: str, size: int) -> None:
        partial, whole = self._partial(tenant_id, sha256), self._whole(tenant_id, sha256)
        with translated(), self._opened(partial) as descriptor:
            if os.fstat(descriptor).st_size != size or _hash_of(partial) != sha256:
                self.restart(tenant_id, sha256)
                raise damaged()
            make_folder(whole.parent)
            partial.replace(whole)
        self.secure(tenant_id, sha256)

    def secure(self, tenant_id: UUID, sha256: str) -> None:
        with translated():
            _sync_folder(self._whole(tenant_id, sha256).parent)

    def adopt(self, tenant_id: UUID, sha256: str, file: Path) -> None:
        whole = self._whole(tenant_id, sha256)
        with translated():
            if not whole.is_file():
                make_folder(whole.parent)
                file.replace(whole)
        self.secure(tenant_id, sha256)

    def restart(self, tenant_id: UUID, sha256: str) -> int:
        self._partial(tenant_id, sha256).unlink(missing_ok=True)
        return 0

    def blocks(
        self, tenant_id: UUID, sha256: str, start: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
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
    def _write(descriptor: int, parts: Sequence[bytes]) -> None:
        for part in parts:
            view = memoryview(part)
            while view:
                view = view[os.write(descriptor, view) :]
        os.fsync(descriptor)

    def _whole(self, tenant_id: UUID, sha256: str) -> Path:
        name = checked_name(sha256)
        return self._root / str(tenant_id) / name[:2] / name

    def _partial(self, tenant_id: UUID, sha256: str) -> Path:
        return self._root / str(tenant_id) / "partial" / checked_name(sha256)


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def translated() -> Iterator[None]:
    """Faults of the disk as StorageFault."""
    try:
        yield
    except OSError as fault:
        raise StorageFault(
            "The server's disk does not take more data. What was sent before is kept; try again "
            "later. Whoever runs the server should look at its disk.",
            title="The server's disk",
            details=str(fault),
        ) from fault


def make_folder(path: Path) -> None:
    """Durable with those above it: a file is gone with the folder that it lies in."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700, exist_ok=True)
        _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
