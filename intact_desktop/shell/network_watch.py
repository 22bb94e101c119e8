"""What makes it worth trying again at once: the network changed, or the computer woke."""

import time

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtNetwork import QNetworkInformation

from intact_core import clock
from intact_desktop.sync.liveness import Pulse

_BEAT_SECONDS = 10


class NetworkWatch(QObject):
    """`changed` says that a server out of reach may be in reach again, or the other way round."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._pulse = Pulse(time.monotonic(), clock.now().timestamp())
        self._beat = QTimer(self, interval=_BEAT_SECONDS * 1000)
        self._beat.timeout.connect(self.beat)
        self._beat.start()
        # Not every system tells; there the timers alone must do.
        self._network = (
            QNetworkInformation.instance() if QNetworkInformation.loadDefaultBackend() else None
        )
        if self._network is not None:
            self._network.reachabilityChanged.connect(self._reachability)

    def beat(self) -> None:
        """Look at both clocks."""
        if self._pulse.woke(time.monotonic(), clock.now().timestamp(), _BEAT_SECONDS):
            self.changed.emit()

    def stop(self) -> None:
        """Watch no more."""
        self._beat.stop()
        self.blockSignals(True)
        if self._network is not None:
            self._network.reachabilityChanged.disconnect(self._reachability)
            self._network = None

    def _reachability(self, _: object) -> None:
        self.changed.emit()
