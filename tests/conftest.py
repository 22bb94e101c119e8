"""Fixtures of all tests, and a platform for Qt that needs no display."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

pytest_plugins = ["tests.fixtures.postgres", "tests.fixtures.surroundings"]
