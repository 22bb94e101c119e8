"""When to sync: after edits, on a timer, at once when asked; longer pauses after failures."""

import random
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from intact_core import clock
from intact_core.errors import IntactError, Offline
from intact_desktop.qt.tasks import Lane, Step, Task
from intact_desktop.sync.engine import Round, SyncEngine

AFTER_EDIT_SECONDS = 2.0
REST_SECONDS = 60.0
SHORTEST_SECONDS, LONGEST_SECONDS = 1.0, 300.0


class SyncDriver(QObject):
    """Runs rounds on the network lane, one at a time.

    `done` carries a finished Round, `failed` the error; `started` comes before each round.
    """

    started = Signal(object)
    done = Signal(object)
    failed = Signal(object)

    def __init__(self, engine: SyncEngine, network: Lane) -> None:
        super().__init__()
        self.online = False
        self.since: datetime | None = None
        self.running: Task | None = None
        self.last_error: IntactError | None = None
        self._engine = engine
        self._network = network
        self._failures = 0
        self._again = False
        self._closed = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.sync)

    def sync(self) -> None:
        """A round now, or right after the one that is running."""
        if self._closed:
            return
        if self.running is not None:
            self._again = True
            return
        self._timer.stop()
        self._again = False
        self.running = self._network.run_watched(self._work, self._finished, self._broke)
        self.started.emit(self.running)

    def edited(self) -> None:
        """Something changed here: sync soon, and sooner than the pause after a failure."""
        if self.running is not None:
            self._again = True
        elif not self._closed:
            remaining = self._timer.remainingTime()
            soon = round(AFTER_EDIT_SECONDS * 1000)
            if self._failures == 0 and not 0 <= remaining <= soon:
                self._timer.start(soon)

    def close(self) -> None:
        """No more rounds."""
        self._closed = True
        self._timer.stop()
        if self.running is not None:
            self.running.cancel()

    def _work(self, task: Task) -> Round:
        def progress(words: str, done: int, whole: int) -> None:
            task.progressed.emit(Step(done, whole, words))
            task.check()

        return self._engine.round(progress)

    def _finished(self, result: Round) -> None:
        self.running, self._failures, self.last_error = None, 0, None
        self._reached(True)
        self.done.emit(result)
        self._pause(AFTER_EDIT_SECONDS if self._again else REST_SECONDS)

    def _broke(self, error: IntactError) -> None:
        self.running, self.last_error = None, error
        self._failures += 1
        self._reached(not isinstance(error, Offline))
        self.failed.emit(error)
        longest = min(LONGEST_SECONDS, SHORTEST_SECONDS * 2 ** min(self._failures, 9))
        self._pause(longest * random.uniform(0.5, 1.0))  # noqa: S311  jitter, not a secret

    def _reached(self, online: bool) -> None:
        if online is not self.online or self.since is None:
            self.online, self.since = online, clock.now()

    def _pause(self, seconds: float) -> None:
        if not self._closed:
            self._timer.start(round(seconds * 1000))
