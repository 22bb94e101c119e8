"""Processes that start at once: forked from one that has everything loaded, killed for real."""

import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sync_server import app
from sync_server.auth.passwords import Passwords
from tests.faults import dying_server
from tests.journeys.processes import ServerProcess

KILLED = -signal.SIGKILL


def start(work: Callable[[], object]) -> int:
    """Begin the work in a process of its own; returns its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException:  # noqa: BLE001  nothing may leave the forked process but its exit code
        traceback.print_exc(file=sys.stderr)
    finally:
        os._exit(code)


def forked(work: Callable[[], object]) -> int:
    """Do the work in a process of its own; returns its exit code, negative for a signal."""
    return os.waitstatus_to_exitcode(os.waitpid(start(work), 0)[1])


class Child(subprocess.Popen[bytes]):
    """A forked process with the few methods of a started one that are asked here."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.pid = start(work)
        self.returncode: int | None = None
        self._child_created = False

    def poll(self) -> int | None:
        if self.returncode is None:
            done, status = os.waitpid(self.pid, os.WNOHANG)
            self.returncode = os.waitstatus_to_exitcode(status) if done else None
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        ends = time.monotonic() + (timeout or 60)
        while (code := self.poll()) is None:
            if time.monotonic() > ends:
                raise subprocess.TimeoutExpired(["server"], timeout or 60)
            time.sleep(0.01)
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class ForkedServer(ServerProcess):
    """The server over a data folder; with `dies` it kills itself at that step (dying_server.py)."""

    def __init__(self, data: Path) -> None:
        super().__init__(data)
        self.dies = ""
        self.is_prepared = data.exists()

    def start(self) -> None:
        command = ["server", *([self.dies] if self.dies else []), "serve"]
        command += [] if self.is_prepared else ["--demo"]
        command += ["--data", str(self.data), "--port", str(self.port)]

        def serve() -> None:
            with (self.data / "server.log").open("ab") as log:
                os.dup2(log.fileno(), 1)
                os.dup2(log.fileno(), 2)
            sys.argv = command
            # A start spends most of its time on one hash that is slow on purpose.
            app.Passwords = partial(Passwords, cheap=True)  # type: ignore[misc]
            if self.dies:
                dying_server.run()
            else:
                dying_server.main()

        self._process = Child(serve)
        self._wait()
