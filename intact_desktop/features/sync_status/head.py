"""The truth about the sync in plain words: what is, why, what it means, what comes next."""

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from intact_core import clock
from intact_core.errors import Offline
from intact_desktop.features.sync_status.queries import Proof, SyncStatus
from intact_desktop.qt import icons, words
from intact_desktop.qt.notices import label
from intact_desktop.qt.theme import GRID
from intact_desktop.sync.liveness import Live, State
from intact_desktop.sync.outgoing import Waiting

_SKEW_SECONDS = 300
_MANY_FAILURES = 5
_IN_SECONDS = 90
_ICON = 40


class SyncHead(QWidget):
    """A heading, what it means, when it is tried next, what waits, what was proved."""

    def __init__(self) -> None:
        super().__init__()
        self._live: Live | None = None
        self._read: SyncStatus | None = None
        self.picture = QLabel()
        self.heading = label("", "title", wrap=True)
        self.meaning = label("", wrap=True)
        self.next = label("", "muted", wrap=True)
        self.waiting = label("", wrap=True)
        self.proof = label("", wrap=True)
        self.clock = label("", "error", wrap=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(2 * GRID)
        grid.setVerticalSpacing(GRID // 2)
        lines = (self.heading, self.meaning, self.waiting, self.proof, self.next, self.clock)
        grid.addWidget(self.picture, 0, 0, 2, 1, Qt.AlignmentFlag.AlignTop)
        for row, line in enumerate(lines):
            grid.addWidget(line, row, 1)
        grid.setColumnStretch(1, 1)
        self._each_second = QTimer(self, interval=1000)
        self._each_second.timeout.connect(self._say_next)

    def show_live(self, live: Live) -> None:
        """What the sync is at."""
        self._live = live
        self._show()

    def show_read(self, read: SyncStatus) -> None:
        """What waits and what was proved."""
        self._read = read
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._each_second.start()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._each_second.stop()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_live"):
            self._show()

    def _show(self) -> None:
        icon, heading, meaning = self._said()
        self.picture.setPixmap(icons.icon(icon).pixmap(_ICON))
        self.heading.setText(heading)
        self.meaning.setText(meaning)
        self.meaning.setVisible(bool(meaning))
        self._say_next()
        read = self._read
        if read is None:
            return
        self.waiting.setText(self._waiting_words(read.waiting))
        self.waiting.setVisible(bool(self.waiting.text()))
        self.proof.setText(self._proof_words(read.proof))
        self._show_clock(read.clock_offset_seconds or 0)

    def _said(self) -> tuple[str, str, str]:
        """Icon, heading and meaning."""
        live, read = self._live, self._read
        waits = read is not None and bool(read.waiting.operations or read.waiting.files)
        if live is not None and live.error is not None:
            return self._trouble(live)
        refused = [] if read is None else [one for one in read.refused if not one.is_left]
        if refused:
            return self._refused(len(refused))
        if live is not None and live.state in (State.RUNNING, State.ENDING) and waits:
            return "arrows-clockwise", self.tr("Sending what waits"), ""
        if waits:
            meaning = self.tr("It is saved on this laptop and goes up with the next round.")
            return "cloud-arrow-up", self.tr("Something waits to be sent"), meaning
        if read is not None and read.proof is not None:
            return "cloud-check", self.tr("Everything is on the server"), ""
        return "cloud-arrow-up", self.tr("Nothing waits to be sent"), ""

    def _trouble(self, live: Live) -> tuple[str, str, str]:
        error = live.error
        sentence = error.sentence if error else ""
        if isinstance(error, Offline):
            heading = self.tr("No connection")
            if live.since is not None:
                heading = self.tr("No connection since {time}").format(
                    time=words.moment(live.since)
                )
            return "cloud-slash", heading, sentence
        if live.failures >= _MANY_FAILURES:
            again = self.tr(
                "It failed {n} times in a row. If it stays so, make a support bundle and send it "
                "to whoever looks after Intact."
            )
            sentence = f"{sentence} {again.format(n=live.failures)}"
        return "warning-circle", error.title if error else "", sentence

    def _refused(self, count: int) -> tuple[str, str, str]:
        what = words.count(
            count, self.tr("change was not accepted"), self.tr("changes were not accepted")
        )
        meaning = self.tr("Nothing is lost: it is kept on this laptop, with the reason, below.")
        return "warning-circle", what, meaning

    def _say_next(self) -> None:
        self.next.setText(self._next_words())
        self.next.setVisible(bool(self.next.text()))

    def _next_words(self) -> str:
        live = self._live
        if live is None:
            return ""
        if live.state is State.RUNNING:
            return self.tr("A round is under way.")
        if live.state is State.ENDING:
            return self.tr("The round is being ended.")
        if live.next_at is None:
            return ""
        left = max(0, round((live.next_at - clock.now()).total_seconds()))
        span = (
            words.count(left, self.tr("second"), self.tr("seconds"))
            if left <= _IN_SECONDS
            else words.count(round(left / 60), self.tr("minute"), self.tr("minutes"))
        )
        said = self.tr("Next try in {span}.") if live.error else self.tr("Next look in {span}.")
        return said.format(span=span)

    def _waiting_words(self, found: Waiting) -> str:
        parts = []
        if found.operations:
            parts.append(words.count(found.operations, self.tr("operation"), self.tr("operations")))
        if found.files:
            files = words.count(found.files, self.tr("file"), self.tr("files"))
            parts.append(f"{files} ({words.size(found.file_bytes)})")
        if not parts:
            return ""
        said = self.tr("Waiting: {what}; the oldest for {age}.")
        return said.format(what=", ".join(parts), age=words.age(found.oldest))

    def _proof_words(self, proof: Proof | None) -> str:
        if proof is None:
            return self.tr("Nothing was proved to be on the server yet.")
        return self.tr("{operations} and {files} are on the server, {time}.").format(
            operations=words.count(proof.operations, self.tr("operation"), self.tr("operations")),
            files=words.count(proof.files, self.tr("file"), self.tr("files")),
            time=words.moment(proof.at),
        )

    def _show_clock(self, offset: int) -> None:
        self.clock.setVisible(abs(offset) > _SKEW_SECONDS)
        self.clock.setText(
            self.tr(
                "This computer's clock is {span} from the server's. Nothing is lost by it, but "
                "times in reports are this computer's: set the clock right."
            ).format(span=self._span(abs(offset)))
        )

    def _span(self, seconds: int) -> str:
        days, minutes = round(seconds / 86400), round(seconds / 60)
        if days > 1:
            return words.count(days, self.tr("day"), self.tr("days"))
        return words.count(minutes, self.tr("minute"), self.tr("minutes"))
