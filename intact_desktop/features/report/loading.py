"""What the page needs of `paper`, loaded when a report is first asked for."""

from collections.abc import Callable
from typing import Protocol
from uuid import UUID

from intact_core.documents.verification_data import Verification
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.features.report.actions import Built, Frozen, HalfSigned, Sealed
from intact_desktop.settings import Profile
from intact_desktop.vault.vault import Opening


class Paper(Protocol):
    """Renders, signs and checks; every call is slow and belongs on the cpu lane."""

    def build(
        self,
        files: EvidenceFiles,
        frozen: Frozen,
        progress: Callable[[int, int], None],
        cancelled: Callable[[], bool],
    ) -> Built: ...

    def lead_signs(self, profile: Profile, opening: Opening, built: Built) -> HalfSigned: ...

    def finish(
        self,
        profile: Profile,
        files: EvidenceFiles,
        half: HalfSigned,
        drawn: bytes | None,
        tenant: UUID,
    ) -> Sealed: ...

    def verify(self, profile: Profile, pdf: bytes, manifest: bytes | None) -> Verification: ...

    def save(self, path: str, pdf: bytes, manifest: bytes) -> None: ...


def load() -> Paper:
    """Call it on the cpu lane: the first time it takes a good part of a second."""
    # Imported at the top this would double the time until a profile can be opened.
    from intact_desktop.features.report import paper  # noqa: PLC0415

    return paper
