"""A file that is on its way in: on disk and hashed as it comes, gone unless it is adopted."""

import hashlib
import os
import time
from pathlib import Path
from types import TracebackType
from typing import BinaryIO
from uuid import UUID, uuid4

from sync_server.blobs.disk import make_folder, translated
from sync_server.blobs.store import BlobStore

ABANDONED_SECONDS = 24 * 3600


class Spool:
    """Takes bytes in; `size` and `sha256` are of what came so far."""

    def __init__(self, store: BlobStore) -> None:
        self._store = store
        self._digest = hashlib.sha256()
        self.path = store.incoming / uuid4().hex
        self.size = 0

    def __enter__(self) -> "Spool":
        with translated():
            make_folder(self._store.incoming)
            self.file: BinaryIO = self.path.open("x+b", buffering=0)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()
        self.path.unlink(missing_ok=True)

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def write(self, data: bytes) -> None:
        """Raises StorageFault when the disk is full."""
        self._digest.update(data)
        view = memoryview(data)
        with translated():
            while view:
                view = view[self.file.write(view) :]
        self.size += len(data)

    def adopt(self, tenant_id: UUID) -> None:
        """Give the file to the store for good. Raises StorageFault."""
        with translated():
            os.fsync(self.file.fileno())
        self._store.adopt(tenant_id, self.sha256, self.path)


def sweep(folder: Path) -> None:
    """Remove what a server that died left behind."""
    oldest = time.time() - ABANDONED_SECONDS
    with translated():
        for path in folder.glob("*"):
            if path.stat().st_mtime < oldest:
                path.unlink(missing_ok=True)
