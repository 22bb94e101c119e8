"""Sealed files in a temporary folder."""

from pathlib import Path
from uuid import UUID

import pytest

from intact_desktop.evidence.files import EvidenceFiles

AUDIT = UUID("019a0000-0000-7000-8000-000000000001")


@pytest.fixture
def audit() -> UUID:
    return AUDIT


@pytest.fixture
def files(tmp_path: Path) -> EvidenceFiles:
    return EvidenceFiles(tmp_path / "evidence", bytes(range(32)))
