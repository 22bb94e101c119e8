"""Grades as shapes: told apart without colour, on screen and on paper."""

from collections.abc import Callable
from typing import Any

from reportlab.platypus import Flowable

from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.style import ACCENT, FAINT, INK, MUTED, WHITE

Canvas = Any

RATING_WORDS = {
    "major": "Major non-conformity",
    "minor": "Minor non-conformity",
    "concern": "Area of concern",
    "observation": "Observation",
    "opportunity": "Opportunity for improvement",
    "compliant": "Conforms",
    "not_applicable": "Not applicable",
    "unrated": "Not rated",
}
RATING_SHORT = {
    "major": "Major",
    "minor": "Minor",
    "concern": "Area of concern",
    "observation": "Observation",
    "opportunity": "Opportunity",
    "compliant": "Conforms",
    "not_applicable": "Not applicable",
    "unrated": "Not rated",
}


def _diamond(canvas: Canvas, x: float, y: float, radius: float) -> Any:
    path = canvas.beginPath()
    path.moveTo(x, y + radius)
    path.lineTo(x + radius, y)
    path.lineTo(x, y - radius)
    path.lineTo(x - radius, y)
    path.close()
    return path


def _major(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setFillColor(INK)
    canvas.drawPath(_diamond(canvas, x, y, radius), stroke=0, fill=1)


def _minor(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setFillColor(WHITE)
    canvas.setStrokeColor(INK)
    canvas.drawPath(_diamond(canvas, x, y, radius * 0.92), stroke=1, fill=1)


def _observation(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setStrokeColor(ACCENT)
    canvas.circle(x, y, radius * 0.78, stroke=1, fill=0)


def _concern(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setStrokeColor(INK)
    path = canvas.beginPath()
    path.moveTo(x, y + radius * 0.9)
    path.lineTo(x + radius * 0.95, y - radius * 0.75)
    path.lineTo(x - radius * 0.95, y - radius * 0.75)
    path.close()
    canvas.drawPath(path)


def _opportunity(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setStrokeColor(ACCENT)
    arm = radius * 0.8
    canvas.line(x - arm, y, x + arm, y)
    canvas.line(x, y - arm, x, y + arm)


def _compliant(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(radius * 0.36)
    path = canvas.beginPath()
    path.moveTo(x - radius * 0.8, y)
    path.lineTo(x - radius * 0.2, y - radius * 0.65)
    path.lineTo(x + radius * 0.85, y + radius * 0.7)
    canvas.drawPath(path)


def _dash(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setStrokeColor(FAINT)
    canvas.line(x - radius * 0.7, y, x + radius * 0.7, y)


def _dot(canvas: Canvas, x: float, y: float, radius: float) -> None:
    canvas.setFillColor(FAINT)
    canvas.circle(x, y, radius * 0.22, stroke=0, fill=1)


_SHAPES: dict[str, Callable[[Canvas, float, float, float], None]] = {
    "major": _major,
    "minor": _minor,
    "concern": _concern,
    "observation": _observation,
    "opportunity": _opportunity,
    "compliant": _compliant,
    "not_applicable": _dash,
}


def draw_mark(canvas: Canvas, grade: str, x: float, y: float, radius: float = 3.6) -> None:
    """Draw the grade's shape centred on (x, y)."""
    canvas.saveState()
    canvas.setLineWidth(radius * 0.28)
    _SHAPES.get(grade, _dot)(canvas, x, y, radius)
    canvas.restoreState()


class GradeStrip(Flowable):
    """Counts of the grades side by side: shape, number, word."""

    def __init__(self, counts: list[tuple[str, int]], width: float) -> None:
        super().__init__()
        self.counts, self.width, self.height = counts, width, 46.0

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        canvas, cell = self.canv, self.width / len(self.counts)
        for place, (grade, count) in enumerate(self.counts):
            x = place * cell
            draw_mark(canvas, grade, x + 8, 28, 7)
            canvas.setFillColor(INK)
            canvas.setFont(BOLD, 20)
            canvas.drawString(x + 23, 21, str(count))
            canvas.setFillColor(MUTED)
            canvas.setFont(REGULAR, 7.8)
            canvas.drawString(x, 5, RATING_SHORT[grade])
