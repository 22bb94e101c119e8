"""Fixtures for the laptop's tests: a profile, an in-memory keyring, a clock, our look."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QWidget

from intact_core import clock
from intact_desktop.qt import theme
from intact_desktop.settings import Profile

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


class MemorySecrets:
    """A keyring that forgets at the end of the test."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def read(self, vault_id: str) -> bytes | None:
        return self.kept.get(vault_id)

    def write(self, vault_id: str, secret: bytes) -> None:
        self.kept[vault_id] = secret

    def delete(self, vault_id: str) -> None:
        self.kept.pop(vault_id, None)


class HandClock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, by: timedelta) -> None:
        self.moment += by


@pytest.fixture
def secrets_store() -> MemorySecrets:
    return MemorySecrets()


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    return Profile.at(tmp_path, "anna")


@pytest.fixture
def hand_clock() -> Iterator[HandClock]:
    hand = HandClock()
    clock.use(hand)
    yield hand
    clock.use(None)


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    root = Path(os.environ.get("INTACT_SHARED") or Path(__file__).parents[2].parent / "shared")
    folder = root / "data" / "photos"
    if not folder.is_dir():
        pytest.skip(f"the real photos are not here: {folder}")
    return folder


@pytest.fixture(params=["light", "dark"])
def themed(qapp: QApplication, request: pytest.FixtureRequest) -> str:
    """The whole application in one theme after the other."""
    theme.apply(qapp, dark=request.param == "dark")
    return request.param


@pytest.fixture
def photograph():
    """Keep a picture of a widget where INTACT_PICTURES names a folder; else do nothing."""

    def keep(widget: QWidget, name: str) -> None:
        folder = os.environ.get("INTACT_PICTURES")
        if folder:
            QApplication.processEvents()
            widget.grab().save(str(Path(folder) / f"{name}.png"))

    return keep
