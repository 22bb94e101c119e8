"""Icons of one set (Phosphor, from the qtawesome package) and the drawn marks of the grades.

Only the font file of qtawesome is used: importing the package costs a tenth of a second at start.
"""

import json
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import (
    QColor,
    QFont,
    QFontDatabase,
    QIcon,
    QPainter,
    QPainterPath,
    QPen,
    QPixmap,
    QPolygonF,
)

from intact_desktop.qt import theme
from intact_desktop.qt.theme import Grade

_FONT, _MAP = "phosphor-1.3.0.ttf", "phosphor-charmap-1.3.0.json"
_SIZES = (16, 20, 24, 32, 48)
_SHARPNESS = 2.0


def icon(name: str, colour: str | None = None) -> QIcon:
    """A Phosphor icon by its name, in the theme's text colour or another."""
    chosen = theme.colours()
    return _icon(name, colour or chosen.text, chosen.muted)


def grade_icon(grade: Grade) -> QIcon:
    """The mark of a grade in its colour, for lists, menus and buttons."""
    return _grade_icon(grade, theme.colours().grades[grade])


def paint_grade(painter: QPainter, box: QRectF, grade: Grade, colour: QColor) -> None:
    """Draw ◆ major, ◇ minor, ○ observation, ✓ conforms or – not applicable into the box."""
    side = min(box.width(), box.height())
    inner = QRectF(0, 0, side * 0.72, side * 0.72)
    inner.moveCenter(box.center())
    pen = QPen(colour, max(1.5, side / 9))
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(pen)
    painter.setBrush(colour if grade is Grade.MAJOR else Qt.BrushStyle.NoBrush)
    painter.drawPath(_shape(grade, inner))
    painter.restore()


def _shape(grade: Grade, box: QRectF) -> QPainterPath:
    path, centre = QPainterPath(), box.center()
    if grade in (Grade.MAJOR, Grade.MINOR):
        corners = (
            QPointF(centre.x(), box.top()),
            QPointF(box.right(), centre.y()),
            QPointF(centre.x(), box.bottom()),
            QPointF(box.left(), centre.y()),
        )
        path.addPolygon(QPolygonF(corners))
        path.closeSubpath()
    elif grade is Grade.OBSERVATION:
        path.addEllipse(box)
    elif grade is Grade.CONFORMS:
        path.moveTo(box.left(), centre.y())
        path.lineTo(box.left() + box.width() * 0.38, box.bottom() - box.height() * 0.12)
        path.lineTo(box.right(), box.top() + box.height() * 0.12)
    else:
        path.moveTo(box.left() + box.width() * 0.1, centre.y())
        path.lineTo(box.right() - box.width() * 0.1, centre.y())
    return path


@lru_cache(maxsize=64)
def _grade_icon(grade: Grade, colour: str) -> QIcon:
    made = QIcon()
    for size in _SIZES:
        pixmap = _clear(size)
        painter = QPainter(pixmap)
        paint_grade(painter, QRectF(0, 0, size, size), grade, QColor(colour))
        painter.end()
        made.addPixmap(pixmap)
    return made


@lru_cache(maxsize=512)
def _icon(name: str, colour: str, disabled: str) -> QIcon:
    made = QIcon()
    for size in _SIZES:
        for mode, shade in ((QIcon.Mode.Normal, colour), (QIcon.Mode.Disabled, disabled)):
            made.addPixmap(_drawn(name, size, shade), mode)
    return made


def _drawn(name: str, size: int, colour: str) -> QPixmap:
    family, signs = _font()
    pixmap = _clear(size)
    font = QFont(family)
    font.setPixelSize(size)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setFont(font)
    painter.setPen(QColor(colour))
    painter.drawText(QRectF(0, 0, size, size), Qt.AlignmentFlag.AlignCenter, signs[name])
    painter.end()
    return pixmap


def _clear(size: int) -> QPixmap:
    pixmap = QPixmap(int(size * _SHARPNESS), int(size * _SHARPNESS))
    pixmap.setDevicePixelRatio(_SHARPNESS)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


@cache
def _font() -> tuple[str, dict[str, str]]:
    spec = find_spec("qtawesome")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError("the icons of qtawesome are not installed")
    folder = Path(spec.submodule_search_locations[0]) / "fonts"
    number = QFontDatabase.addApplicationFontFromData((folder / _FONT).read_bytes())
    codes = json.loads((folder / _MAP).read_text("utf-8"))
    signs = {name: chr(int(code, 16)) for name, code in codes.items()}
    return QFontDatabase.applicationFontFamilies(number)[0], signs
