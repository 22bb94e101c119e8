"""What both pages share: a card in the middle, work on a lane, errors and words in place."""

import math
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from intact_core.errors import IntactError
from intact_desktop.features.sign_in.ways import Inside, Say
from intact_desktop.qt.notices import ErrorPanel, label
from intact_desktop.qt.tasks import Lane, Step, Task
from intact_desktop.qt.theme import GRID
from intact_desktop.vault.throttle import WrongOrTooSoon

_WIDTH = 56 * GRID
Work = Callable[[Say], Inside]
_AFTER_MILLISECONDS = 20


class Card(QWidget):
    """A column of fixed width in the middle of the window."""

    def __init__(self) -> None:
        super().__init__()
        card = QFrame()
        card.setProperty("look", "panel")
        card.setFixedWidth(_WIDTH)
        self.column = QVBoxLayout(card)
        self.column.setContentsMargins(4 * GRID, 3 * GRID, 4 * GRID, 4 * GRID)
        self.column.setSpacing(GRID)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(card)
        row.addStretch()
        whole = QVBoxLayout(self)
        whole.addStretch(2)
        whole.addLayout(row)
        whole.addStretch(3)


class Doorway(QObject):
    """Runs the work of one button: words while it runs, its error in place, a wait after it."""

    entered = Signal(object)
    failed = Signal(object)
    """Carries the IntactError, once it is shown."""

    def __init__(self, lane: Lane, button: QPushButton, parent: QWidget) -> None:
        super().__init__(parent)
        self.words = label("", "muted", wrap=True)
        self.error = ErrorPanel()
        self._lane, self._button = lane, button
        # A coarse timer may come early, and the next try would be refused for it.
        self._wait = QTimer(self, singleShot=True, timerType=Qt.TimerType.PreciseTimer)
        self._wait.timeout.connect(lambda: button.setEnabled(True))

    def run(self, work: Work) -> None:
        """Do it on the lane; the button rests until there is an answer."""
        self._button.setEnabled(False)
        self.error.hide()
        # Behind the loading of the libraries the work itself says nothing yet.
        self.words.setText(self.tr("Opening…"))
        task = self._lane.run_watched(
            lambda task: work(_saying(task)), self._done, self._failed, self
        )
        task.voice.progressed.connect(self._say)

    def refuse(self, error: IntactError, retry: Callable[[], None] | None = None) -> None:
        """Say what is wrong before anything was tried."""
        self.error.show_error(error, retry)

    def _say(self, step: Step) -> None:
        self.words.setText(f"{step.words}…")

    def _done(self, entered: Inside) -> None:
        self._button.setEnabled(True)
        self.words.setText("")
        self.entered.emit(entered)

    def _failed(self, error: IntactError) -> None:
        self.words.setText("")
        self.error.show_error(error)
        if isinstance(error, WrongOrTooSoon):
            self._wait.start(math.ceil(error.wait.total_seconds() * 1000) + _AFTER_MILLISECONDS)
        else:
            self._button.setEnabled(True)
        self.failed.emit(error)


def secret_line(name: str) -> QLineEdit:
    """A line whose text is not shown."""
    line = QLineEdit()
    line.setEchoMode(QLineEdit.EchoMode.Password)
    line.setAccessibleName(name)
    return line


def _saying(task: Task) -> Say:
    return lambda words: task.step(0, 0, words)
