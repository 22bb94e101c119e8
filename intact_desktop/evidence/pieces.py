"""Parts of an original that is still being fetched, each sealed like any file of evidence."""

from collections.abc import Iterator
from uuid import UUID

from intact_core.errors import Damaged, NotFound
from intact_desktop.evidence.files import EvidenceFiles


class Pieces:
    """The beginning of one original. A power cut may take pieces; they are fetched again."""

    def __init__(self, files: EvidenceFiles, audit_id: UUID, sha256: str) -> None:
        self._files = files
        self._audit_id, self._sha256 = audit_id, sha256
        self.size = sum(size for _, size in self._found())

    def add(self, content: bytes) -> None:
        """Keep what comes next; raises StorageFault."""
        if content:
            name = _name(self.size)
            self._files.write_derived(self._audit_id, self._sha256, name, content)
            self.size += len(content)

    def read(self) -> Iterator[bytes]:
        """All that is here, in order; raises Damaged."""
        for start, _ in self._found():
            yield self._files.read(self._audit_id, self._sha256, _name(start))

    def remove(self) -> None:
        """Remove them: the original is whole, or they are none of it."""
        starts = [start for start, _ in self._found()]
        for start in reversed(starts):
            path = self._files.path(self._audit_id, self._sha256, _name(start))
            path.unlink(missing_ok=True)
        self.size = 0

    def _found(self) -> Iterator[tuple[int, int]]:
        start = 0
        while True:
            try:
                with self._files.open(self._audit_id, self._sha256, _name(start)) as file:
                    size = file.size
            except (NotFound, Damaged):
                return
            yield start, size
            start += size


def _name(start: int) -> str:
    return f"from-{start}"
