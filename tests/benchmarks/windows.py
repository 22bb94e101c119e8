"""Waiting for windows without busy loops: the event loop runs until something is true."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QEventLoop, QObject, QTimer
from PySide6.QtWidgets import QWidget

LONGEST_MS = 60_000


class Paints(QObject):
    """Counts how often a widget was painted, and says so."""

    def __init__(self, widget: QWidget, told: Callable[[], None]) -> None:
        super().__init__()
        self.count = 0
        self._told = told
        self._widget = widget
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.count += 1
            # After this event, when the paint is done.
            QTimer.singleShot(0, self._told)
        return False

    def stop(self) -> None:
        self._widget.removeEventFilter(self)


class Moment:
    """Runs the event loop until everything that is waited for has happened."""

    def __init__(self) -> None:
        self._loop = QEventLoop()
        self._missing: set[str] = set()

    def happened(self, name: str) -> None:
        self._missing.discard(name)
        if not self._missing:
            self._loop.quit()

    def wait(self, start: Callable[[], object], *names: str) -> None:
        """Call `start`, then run until each of the names has happened since."""
        self._missing = set(names)
        start()
        if self._missing:
            end = QTimer(singleShot=True)
            end.timeout.connect(lambda: self._loop.exit(1))
            end.start(LONGEST_MS)
            if self._loop.exec():
                raise TimeoutError(f"waited in vain for {', '.join(self._missing)}")


@contextmanager
def painted(widget: QWidget, moment: Moment) -> Iterator[None]:
    """Inside, every paint of the widget is told to the moment as "painted"."""
    paints = Paints(widget, lambda: moment.happened("painted"))
    yield
    paints.stop()


def rest(milliseconds: int) -> None:
    """Let the windows work for a while."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()
