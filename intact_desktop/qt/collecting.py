"""Python's collector of cycles, kept to the GUI thread."""

import gc

from PySide6.QtCore import QObject, QTimer

_MOST = (20_000, 20, 100)
"""Objects that came since the last pass, then passes of the step below: from there on it is due."""
_QUIET_MILLISECONDS, _BUSY_MILLISECONDS = 200, 50


class Collector(QObject):
    """Collects cycles on the thread that made it, in short passes, until it is closed.

    By itself Python collects on whichever thread is making objects, and what is Qt's must not die
    on a lane. What is there at the start stays for good: no pass looks at it again.
    """

    def __init__(self) -> None:
        super().__init__()
        gc.freeze()
        gc.disable()
        self._timer = QTimer(self, interval=_QUIET_MILLISECONDS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def close(self) -> None:
        """Leave it to Python again."""
        self._timer.stop()
        gc.enable()

    def _tick(self) -> None:
        due = [step for step, count in enumerate(gc.get_count()) if count > _MOST[step]]
        if due:
            gc.collect(due[-1])
        self._timer.setInterval(_BUSY_MILLISECONDS if due else _QUIET_MILLISECONDS)
