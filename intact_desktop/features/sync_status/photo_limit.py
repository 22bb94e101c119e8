"""How much of the line photos may take, chosen by whoever shares it with others."""

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from intact_core.errors import IntactError
from intact_desktop.qt.notices import label
from intact_desktop.qt.theme import GRID
from intact_desktop.qt.workbench import Workbench
from intact_desktop.sync.pacing import LIMITS, SECTION, SyncSettings, settings_of

_MEGABIT = 1_000_000


class PhotoLimit(QWidget):
    """Keeps the choice with the profile's settings; it holds from the next piece of a photo on."""

    def __init__(self, bench: Workbench) -> None:
        super().__init__()
        self._bench = bench
        self.choice = QComboBox()
        self.choice.setAccessibleName(self.tr("Photos use at most"))
        for bits in LIMITS:
            self.choice.addItem(self._words(bits), bits)
        self.choice.setCurrentIndex(self.choice.findData(self._kept()))
        self.choice.activated.connect(self._keep)
        words = label(self.tr("&Photos use at most:"))
        words.setBuddy(self.choice)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        row.addWidget(words)
        row.addWidget(self.choice)
        row.addWidget(label(self.tr("What you write is never held back."), "muted"))
        row.addStretch()

    def _words(self, bits: int) -> str:
        if not bits:
            return self.tr("no limit")
        if bits < _MEGABIT:
            return self.tr("{n} kbit/s").format(n=bits // 1000)
        return self.tr("{n} Mbit/s").format(n=bits // _MEGABIT)

    def _kept(self) -> int:
        try:
            kept = settings_of(self._bench.opened.profile).photo_bits
        except IntactError as error:
            self._bench.tell(error.sentence)
            return 0
        return kept if kept in LIMITS else 0

    def _keep(self) -> None:
        chosen = SyncSettings(photo_bits=self.choice.currentData())
        try:
            self._bench.opened.profile.save(SECTION, chosen)
        except IntactError as error:
            self.choice.setCurrentIndex(self.choice.findData(self._kept()))
            self._bench.tell(error.sentence)
