"""Lanes: work off the GUI thread, one piece at a time per lane, results back on it.

What is Qt's dies on the GUI thread alone. Elsewhere it would wait for the interpreter while it
holds a lock of Qt's, for which the GUI thread may wait with the interpreter in hand: for ever.
"""

import itertools
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid

from intact_core.errors import IntactError
from intact_desktop.qt.collecting import Collector

_SWITCH_SECONDS = 0.0002
_FIRST, _NEXT, _LATER = range(3)
_STOP = (_FIRST, -1)
"""Place in a lane's queue that ends it."""

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


class Voice(QObject):
    """What a task tells."""

    progressed = Signal(Step)
    stopped = Signal()


_left: deque[Voice] = deque()
"""Of tasks whose last mention was on another thread, until the GUI thread comes by."""


class Task:
    """One piece of work. The GUI may cancel it; the work may say how far it is.

    Its voice tells `progressed`, and `stopped` by the one who cancels, at once: for work that waits
    for something.
    """

    def __init__(self) -> None:
        self.voice = Voice()
        self._cancelled = threading.Event()

    def __del__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            _left.append(self.voice)

    def cancel(self) -> None:
        """Ask the work to stop; its result, if it comes all the same, is dropped."""
        if not self._cancelled.is_set():
            self._cancelled.set()
            self.voice.stopped.emit()

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
        self.voice.progressed.emit(Step(done, total, words))


@dataclass
class _Job:
    task: Task
    work: Callable[[Task], Any]
    on_done: Callable[[Any], None] | None
    on_error: Show | None
    owner: QObject | None
    result: Any = None
    fault: BaseException | None = None

    def wanted(self) -> bool:
        return not self.task.cancelled and (self.owner is None or isValid(self.owner))


class Lane(QObject):
    """A thread that does one thing after the other; what the user does goes before the rest.

    An IntactError goes to the work's `on_error` or to `show`; any other exception to `report`,
    and in words to `on_error`. All of it happens on the thread that made the lane.
    """

    _finished = Signal(int)

    def __init__(self, name: str, show: Show, report: Report) -> None:
        super().__init__()
        self._show, self._report = show, report
        # The thread knows jobs by their numbers: what they hold is let go of on this side.
        self._jobs: dict[int, _Job] = {}
        self._queue: queue.PriorityQueue[tuple[int, int]] = queue.PriorityQueue()
        self._numbers = itertools.count()
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
        with suppress(queue.Empty):
            while (place := self._queue.get_nowait()) != _STOP:
                self._jobs.pop(place[1]).task.cancel()
        self._queue.put(_STOP)
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
        task, number = Task(), next(self._numbers)
        self._jobs[number] = _Job(task, work, *deliver)
        self._queue.put((rank, number))
        return task

    def _serve(self) -> None:
        while (place := self._queue.get()) != _STOP:
            self._do(place[1])
            if self._open:
                self._finished.emit(place[1])

    def _do(self, number: int) -> None:
        job = self._jobs[number]
        if not job.wanted():
            return
        try:
            job.result = job.work(job.task)
        except Cancelled:
            job.task.cancel()
        except Exception as fault:  # noqa: BLE001 - a thread's edge: all of it goes to the GUI thread
            # Without this frame, which holds the job that holds the fault.
            job.fault = fault.with_traceback(fault.__traceback__ and fault.__traceback__.tb_next)

    @Slot(int)
    def _deliver(self, number: int) -> None:
        _left.clear()
        job = self._jobs.pop(number, None)
        # What ended just before the lane closed has nobody to go to: its pages would ask for more.
        if job is None or not self._open:
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


@dataclass(frozen=True)
class Lanes:
    """The three lanes of the application: one owner for each thing that makes others wait."""

    database: Lane
    network: Lane
    cpu: Lane
    collector: Collector

    def close(self) -> bool:
        """Close all; False if one would not end."""
        ended = all([self.network.close(), self.cpu.close(), self.database.close()])
        self.collector.close()
        return ended


def start_lanes(show: Show, report: Report) -> Lanes:
    """Start the three lanes with the same two handlers of errors.

    They share one interpreter: a keystroke must get it within a moment.
    """
    sys.setswitchinterval(_SWITCH_SECONDS)
    database, network, cpu = (Lane(name, show, report) for name in ("database", "network", "cpu"))
    return Lanes(database, network, cpu, Collector())
