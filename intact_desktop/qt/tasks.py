"""Lanes: work off the GUI thread, one piece at a time per lane, results back on it."""

import gc
import itertools
import queue
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from intact_core.errors import IntactError

_SWITCH_SECONDS = 0.0002
_COLLECT = (20_000, 20, 100)
_FIRST, _NEXT, _LATER = range(3)

T = TypeVar("T")
Show = Callable[[IntactError], None]
Report = Callable[[BaseException], None]


class Cancelled(Exception):
    """Raised inside work whose user pressed Cancel; nobody needs to be told."""


@dataclass(frozen=True)
class Step:
    """How far the work is: `done` of `total` (0: not known), and what it is doing, in words."""

    done: int
    total: int = 0
    words: str = ""


class Task(QObject):
    """One piece of work. The GUI may cancel it; the work may say how far it is.

    `stopped` is emitted by the one who cancels, at once: for work that waits for something.
    """

    progressed = Signal(Step)
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._cancelled = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop; its result, if it comes all the same, is dropped."""
        if not self._cancelled.is_set():
            self._cancelled.set()
            self.stopped.emit()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()

    def check(self) -> None:
        """Called by the work now and then: raises Cancelled once the user does not want it."""
        if self._cancelled.is_set():
            raise Cancelled

    def step(self, done: int, total: int = 0, words: str = "") -> None:
        """Called by the work: checks, then tells the GUI."""
        self.check()
        self.progressed.emit(Step(done, total, words))


@dataclass(order=True)
class _Job:
    rank: tuple[int, int]
    task: Task = field(compare=False)
    work: Callable[[Task], Any] = field(compare=False)
    on_done: Callable[[Any], None] | None = field(compare=False)
    on_error: Show | None = field(compare=False)
    owner: QObject | None = field(compare=False)
    result: Any = field(default=None, compare=False)
    fault: BaseException | None = field(default=None, compare=False)

    def wanted(self) -> bool:
        return not self.task.cancelled and (self.owner is None or isValid(self.owner))


class Lane(QObject):
    """A thread that does one thing after the other; what the user does goes before the rest.

    An IntactError goes to the work's `on_error` or to `show`; any other exception to `report`,
    and in words to `on_error`. All of it happens on the thread that made the lane.
    """

    _finished = Signal(object)

    def __init__(self, name: str, show: Show, report: Report) -> None:
        super().__init__()
        self._show, self._report = show, report
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._order = itertools.count()
        self._open = True
        self._finished.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)
        self._thread.start()

    def run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Show | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """Do `work` next; nothing is delivered once it is cancelled or `owner` is gone."""
        return self._put(_NEXT, lambda _: work(), (on_done, on_error, owner))

    def run_first(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Show | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """What the user typed: it passes whatever only reads, and keeps its own order."""
        return self._put(_FIRST, lambda _: work(), (on_done, on_error, owner))

    def run_watched(
        self,
        work: Callable[[Task], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Show | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """Long work behind what the user does: it gets the task to say how far it is."""
        return self._put(_LATER, work, (on_done, on_error, owner))

    def close(self, seconds: float = 10.0) -> bool:
        """Let the running piece end, drop the rest; False if it did not end in time."""
        self._open = False
        while not self._jobs.empty():
            self._jobs.get_nowait().task.cancel()
        self._jobs.put(_Job((_FIRST, -1), Task(), _stop, None, None, None))
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _put(
        self,
        rank: int,
        work: Callable[[Task], T],
        deliver: tuple[Callable[[T], None] | None, Show | None, QObject | None],
    ) -> Task:
        if not self._open:
            raise RuntimeError("the lane is closed")
        task = Task()
        self._jobs.put(_Job((rank, next(self._order)), task, work, *deliver))
        return task

    def _serve(self) -> None:
        while True:
            job = self._jobs.get()
            if job.work is _stop:
                return
            self._do(job)

    def _do(self, job: _Job) -> None:
        if not job.wanted():
            return
        try:
            job.result = job.work(job.task)
        except Cancelled:
            job.task.cancel()
            return
        except Exception as fault:  # noqa: BLE001 - a thread's edge: all of it goes to the GUI thread
            job.fault = fault
        if self._open:
            self._finished.emit(job)

    @Slot(object)
    def _deliver(self, job: _Job) -> None:
        # What ended just before the lane closed has nobody to go to: its pages would ask for more.
        if not self._open:
            return
        if isinstance(job.fault, IntactError):
            if job.wanted():
                (job.on_error or self._show)(job.fault)
        elif job.fault is not None:
            self._report(job.fault)
            # Whoever waits for the answer would wait for ever: no sync, a button that rests.
            if job.on_error is not None and job.wanted():
                job.on_error(_unexpected(job.fault))
        elif job.on_done is not None and job.wanted():
            job.on_done(job.result)


def _unexpected(fault: BaseException) -> IntactError:
    return IntactError(
        "Something went wrong that should not. What was saved before is safe. Try again; if it "
        "stays so, send the log to whoever looks after this application.",
        details=repr(fault),
    )


def _stop(_: Task) -> None:
    """Never called: its presence in the queue ends the lane."""


@dataclass(frozen=True)
class Lanes:
    """The three lanes of the application: one owner for each thing that makes others wait."""

    database: Lane
    network: Lane
    cpu: Lane

    def close(self) -> bool:
        """Close all; False if one would not end."""
        return all([self.network.close(), self.cpu.close(), self.database.close()])


def start_lanes(show: Show, report: Report) -> Lanes:
    """Start the three lanes with the same two handlers of errors.

    They share one interpreter: a keystroke must get it within a moment, and no pass of the
    collector may hold it for long.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*_COLLECT)
    return Lanes(*(Lane(name, show, report) for name in ("database", "network", "cpu")))
