"""The stand-ins for the machine that every test gets."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import keyring
import pytest
from platformdirs import user_data_path
from PySide6.QtMultimedia import QMediaDevices
from PySide6.QtWidgets import QApplication

from intact_core import clock
from tests.fixtures.surroundings import FrozenClock, MemoryKeyring

READ_KEYRING = """
import keyring
from keyring.errors import NoKeyringError
try:
    keyring.get_password("intact", "someone")
except NoKeyringError:
    print("none")
"""


@pytest.mark.parametrize("attempt", [1, 2])
def test_each_test_has_its_own_empty_keyring(memory_keyring: MemoryKeyring, attempt: int) -> None:
    assert keyring.get_password("intact", "someone") is None
    keyring.set_password("intact", "someone", f"secret {attempt}")
    assert memory_keyring.entries == {("intact", "someone"): f"secret {attempt}"}
    keyring.delete_password("intact", "someone")
    with pytest.raises(keyring.errors.PasswordDeleteError):
        keyring.delete_password("intact", "someone")


def test_a_process_that_a_test_starts_finds_no_keyring() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", READ_KEYRING], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "none"


def test_profiles_are_kept_in_the_test_s_folder(tmp_path: Path) -> None:
    assert user_data_path("intact").is_relative_to(tmp_path)


def test_time_stands_until_it_is_moved(frozen_clock: FrozenClock) -> None:
    before = clock.now()
    frozen_clock.advance(timedelta(days=365))
    assert clock.now() - before == timedelta(days=365)


def test_time_runs_again_afterwards() -> None:
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=10)


def test_qt_opens_on_the_platform_of_the_tests(qapp: QApplication) -> None:
    assert qapp.platformName() == os.environ["QT_QPA_PLATFORM"]


def test_cameras_can_be_looked_for_without_video_acceleration(qapp: QApplication) -> None:
    """Qt warns of each accelerator that it does not find; pyproject.toml names those warnings."""
    assert isinstance(QMediaDevices.videoInputs(), list)
