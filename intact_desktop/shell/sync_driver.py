"""The sync's machine in Qt: its timer, its rounds on the network lane, what it tells."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from PySide6.QtCore import QObject, QTimer, Signal
from shiboken6 import isValid

from intact_core import clock
from intact_core.errors import Busy, IntactError, Offline
from intact_desktop.features.sync_status import queries
from intact_desktop.features.sync_status.queries import Proof
from intact_desktop.qt.tasks import Step, Task
from intact_desktop.qt.workbench import Workbench
from intact_desktop.shell.network_watch import NetworkWatch
from intact_desktop.shell.status_bar import SyncState
from intact_desktop.sync.engine import Round, SyncEngine
from intact_desktop.sync.liveness import Do, Live, Liveness, State
from intact_desktop.sync.outgoing import Waiting

_REFRESH_MILLISECONDS = 200
_LONGEST_TIMER = 3_600_000


class Stalled(IntactError):
    """A round was silent for too long and was ended."""

    title = "The server stopped answering"


class SyncDriver(QObject):
    """One round at a time. `state` feeds the status bar, `lives` the page of the sync.

    `failed` carries the error of a round, `ended` the Round that was finished, `over` says that
    a round is over, however it went.
    """

    state = Signal(object)
    lives = Signal(object)
    started = Signal(object)
    ended = Signal(object)
    failed = Signal(object)
    over = Signal()
    _left = Signal(int)

    def __init__(
        self,
        bench: Workbench,
        engine: SyncEngine,
        watch: NetworkWatch | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._bench, self._engine, self._watch = bench, engine, watch
        self._seconds = seconds
        self.machine = Liveness(seconds())
        self.shown = SyncState(online=False)
        self._error: IntactError | None = None
        self._task: Task | None = None
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._tick)
        self._refresh = QTimer(self, singleShot=True, interval=_REFRESH_MILLISECONDS)
        self._refresh.timeout.connect(self.count)
        self._left.connect(self._lane_is_free)
        bench.sync_wanted.connect(self._wanted)
        if watch is not None:
            watch.changed.connect(self._nudged)
        self._do(None)

    @property
    def is_running(self) -> bool:
        return self.machine.state in (State.RUNNING, State.ENDING)

    @property
    def live(self) -> Live:
        """The sync as people are told of it."""
        machine, shown = self.machine, self.shown
        left = None if machine.deadline is None else machine.deadline - self._seconds()
        waits = left is not None and not self.is_running
        next_at = clock.now() + timedelta(seconds=left or 0) if waits else None
        return Live(
            machine.state, shown.online, shown.since, self._error, next_at, machine.failures
        )

    def sync_now(self) -> None:
        """Begin a round, or another one after the one under way."""
        self._do(self.machine.asked(self._seconds()))

    def stop(self) -> None:
        """No more rounds; the one under way breaks off between two steps, which loses nothing."""
        self.machine.stop()
        if self._watch is not None:
            self._watch.stop()
        if self._task is not None:
            self._task.cancel()
        for timer in (self._timer, self._refresh):
            timer.stop()

    def count(self) -> None:
        """Read again what waits."""
        if self.machine.state is not State.STOPPED:
            self._bench.ask(queries.totals, lambda read: self._show(*read), owner=self)

    def _wanted(self) -> None:
        self._refresh.start()
        self._do(self.machine.changed(self._seconds()))

    def _nudged(self) -> None:
        self._do(self.machine.nudged(self._seconds()))

    def _tick(self) -> None:
        self._do(self.machine.tick(self._seconds()))

    def _do(self, what: Do | None) -> None:
        """Carry out what the machine asks for, wind up its timer, tell."""
        if what is Do.START:
            self._start(self.machine.round)
        elif what is Do.END:
            self._end()
        if self.machine.deadline is None:
            return
        left = max(0.0, self.machine.deadline - self._seconds())
        self._timer.start(min(round(left * 1000) + 1, _LONGEST_TIMER))
        self.lives.emit(self.live)

    def _start(self, number: int) -> None:
        def work(task: Task) -> Round:
            try:
                return self._engine.round(lambda words, done, whole: task.step(done, whole, words))
            finally:
                if isValid(self):
                    self._left.emit(number)

        def done(round_: Round) -> None:
            self._done(round_, number)

        def failed(error: IntactError) -> None:
            self._fail(error, number)

        task = self._bench.lanes.network.run_watched(work, done, failed, self)
        task.voice.progressed.connect(self._progressed)
        task.voice.stopped.connect(self._engine.hang_up)
        self._task = task
        self.started.emit(task)

    def _progressed(self, _: Step) -> None:
        if self._task is not None and self.sender() is self._task.voice:
            self.machine.progressed(self._seconds(), self.machine.round)

    def _end(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.over.emit()
        self._note(
            Stalled(
                "A round of sync was silent for too long, so it was ended. Nothing was lost; it is "
                "tried again by itself."
            )
        )

    def _lane_is_free(self, number: int) -> None:
        # Work that was cancelled answers nobody; any other answer follows this one.
        task = self._task if number == self.machine.round else None
        if task is not None and task.cancelled:
            self._close_round(self.machine.broken_off(self._seconds(), number))

    def _done(self, round_: Round, number: int) -> None:
        if self.machine.state is State.STOPPED:
            return
        self._reached(True)
        self._error = None
        self._close_round(self.machine.succeeded(self._seconds(), number))
        self.ended.emit(round_)
        # Reading everything again after each rating that was sent would hold up the next one.
        if round_.news:
            self._bench.synced.emit()

    def _fail(self, error: IntactError, number: int) -> None:
        if self.machine.state is State.STOPPED:
            return
        # Only transport errors mean offline: a fault of the server is one, and says so.
        self._reached(not isinstance(error, Offline))
        self._note(error)
        asked_for = error.after_seconds if isinstance(error, Busy) else 0.0
        self._close_round(self.machine.failed(self._seconds(), number, asked_for))

    def _note(self, error: IntactError) -> None:
        self._error = error
        message = "" if isinstance(error, Offline) else error.title
        self.shown = replace(self.shown, message=message)
        self.failed.emit(error)

    def _close_round(self, following: Do | None) -> None:
        self._task = None
        if self.machine.state is not State.STOPPED:
            self._bench.lanes.network.run(self._engine.tidy)
        self.over.emit()
        self.count()
        self._do(following)

    def _reached(self, online: bool) -> None:
        since: datetime | None = self.shown.since
        if since is None or online != self.shown.online:
            since = clock.now()
        self.shown = replace(self.shown, online=online, since=since, message="")

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
