"""When to sync: by itself, on an edit, on the button; slower and slower while nobody answers."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import QObject, QTimer, Signal

from intact_core import clock
from intact_core.errors import IntactError, Offline
from intact_desktop.features.sync_status import queries
from intact_desktop.features.sync_status.queries import Proof
from intact_desktop.qt.tasks import Task
from intact_desktop.qt.workbench import Workbench
from intact_desktop.shell.status_bar import SyncState
from intact_desktop.sync.engine import Round, SyncEngine
from intact_desktop.sync.outgoing import Waiting

_FIRST_SECONDS, _LONGEST_SECONDS, _QUIET_SECONDS = 1.0, 300.0, 60.0
_AFTER_EDIT_MILLISECONDS = 1500
_REFRESH_MILLISECONDS = 200

Jitter = Callable[[], float]


def _chance() -> float:
    return secrets.randbelow(1000) / 1000


def pause(failures: int, jitter: Jitter = _chance) -> float:
    """Seconds until the next round: a minute when all is well, else 1 s doubled up to 5 min.

    Half of it is chance, so that laptops that lost the same network do not come back at once.
    """
    if not failures:
        return _QUIET_SECONDS
    longest = min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** min(failures - 1, 20))
    return longest * (0.5 + jitter() / 2)


class SyncDriver(QObject):
    """One round at a time on the network lane. `state` feeds the status bar.

    `failed` carries the error of a round, `ended` the Round that was finished.
    """

    state = Signal(object)
    started = Signal(object)
    ended = Signal(object)
    failed = Signal(object)

    def __init__(self, bench: Workbench, engine: SyncEngine) -> None:
        super().__init__()
        self._bench, self._engine = bench, engine
        self._failures = 0
        self._running = self._again = self._stopped = False
        self.shown = SyncState(online=False)
        self.since: datetime | None = None
        self._task: Task | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.sync_now)
        self._soon = QTimer(self, singleShot=True, interval=_AFTER_EDIT_MILLISECONDS)
        self._soon.timeout.connect(self.sync_now)
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MILLISECONDS)
        self._refresh.timeout.connect(self.count)
        bench.sync_wanted.connect(self._wanted)

    @property
    def is_running(self) -> bool:
        return self._running

    def sync_now(self) -> None:
        """Begin a round, or another one after the one under way."""
        if self._stopped:
            return
        if self._running:
            self._again = True
            return
        self._running, self._again = True, False
        self._timer.stop()
        self._soon.stop()
        task = self._bench.lanes.network.run_watched(self._round, self._done, self._fail, self)
        self._task = task
        self.started.emit(task)

    def stop(self) -> None:
        """No more rounds; the one under way breaks off between two steps, which loses nothing."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()
        for timer in (self._timer, self._soon, self._refresh):
            timer.stop()

    def count(self) -> None:
        """Read again what waits."""
        self._bench.ask(queries.totals, lambda read: self._show(*read), owner=self)

    def _wanted(self) -> None:
        self._refresh.start()
        if not self._soon.isActive():
            self._soon.start()

    def _round(self, task: Task) -> Round:
        return self._engine.round(lambda words, done, whole: task.step(done, whole, words))

    def _done(self, round_: Round) -> None:
        if self._stopped:
            return
        self._reached(True)
        self._failures = 0
        self._end()
        self.ended.emit(round_)
        # Reading everything again after each rating that was sent would hold up the next one.
        if round_.news:
            self._bench.synced.emit()

    def _fail(self, error: IntactError) -> None:
        if self._stopped:
            return
        # Only transport errors mean offline: a fault of the server is one, and says so.
        self._reached(not isinstance(error, Offline))
        self._failures += 1
        self._end()
        message = "" if isinstance(error, Offline) else error.title
        self.shown = replace(self.shown, message=message)
        self.failed.emit(error)

    def _end(self) -> None:
        self._running, self._task = False, None
        self.count()
        if self._again:
            self.sync_now()
        elif not self._stopped:
            self._timer.start(round(pause(self._failures) * 1000))

    def _reached(self, online: bool) -> None:
        if self.since is None or online != self.shown.online:
            self.since = clock.now()
        self.shown = replace(self.shown, online=online, since=self.since, message="")

    def _show(self, waiting: Waiting, proof: Proof | None) -> None:
        self.shown = replace(
            self.shown,
            pending_ops=waiting.operations,
            pending_photos=waiting.files,
            pending_bytes=waiting.file_bytes,
            oldest=waiting.oldest,
            proof_at=proof.at if proof else None,
        )
        self.state.emit(self.shown)
