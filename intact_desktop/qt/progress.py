"""Long work as the user sees it: a bar, what is happening in words, and Cancel."""

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from intact_desktop.qt.notices import button, label
from intact_desktop.qt.tasks import Step, Task
from intact_desktop.qt.theme import GRID

_PATIENCE_MILLISECONDS = 300


class ProgressLine(QWidget):
    """Follows one task. It appears only when the task takes longer than a blink."""

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, GRID // 2, 0, GRID // 2)
        self.words = label("")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.cancel = button((self.tr("Cancel"), self._cancel))
        row.addWidget(self.words)
        row.addWidget(self.bar, 1)
        row.addWidget(self.cancel)
        self._task: Task | None = None
        self._appear = QTimer(self, interval=_PATIENCE_MILLISECONDS, singleShot=True)
        self._appear.timeout.connect(self.show)
        self.hide()

    def follow(self, task: Task, words: str) -> None:
        """Show how far this task is, from now until `finish`."""
        self.finish()
        self._task = task
        self._say(words)
        self.bar.setRange(0, 0)
        self.cancel.setEnabled(True)
        task.voice.progressed.connect(self._step)
        self._appear.start()

    def finish(self) -> None:
        """The task is over, in whatever way."""
        self._appear.stop()
        if self._task is not None:
            self._task.voice.progressed.disconnect(self._step)
            self._task = None
        self.hide()

    def _step(self, step: Step) -> None:
        # Bytes of a large film do not fit into the bar's 32 bits, so it counts in thousandths.
        self.bar.setRange(0, 1000 if step.total else 0)
        if step.total:
            self.bar.setValue(round(1000 * step.done / step.total))
        if step.words:
            self._say(step.words)

    def _say(self, words: str) -> None:
        self.words.setText(words)
        self.bar.setAccessibleName(words)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()
        self.cancel.setEnabled(False)
        self._say(self.tr("Stopping…"))
