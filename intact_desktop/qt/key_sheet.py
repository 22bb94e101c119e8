"""The sheet of keys that `?` shows."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QVBoxLayout, QWidget

from intact_desktop.qt.notices import label
from intact_desktop.qt.theme import GRID


@dataclass(frozen=True)
class KeyHint:
    """A key, as Qt writes it (several parted by a space), and what it does."""

    keys: str
    does: str
    group: str = ""

    def shown(self) -> list[str]:
        """The keys as this system writes them."""
        native = QKeySequence.SequenceFormat.NativeText
        return [QKeySequence(one).toString(native) or one for one in self.keys.split(" ")]


class KeySheet(QDialog):
    """All keys by group; Esc closes it."""

    def __init__(self, hints: Sequence[KeyHint], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keys"))
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 3 * GRID)
        for group in dict.fromkeys(hint.group for hint in hints):
            column.addWidget(label(group, "heading"))
            column.addLayout(self._grid([hint for hint in hints if hint.group == group]))
            column.addSpacing(GRID)

    @staticmethod
    def _grid(hints: Sequence[KeyHint]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(2 * GRID)
        grid.setColumnStretch(1, 1)
        for row, hint in enumerate(hints):
            key = label("  ".join(hint.shown()), "key")
            key.setAccessibleName(f"{' '.join(hint.shown())}: {hint.does}")
            grid.addWidget(key, row, 0)
            grid.addWidget(label(hint.does), row, 1)
        return grid
