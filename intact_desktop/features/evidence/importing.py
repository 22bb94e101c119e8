"""Many files in the background: hashed, sealed and recorded one after the other."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from PySide6.QtCore import QObject, Signal

from intact_core.errors import IntactError
from intact_desktop.evidence.capture import Captured, capture
from intact_desktop.features.evidence import actions
from intact_desktop.features.evidence.actions import Where
from intact_desktop.qt.drop_area import Source
from intact_desktop.qt.tasks import Cancelled, Task
from intact_desktop.qt.workbench import Workbench


@dataclass
class Outcome:
    """What became of an import: how many were taken, and a sentence for each that is special."""

    taken: int = 0
    warnings: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    cancelled: bool = False


class Importer(QObject):
    """Takes sources into one audit. `task` says how far it is, and can be cancelled.

    While one file is recorded the next is hashed. What was taken before a cancel stays.
    """

    finished = Signal(object)
    taken = Signal(object)

    def __init__(self, bench: Workbench, where: Where, sources: Sequence[Source]) -> None:
        super().__init__()
        self._bench, self._where = bench, where
        self._waiting = deque(enumerate(sources, start=1))
        self._whole = len(sources)
        self._busy = 0
        self.outcome = Outcome()
        self.task = Task()

    def start(self) -> None:
        self._next()

    def _next(self) -> None:
        if self.task.cancelled:
            self.outcome.cancelled = True
            self._waiting.clear()
        if not self._waiting:
            return
        number, source = self._waiting.popleft()
        name = actions.name_of(source, number)
        words = self.tr("{n} of {all}: {name}").format(n=number, all=self._whole, name=name)
        self.task.step(number - 1, self._whole, words)
        self._busy += 1
        self._bench.lanes.cpu.run(
            partial(self._take, source),
            partial(self._record, name),
            partial(self._refuse, name),
            self,
        )

    def _take(self, source: Source) -> Captured | None:
        try:
            return capture(self._bench.files, self._where.audit_id, source, self._watch)
        except Cancelled:
            return None

    def _watch(self, _: int) -> None:
        self.task.check()

    def _record(self, name: str, captured: Captured | None) -> None:
        if captured is None:
            self._over()
            return
        if captured.warning:
            self.outcome.warnings.append(f"{name}: {captured.warning}")
        self._bench.do(
            partial(actions.add, where=self._where, captured=captured, name=name),
            self._recorded,
            partial(self._lose, name),
            self,
        )
        self._next()

    def _recorded(self, evidence_id: object) -> None:
        self.outcome.taken += 1
        self.taken.emit(evidence_id)
        self._over()

    def _refuse(self, name: str, error: IntactError) -> None:
        self._next()
        self._lose(name, error)

    def _lose(self, name: str, error: IntactError) -> None:
        self.outcome.refused.append(f"{name}: {error.sentence}")
        self._over()

    def _over(self) -> None:
        self._busy -= 1
        if self.task.cancelled:
            self._next()
        if not self._busy and not self._waiting:
            self.finished.emit(self.outcome)
