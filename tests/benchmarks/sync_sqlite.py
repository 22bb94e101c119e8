"""Sync with a server on its embedded SQLite."""

import tempfile
from pathlib import Path

from tests.benchmarks.measuring import Figure
from tests.benchmarks.served import serving
from tests.benchmarks.syncing import Setting, measure_on


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with serving(folder / "server") as server:
            setting = Setting("SQLite", f"sqlite:///{server.database}")
            return measure_on(server, setting, folder)
