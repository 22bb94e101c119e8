"""Fixtures of all tests, and a platform for Qt that needs no display."""

import gc
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings

from intact_core import clock
from tests.fixtures.memory import keep_files_in_memory

keep_files_in_memory()
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# The same examples every time: what fails once fails again. `make prove` looks further.
settings.register_profile("test", derandomize=True, deadline=None, database=None)
settings.register_profile("prove", deadline=None, max_examples=2_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "test"))

pytest_plugins = [
    "tests.fixtures.postgres",
    "tests.fixtures.s3",
    "tests.fixtures.databases",
    "tests.fixtures.surroundings",
]


def pytest_collection_finish() -> None:
    """What is imported by now stays: the collector, a fifth of the time, need not walk through it.

    A test makes many objects and leaves few, so it may also come more rarely.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(autouse=True)
def _time_is_the_systems_again() -> Iterator[None]:
    """A clock left standing would make another test of this worker fail, far from the cause."""
    yield
    left = clock.now() - datetime.now(UTC)
    clock.use(None)
    assert abs(left) < timedelta(minutes=1), f"this test left the clock off by {left}"
