"""A support bundle looked through before it is kept as a file."""

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QFontDatabase
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QListWidget,
    QPlainTextEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from intact_core import clock
from intact_core.errors import IntactError
from intact_desktop.features.sync_status import bundle
from intact_desktop.qt.notices import Banner, button, label
from intact_desktop.qt.theme import GRID

_WIDTHS = (200, 640)


class BundleDialog(QDialog):
    """Shows every word of the bundle. `kept` carries the path of the file."""

    kept = Signal(str)

    def __init__(self, parts: Mapping[str, str], folder: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Support bundle"))
        self.resize(110 * GRID, 72 * GRID)
        self._parts, self._folder = parts, folder
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Files of the bundle"))
        self.list.addItems(list(parts))
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setTabChangesFocus(True)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName(self.tr("What the file says"))
        self.list.currentTextChanged.connect(lambda name: self.text.setPlainText(parts[name]))
        self.notice = Banner()
        self.keep_button = button((self.tr("&Save…"), self._ask), "main")
        self._lay_out()
        self.list.setCurrentRow(0)

    def keep(self, path: Path) -> None:
        """Write the file."""
        try:
            bundle.write(path, self._parts)
        except IntactError as error:
            self.notice.say(error.sentence)
            return
        self.kept.emit(str(path))
        self.accept()

    def _lay_out(self) -> None:
        split = QSplitter()
        split.addWidget(self.list)
        split.addWidget(self.text)
        split.setSizes(list(_WIDTHS))
        sentence = self.tr(
            "This is all that the bundle holds: states, counts, versions and reasons. No text, no "
            "name and no photo of an audit is in it. Save it and send it to whoever looks after "
            "Intact."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * GRID, 2 * GRID, 2 * GRID, 2 * GRID)
        column.setSpacing(GRID)
        column.addWidget(label(sentence, wrap=True))
        column.addWidget(split, 1)
        column.addWidget(self.notice)
        row = QHBoxLayout()
        row.addStretch()
        row.addWidget(button((self.tr("&Close"), self.reject)))
        row.addWidget(self.keep_button)
        column.addLayout(row)

    def _ask(self) -> None:
        name = f"intact-support-{clock.now():%Y%m%d-%H%M}.zip"
        title, kinds = self.tr("Save the support bundle"), self.tr("Zip files (*.zip)")
        chosen, _ = QFileDialog.getSaveFileName(self, title, str(Path(self._folder) / name), kinds)
        if chosen:
            self.keep(Path(chosen))
