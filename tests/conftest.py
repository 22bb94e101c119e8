"""Fixtures of all tests, and a platform for Qt that needs no display."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from intact_core import clock

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.surroundings"]


@pytest.fixture(autouse=True)
def _time_is_the_systems_again() -> Iterator[None]:
    """A clock left standing would make another test of this worker fail, far from the cause."""
    yield
    left = clock.now() - datetime.now(UTC)
    clock.use(None)
    assert abs(left) < timedelta(minutes=1), f"this test left the clock off by {left}"
