"""The bottom line: always the truth about sync, in words, clickable."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QDateTime, QLocale, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout

from intact_core import clock
from intact_desktop.qt import icons
from intact_desktop.qt.notices import button, label
from intact_desktop.qt.progress import ProgressLine
from intact_desktop.qt.theme import GRID

_BESIDE_ICON = "\N{EN SPACE}"
"""Qt's style leaves less than that between a button's icon and its words."""
_DECIMAL = QLocale.DataSizeFormat.DataSizeSIFormat


@dataclass(frozen=True)
class SyncState:
    """What is known of the sync. `proof_at`: when equal hashes last proved what the server has."""

    online: bool
    since: datetime | None = None
    pending_ops: int = 0
    pending_photos: int = 0
    pending_bytes: int = 0
    oldest: datetime | None = None
    proof_at: datetime | None = None
    message: str = ""

    @property
    def is_waiting(self) -> bool:
        return bool(self.pending_ops or self.pending_photos)


class StatusBar(QFrame):
    """Says the state in words; a click asks for its details."""

    clicked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("look", "status")
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID // 2, 2 * GRID, GRID // 2)
        self.words = button(("", self.clicked.emit), "plain")
        self.words.setToolTip(self.tr("Show what is waiting and what was sent"))
        row.addWidget(self.words)
        row.addStretch()
        self.progress = ProgressLine()
        row.addWidget(self.progress)
        self.message = label("", "muted")
        row.addWidget(self.message)
        self._state = SyncState(online=False)
        self.show_state(self._state)

    def show_state(self, state: SyncState) -> None:
        """Show what is true now."""
        self._state = state
        text = self._text(state)
        self.words.setText(_BESIDE_ICON + text)
        self.words.setAccessibleName(text)
        self.words.setIcon(icons.icon(_icon(state)))
        self.message.setText(state.message)

    def recolour(self) -> None:
        self.show_state(self._state)

    def _text(self, state: SyncState) -> str:
        parts = [self._reach(state), self._waiting(state)]
        if state.is_waiting and state.oldest is not None:
            parts.append(self.tr("oldest from {time}").format(time=moment(state.oldest)))
        if state.proof_at is not None and (state.is_waiting or not state.online):
            parts.append(self.tr("proof {time}").format(time=moment(state.proof_at)))
        return " · ".join(parts)

    def _reach(self, state: SyncState) -> str:
        if state.since is None:
            return self.tr("online") if state.online else self.tr("offline")
        words = self.tr("online since {time}") if state.online else self.tr("offline since {time}")
        return words.format(time=moment(state.since))

    def _waiting(self, state: SyncState) -> str:
        if not state.is_waiting:
            if state.proof_at is None:
                return self.tr("nothing waiting, not proved yet")
            if not state.online:
                return self.tr("nothing waiting")
            words = self.tr("everything is on the server, proved {time}")
            return words.format(time=moment(state.proof_at))
        counted = []
        if state.pending_ops:
            counted.append(self.tr("%n operation(s)", "", state.pending_ops))
        if state.pending_photos:
            size = QLocale().formattedDataSize(state.pending_bytes, 0, _DECIMAL)
            counted.append(f"{self.tr('%n photo(s)', '', state.pending_photos)} ({size})")
        return self.tr("{what} waiting").format(what=", ".join(counted))


def moment(when: datetime) -> str:
    """The time of today, or day and time, as the locale writes them."""
    local, form = when.astimezone(), QLocale.FormatType.ShortFormat
    shown = QDateTime.fromSecsSinceEpoch(int(when.timestamp()))
    if local.date() == clock.now().astimezone().date():
        return QLocale().toString(shown.time(), form)
    return QLocale().toString(shown, form)


def _icon(state: SyncState) -> str:
    if not state.online:
        return "cloud-slash"
    return "cloud-arrow-up" if state.is_waiting or state.proof_at is None else "cloud-check"
