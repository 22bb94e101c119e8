"""The camera as the application sees it, and the dialog that takes a picture with it."""

from collections.abc import Callable, Sequence
from typing import Protocol

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from intact_core.errors import IntactError
from intact_desktop.qt.notices import ErrorPanel, button
from intact_desktop.qt.theme import GRID


class Camera(Protocol):
    """One laptop's cameras. A picture arrives as the bytes of a JPEG file."""

    def devices(self) -> Sequence[str]: ...
    def view(self) -> QWidget: ...
    def start(self, device: int, on_error: Callable[[IntactError], None]) -> None: ...
    def take(self, on_picture: Callable[[bytes], None]) -> None: ...
    def stop(self) -> None: ...


class CameraDialog(QDialog):
    """Shows the camera; Space takes a picture, `taken` carries it, Esc closes."""

    taken = Signal(bytes)

    def __init__(self, camera: Camera, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Camera"))
        self._camera = camera
        self.error = ErrorPanel()
        self.choice = QComboBox()
        self.choice.setAccessibleName(self.tr("Which camera"))
        self.choice.addItems(list(camera.devices()))
        self.choice.setVisible(self.choice.count() > 1)
        self.take_button = button((self.tr("Take picture (Space)"), self.take), "main")
        row = QHBoxLayout()
        row.addWidget(self.choice)
        row.addStretch()
        row.addWidget(button((self.tr("Close"), self.accept)))
        row.addWidget(self.take_button)
        column = QVBoxLayout(self)
        column.addWidget(self.error)
        column.addWidget(camera.view(), 1)
        column.addLayout(row)
        self.resize(90 * GRID, 70 * GRID)
        self.finished.connect(camera.stop)
        self.choice.currentIndexChanged.connect(self._start)
        self._start()

    def take(self) -> None:
        """Take one picture; the dialog stays open for the next."""
        if self.take_button.isEnabled():
            self.take_button.setEnabled(False)
            self._camera.take(self._taken)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            self.take()
        else:
            super().keyPressEvent(event)

    def _start(self) -> None:
        if self.choice.count():
            self.take_button.setEnabled(True)
            self._camera.start(max(0, self.choice.currentIndex()), self._failed)
        else:
            self._failed(
                IntactError(
                    self.tr("No camera was found. Plug one in, or add a photo as a file instead."),
                    title=self.tr("No camera"),
                )
            )

    def _taken(self, jpeg: bytes) -> None:
        self.take_button.setEnabled(True)
        self.taken.emit(jpeg)

    def _failed(self, error: IntactError) -> None:
        self.take_button.setEnabled(False)
        self.error.show_error(error, self._start if self.choice.count() else None)
