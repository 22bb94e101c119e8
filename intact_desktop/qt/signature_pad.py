"""A signature drawn by hand: with mouse, finger or pen."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QTabletEvent,
    QTouchEvent,
)
from PySide6.QtWidgets import QWidget

from intact_desktop.qt import theme
from intact_desktop.qt.drop_area import png
from intact_desktop.qt.theme import GRID

_PICTURE = QSize(900, 300)
_MARGIN = 20
_INK = QColor("#10243f")
_SHORTEST = 60.0

Stroke = list[QPointF]


class SignaturePad(QWidget):
    """Collects strokes; `changed` says that there are others now."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setMinimumSize(40 * GRID, 16 * GRID)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName(self.tr("Signature"))
        self.setAccessibleDescription(self.tr("Sign here with mouse, finger or pen"))
        self._strokes: list[Stroke] = []
        self._drawing = False

    def clear(self) -> None:
        self._strokes.clear()
        self._drawing = False
        self._tell()

    def undo(self) -> None:
        """Take back the last stroke."""
        if self._strokes:
            self._strokes.pop()
            self._tell()

    @property
    def is_signed(self) -> bool:
        """Whether what was drawn is more than a dot."""
        return sum(map(_length, self._strokes)) >= _SHORTEST

    def png(self) -> bytes:
        """The strokes in ink on a transparent ground, fitted into 900 × 300 pixels."""
        image = QImage(_PICTURE, QImage.Format.Format_ARGB32_Premultiplied)
        image.fill(Qt.GlobalColor.transparent)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        path = self._path()
        box = path.boundingRect()
        room = QRectF(image.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        scale = min(room.width() / max(box.width(), 1), room.height() / max(box.height(), 1), 4.0)
        painter.translate(room.center())
        painter.scale(scale, scale)
        painter.translate(-box.center())
        painter.setPen(_pen(_INK, 2.5))
        painter.drawPath(path)
        painter.end()
        return png(image)

    def paintEvent(self, _: QPaintEvent) -> None:
        chosen = theme.colours()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), QColor("#ffffff"))
        painter.setPen(QPen(QColor(chosen.line), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
        line = self.height() - 4 * GRID
        painter.drawLine(3 * GRID, line, self.width() - 3 * GRID, line)
        painter.setPen(_pen(_INK, 2.5))
        painter.drawPath(self._path())
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._begin(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._draw(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._end(event.position())

    def tabletEvent(self, event: QTabletEvent) -> None:
        if event.type() == QEvent.Type.TabletPress:
            self._begin(event.position())
        elif event.type() == QEvent.Type.TabletRelease:
            self._end(event.position())
        else:
            self._draw(event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QTouchEvent) and event.points():
            self._touch(event)
            event.accept()
            return True
        return super().event(event)

    def _touch(self, event: QTouchEvent) -> None:
        where = event.points()[0].position()
        if event.type() == QEvent.Type.TouchBegin:
            self._begin(where)
        elif event.type() == QEvent.Type.TouchUpdate:
            self._draw(where)
        else:
            self._end(where)

    def _begin(self, where: QPointF) -> None:
        self._drawing = True
        self._strokes.append([QPointF(where)])

    def _draw(self, where: QPointF) -> None:
        if self._drawing:
            self._strokes[-1].append(QPointF(where))
            self.update()

    def _end(self, where: QPointF) -> None:
        self._draw(where)
        if self._drawing:
            self._drawing = False
            self._tell()

    def _tell(self) -> None:
        self.update()
        self.changed.emit()

    def _path(self) -> QPainterPath:
        path = QPainterPath()
        for stroke in self._strokes:
            path.moveTo(stroke[0])
            for before, point in zip(stroke, stroke[1:], strict=False):
                path.quadTo(before, (before + point) / 2)
            path.lineTo(stroke[-1])
        return path


def _length(stroke: Stroke) -> float:
    return sum(
        (after - before).manhattanLength()
        for before, after in zip(stroke, stroke[1:], strict=False)
    )


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(
        colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    )
