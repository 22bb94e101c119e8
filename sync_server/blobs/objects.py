"""Content store on S3: any number of servers may share it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from intact_core.errors import NotFound, StorageFault
from sync_server.blobs.spool import Spool
from sync_server.blobs.store import (
    BLOCK,
    BlobStore,
    WrongOffset,
    checked_name,
    damaged,
    missing,
)

PART = 8 << 20
AT_ONCE = 2
"""Parts on their way at the same time: PART bytes of memory each."""


class ObjectStore(BlobStore):
    """Whole blobs under TENANT/aa/HASH; unfinished ones as pieces TENANT/partial/HASH/OFFSET.

    A piece is written whole or not at all, and none over another one; the offset is where the
    unbroken row of pieces ends. So a server may die at any time, and another one may go on.
    """

    def __init__(self, incoming: Path, url: str, options: Mapping[str, str]) -> None:
        super().__init__(incoming)
        plain = options.get("AWS_ENDPOINT_URL", "").startswith("http://")
        with translated():
            self._store = S3Store.from_url(
                url,
                config={**options, "AWS_CHECKSUM_ALGORITHM": "sha256"},  # type: ignore[arg-type]
                client_options={"allow_http": plain, "timeout": timedelta(seconds=60)},
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=20)},
            )

    def check(self) -> None:
        """Raises StorageFault where the bucket cannot be reached with these credentials."""
        with translated():
            next(iter(obstore.list(self._store, "none")), None)

    def has(self, tenant_id: UUID, sha256: str) -> bool:
        return self._size(_whole(tenant_id, sha256)) is not None

    def size(self, tenant_id: UUID, sha256: str) -> int:
        found = self._size(_whole(tenant_id, sha256))
        if found is None:
            raise missing()
        return found

    def offset(self, tenant_id: UUID, sha256: str) -> int:
        return sum(self._pieces(tenant_id, sha256).values())

    def append(self, tenant_id: UUID, sha256: str, offset: int, parts: Sequence[bytes]) -> int:
        here = self.offset(tenant_id, sha256)
        if here != offset:
            raise WrongOffset(here)
        if data := b"".join(parts):
            name = f"{_partial(tenant_id, sha256)}/{offset:020d}"
            try:
                with translated():
                    obstore.put(self._store, name, data, mode="create")
            except AlreadyExistsError as fault:
                raise WrongOffset(self.offset(tenant_id, sha256)) from fault
        return offset + len(data)

    def finish(self, tenant_id: UUID, sha256: str, size: int) -> None:
        pieces = self._pieces(tenant_id, sha256)
        with Spool(self) as whole:
            for name, length in pieces.items():
                for block in self._content(name, 0, length):
                    whole.write(block)
            if (whole.size, whole.sha256) != (size, sha256):
                self.restart(tenant_id, sha256)
                raise damaged()
            self.adopt(tenant_id, sha256, whole.path)
        self._forget(pieces)

    def adopt(self, tenant_id: UUID, sha256: str, file: Path) -> None:
        if not self.has(tenant_id, sha256):
            name = _whole(tenant_id, sha256)
            with translated():
                obstore.put(self._store, name, file, chunk_size=PART, max_concurrency=AT_ONCE)

    def secure(self, tenant_id: UUID, sha256: str) -> None:
        # S3 has made it durable already when it answered. Pieces may be left of a server that died.
        self.restart(tenant_id, sha256)

    def restart(self, tenant_id: UUID, sha256: str) -> int:
        self._forget(self._listed(tenant_id, sha256))
        return 0

    def blocks(
        self, tenant_id: UUID, sha256: str, start: int = 0, length: int | None = None
    ) -> Iterator[bytes]:
        left = self.size(tenant_id, sha256) - start if length is None else length
        if left > 0:
            yield from self._content(_whole(tenant_id, sha256), start, left)

    def _size(self, name: str) -> int | None:
        try:
            with translated():
                return obstore.head(self._store, name)["size"]
        except NotFound:
            return None

    def _listed(self, tenant_id: UUID, sha256: str) -> dict[str, int]:
        folder = _partial(tenant_id, sha256)
        with translated():
            found = [one for some in obstore.list(self._store, folder) for one in some]
        return {one["path"]: one["size"] for one in sorted(found, key=lambda one: one["path"])}

    def _pieces(self, tenant_id: UUID, sha256: str) -> dict[str, int]:
        """The unbroken row of pieces from the beginning: name and bytes of each."""
        reached, row = 0, {}
        for name, size in self._listed(tenant_id, sha256).items():
            if int(name.rpartition("/")[2]) != reached:
                break
            reached, row[name] = reached + size, size
        return row

    def _content(self, name: str, start: int, length: int) -> Iterator[bytes]:
        with translated():
            span = {"range": (start, start + length)}
            found = obstore.get(self._store, name, options=span)  # type: ignore[arg-type]
            yield from map(bytes, found.stream(min_chunk_size=BLOCK))

    def _forget(self, pieces: Mapping[str, int]) -> None:
        with translated():
            obstore.delete(self._store, list(pieces))


def _whole(tenant_id: UUID, sha256: str) -> str:
    name = checked_name(sha256)
    return f"{tenant_id}/{name[:2]}/{name}"


def _partial(tenant_id: UUID, sha256: str) -> str:
    return f"{tenant_id}/partial/{checked_name(sha256)}"


@contextmanager
def translated() -> Iterator[None]:
    """Faults of S3 as StorageFault, a missing object as NotFound."""
    try:
        yield
    except AlreadyExistsError:
        raise
    except (BaseError, OSError) as fault:
        if isinstance(fault, FileNotFoundError):
            raise missing() from fault
        raise StorageFault(
            "The server's file store does not answer as it should. What was sent before is kept; "
            "try again later. Whoever runs the server should look at its S3 storage.",
            title="The server's file store",
            details=str(fault),
        ) from fault
