"""Intact among its peers: the adapter that the comparison loads with `--adapter`.

Variants: sqlite (the server's default) and postgres, which waits for the disk as a real one does.
Its laptops are the real engine over an encrypted database, its server is `intact-server serve`.
"""

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

from adapter import Adapter, end, wait_for_port

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))

from tests.fixtures.postgres import start_in  # noqa: E402  the path to it comes first

_START_SECONDS = 60


class Intact(Adapter):
    """Starts and stops the server over one folder, which is a backup once it has stopped."""

    name = "intact"
    variants = ("sqlite", "postgres")
    server: subprocess.Popen[bytes] | None = None
    database: subprocess.Popen[bytes] | None = None

    def versions(self) -> str:
        store = "PostgreSQL" if self.variant == "postgres" else "SQLite"
        return f"intact {version('intact')}, {store}"

    def start_server(self, data: Path, port: int) -> None:
        is_new = not data.exists()
        data.mkdir(parents=True, exist_ok=True)
        where = ["--data", str(data / "server")]
        if self.variant == "postgres":
            where += self._start_database(data / "pg", where)
        command = [sys.executable, "-m", "sync_server", "serve", "--demo", "--port", str(port)]
        self.server = subprocess.Popen(
            [*command, *where], cwd=ROOT, env=_environment(), stdout=self.log, stderr=self.log
        )
        wait_for_port(port, self.server, _START_SECONDS)
        if is_new:
            self._run("tests.benchmarks.peers.prepare", *where)

    def _start_database(self, folder: Path, where: list[str]) -> list[str]:
        """The options that name the database; made and migrated the first time."""
        name = folder / "name"
        self.database, server = start_in(folder)
        if not name.exists():
            name.write_text(server.create_database())
            owner = server.urls(name.read_text()).owner
            self._run("sync_server", "migrate", *where, "--database-url", owner)
        return ["--database-url", server.urls(name.read_text()).app]

    def _run(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", module, *arguments]
        subprocess.run(
            command, cwd=ROOT, env=_environment(), check=True, stdout=self.log, stderr=self.log
        )

    def server_pids(self) -> list[int]:
        return [one.pid for one in (self.server, self.database) if one is not None]

    def stop_server(self) -> None:
        end(self.server)
        end(self.database, signal.SIGINT)
        time.sleep(0.1)

    def device_command(self) -> list[str]:
        path = f"PYTHONPATH={ROOT}"
        return ["env", path, sys.executable, "-m", "tests.benchmarks.peers.device"]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}
