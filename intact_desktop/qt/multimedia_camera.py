"""The system's cameras through Qt Multimedia."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QBuffer, QIODevice, QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from intact_core.errors import IntactError
from intact_desktop.qt.camera import Camera

try:
    from PySide6.QtMultimedia import (
        QCamera,
        QImageCapture,
        QMediaCaptureSession,
        QMediaDevices,
    )
    from PySide6.QtMultimediaWidgets import QVideoWidget
except ImportError:
    # A library of the system that Qt Multimedia needs is missing: there is no camera then.
    _IS_THERE = False
else:
    _IS_THERE = True

_QUALITY = 92


def load_camera() -> Camera | None:
    """The system's cameras, or None where Qt Multimedia or its libraries are missing."""
    return MultimediaCamera() if _IS_THERE else None


class MultimediaCamera(QObject):
    """One camera at a time, its picture in a widget."""

    def __init__(self) -> None:
        super().__init__()
        self._session = QMediaCaptureSession()
        self._capture = QImageCapture()
        self._session.setImageCapture(self._capture)
        self._camera: QCamera | None = None
        self._view: QVideoWidget | None = None
        self._on_picture: Callable[[bytes], None] | None = None
        self._on_error: Callable[[IntactError], None] | None = None
        self._capture.imageCaptured.connect(self._captured)
        self._capture.errorOccurred.connect(lambda _number, _error, words: self._failed(words))

    def devices(self) -> Sequence[str]:
        return [device.description() for device in QMediaDevices.videoInputs()]

    def view(self) -> QWidget:
        self._view = QVideoWidget()
        self._session.setVideoOutput(self._view)
        return self._view

    def start(self, device: int, on_error: Callable[[IntactError], None]) -> None:
        self.stop()
        self._on_error = on_error
        inputs = QMediaDevices.videoInputs()
        if device >= len(inputs):
            self._failed("the camera is gone")
            return
        self._camera = QCamera(inputs[device])
        self._camera.errorOccurred.connect(lambda _error, words: self._failed(words))
        self._session.setCamera(self._camera)
        self._camera.start()

    def take(self, on_picture: Callable[[bytes], None]) -> None:
        self._on_picture = on_picture
        self._capture.capture()

    def stop(self) -> None:
        if self._camera is not None:
            self._camera.stop()
            self._camera = None

    def _captured(self, _number: int, image: QImage) -> None:
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "JPEG", _QUALITY)  # type: ignore[call-overload]
        if self._on_picture is not None:
            self._on_picture(bytes(buffer.data().data()))

    def _failed(self, words: str) -> None:
        if self._on_error is not None:
            self._on_error(
                IntactError(
                    self.tr(
                        "The camera did not give a picture: another program may hold it. Nothing "
                        "was lost. Close the other program and try again, or add a file."
                    ),
                    title=self.tr("The camera does not answer"),
                    details=words,
                )
            )
