"""One photo, large: fitted or zoomed, or a placeholder that says why there is none."""

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from intact_desktop.qt import icons, theme
from intact_desktop.qt.theme import GRID

_STEP, _LARGEST = 1.25, 8.0


def placeholder(size: int) -> QPixmap:
    """The picture that stands for a file without one."""
    return icons.icon("image", theme.colours().muted).pixmap(size)


class PhotoView(QWidget):
    """Shows JPEG bytes. + and - zoom, 0 fits, dragging moves."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(16 * GRID, 12 * GRID)
        self._image = QImage()
        self._sentence = ""
        self._zoom = 1.0
        self._offset = QPointF()
        self._grabbed: QPointF | None = None

    def show_photo(self, jpeg: bytes | None, name: str, sentence: str = "") -> None:
        """Show a photo, or for None the placeholder with a sentence."""
        self._image = QImage.fromData(jpeg) if jpeg else QImage()
        self._sentence = sentence
        self.setAccessibleName(name)
        self.setAccessibleDescription(sentence)
        self.fit()

    @property
    def zoom(self) -> float:
        """1.0 shows the whole photo."""
        return self._zoom

    def fit(self) -> None:
        self._zoom, self._offset = 1.0, QPointF()
        self.update()

    def zoom_by(self, factor: float) -> None:
        """Larger or smaller around the middle, never smaller than the whole photo."""
        zoom = min(_LARGEST, max(1.0, self._zoom * factor))
        self._offset *= zoom / self._zoom
        self._zoom = zoom
        self._move(QPointF())

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, 45 * GRID)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image.isNull():
            self._paint_placeholder(painter)
        else:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(self._where(), self._image)
        if self.hasFocus():
            painter.setPen(self.palette().accent().color())
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        painter.end()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom_by(_STEP)
        elif event.key() == Qt.Key.Key_Minus:
            self.zoom_by(1 / _STEP)
        elif event.key() == Qt.Key.Key_0:
            self.fit()
        else:
            super().keyPressEvent(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        self.zoom_by(_STEP ** (event.angleDelta().y() / 120))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._grabbed = event.position()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grabbed is not None:
            self._move(event.position() - self._grabbed)
            self._grabbed = event.position()

    def mouseReleaseEvent(self, _: QMouseEvent) -> None:
        self._grabbed = None

    def _move(self, by: QPointF) -> None:
        self._offset += by
        shown = self._where().size()
        across = max(0.0, (shown.width() - self.width()) / 2)
        down = max(0.0, (shown.height() - self.height()) / 2)
        self._offset.setX(min(across, max(-across, self._offset.x())))
        self._offset.setY(min(down, max(-down, self._offset.y())))
        self.update()

    def _where(self) -> QRectF:
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        box = QRectF(0, 0, size.width() * self._zoom, size.height() * self._zoom)
        box.moveCenter(QRectF(self.rect()).center() + self._offset)
        return box

    def _paint_placeholder(self, painter: QPainter) -> None:
        chosen = theme.colours()
        painter.fillRect(self.rect(), chosen.raised)
        picture = QRectF(0, 0, 6 * GRID, 6 * GRID)
        picture.moveCenter(QRectF(self.rect()).center() - QPointF(0, 3 * GRID))
        pixmap = placeholder(6 * GRID)
        painter.drawPixmap(picture, pixmap, QRectF(pixmap.rect()))
        text = QRectF(self.rect()).adjusted(2 * GRID, 0, -2 * GRID, 0)
        text.setTop(picture.bottom() + GRID)
        painter.setPen(chosen.muted)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(text, flags | Qt.TextFlag.TextWordWrap, self._sentence)
