"""Files and pictures come in here: dropped, pasted, or chosen."""

from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QMimeData, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
)
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QWidget

from intact_desktop.qt.notices import button, label
from intact_desktop.qt.theme import GRID

Source = Path | bytes


def sources(mime: QMimeData | None) -> list[Source]:
    """The local files in the data, else its picture as PNG; empty where there is neither."""
    if mime is None:
        return []
    found: list[Source] = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
    files: list[Source] = [path for path in found if isinstance(path, Path) and path.is_file()]
    if files or not mime.hasImage():
        return files
    picture = QImage(mime.imageData())
    return [] if picture.isNull() else [png(picture)]


def png(image: QImage) -> bytes:
    """The picture as PNG."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


class DropArea(QFrame):
    """`received` carries paths of files and bytes of pictures, in the order they came."""

    received = Signal(list)

    def __init__(self, sentence: str = "") -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("look", "drop")
        words = sentence or self.tr("Drop files here, or paste a picture")
        self.setAccessibleName(words)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * GRID, GRID, GRID, GRID)
        row.addWidget(label(words, "muted", wrap=True), 1)
        self.choose_button = button((self.tr("Choose files…"), self.choose))
        row.addWidget(self.choose_button)

    def paste(self) -> bool:
        """Take what is in the clipboard; False where it holds no file and no picture."""
        return self._take(QGuiApplication.clipboard().mimeData())

    def choose(self) -> None:
        """Ask for files with the system's dialog."""
        names, _ = QFileDialog.getOpenFileNames(self, self.tr("Choose evidence"))
        if names:
            self.received.emit([Path(name) for name in names])

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls() or event.mimeData().hasImage():
            event.acceptProposedAction()
            self._mark(self, over=True)

    def dragLeaveEvent(self, _: QDragLeaveEvent) -> None:
        self._mark(self, over=False)

    def dropEvent(self, event: QDropEvent) -> None:
        self._mark(self, over=False)
        if self._take(event.mimeData()):
            # Never a move: the original stays where it is.
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self.paste()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.choose()
        else:
            super().keyPressEvent(event)

    def _take(self, mime: QMimeData | None) -> bool:
        found = sources(mime)
        if found:
            self.received.emit(found)
        return bool(found)

    @staticmethod
    def _mark(widget: QWidget, *, over: bool) -> None:
        widget.setProperty("over", over)
        widget.style().unpolish(widget)
        widget.style().polish(widget)
