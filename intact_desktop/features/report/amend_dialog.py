"""Why a signed report is amended: asked before what it covers may change again."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID


class AmendDialog(QDialog):
    """`chosen` carries the reason."""

    chosen = Signal(str)

    def __init__(self, version: int, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Amend the report"))
        self.resize(64 * GRID, 36 * GRID)
        sentence = self.tr(
            "Version {n} and its signatures stay as they are. What they cover may be corrected by "
            "the team until you sign the next version, which names this one and the reason. The "
            "decision waits for it."
        ).format(n=version)
        self.reason = QPlainTextEdit()
        self.reason.setTabChangesFocus(True)
        self.reason.setAccessibleName(self.tr("Reason"))
        self.reason.setPlaceholderText(self.tr("What has to be corrected, and why"))
        self.reason.textChanged.connect(self._enable)
        self.main = button((self.tr("&Begin the amendment"), self._choose), "main")
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * GRID, 2 * GRID, 3 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label(sentence, wrap=True))
        column.addWidget(self.reason, 1)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button((self.tr("&Cancel"), self.reject)))
        row.addWidget(self.main)
        column.addLayout(row)
        self._enable()

    def _enable(self) -> None:
        self.main.setEnabled(bool(self.reason.toPlainText().strip()))

    def _choose(self) -> None:
        self.chosen.emit(self.reason.toPlainText().strip())
        self.accept()
