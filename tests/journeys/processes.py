"""A real server process on loopback, that can be killed and started again."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

PASSWORD = "Demo-Pass-2026!"
_PATIENCE_SECONDS = 60


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """`intact-server serve --demo` over one data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.module = "sync_server"
        self.more: list[str] = []
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it answers."""
        command = [sys.executable, "-m", self.module, *self.more, "serve", "--demo"]
        command += ["--data", str(self.data), "--port", str(self.port)]
        self.data.mkdir(parents=True, exist_ok=True)
        with (self.data / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdout=log,
                stderr=log,
                cwd=Path(__file__).parents[2],
            )
        self._wait()

    def _wait(self) -> None:
        assert self._process is not None
        ends = time.monotonic() + _PATIENCE_SECONDS
        # Reading the system's authorities for each look would take longer than the start.
        with httpx.Client(timeout=2, verify=False) as client:
            while time.monotonic() < ends:
                try:
                    if client.get(f"{self.url}/api/health").is_success:
                        return
                except httpx.TransportError:
                    if self._process.poll() is not None:
                        break
                    time.sleep(0.05)
        raise RuntimeError(f"the server did not start: {self.log()[-2000:]}")

    def log(self) -> str:
        """What the server wrote."""
        return (self.data / "server.log").read_text(errors="replace")

    @property
    def running(self) -> bool:
        """True while the process lives."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """kill -9: no goodbye."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

    def stop(self) -> None:
        """End it in the ordinary way."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def restart_if_dead(self) -> None:
        """Start again when a fault ended it."""
        if not self.running:
            self._process = None
            self.start()
