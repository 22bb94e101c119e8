"""Checklist rows drawn directly: mark, clause, question, note; long ones break over pages."""

from typing import Any

from reportlab.platypus import Flowable

from intact_core.documents.fonts import BOLD, ITALIC, REGULAR
from intact_core.documents.marks import RATING_SHORT, draw_mark
from intact_core.documents.report_data import ChecklistResult
from intact_core.documents.style import HAIRLINE, INK, MUTED
from intact_core.documents.text_lines import shorten, wrap

_SIZE = 8.2
_LEADING = 11.2
_PAD = 4.2
_REF = 62.0
_MARK = 16.0
_RATING = 66.0
_KEPT_WHOLE = 9

_Line = tuple[str, str]


class ItemRow(Flowable):
    """One checklist item; `lines` are (font, text) pairs already broken to the column."""

    def __init__(self, item: ChecklistResult, lines: list[_Line], first: bool = True) -> None:
        super().__init__()
        self.item, self.lines, self.first = item, lines, first

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        return width, len(self.lines) * _LEADING + 2 * _PAD

    def split(self, _width: float, height: float) -> list["ItemRow"]:
        if len(self.lines) <= _KEPT_WHOLE:
            return []
        room = int((height - 2 * _PAD) / _LEADING)
        if room < 2 or room >= len(self.lines):
            return []
        return [
            ItemRow(self.item, self.lines[:room], self.first),
            ItemRow(self.item, self.lines[room:], first=False),
        ]

    def draw(self) -> None:
        canvas = self.canv
        top = len(self.lines) * _LEADING + _PAD
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.4)
        canvas.line(0, 0, self.width, 0)
        if self.first:
            self._draw_edges(canvas, top - _SIZE)
        text = canvas.beginText(_MARK + _REF, top - _SIZE)
        text.setLeading(_LEADING)
        for font, line in self.lines:
            text.setFont(font, _SIZE)
            text.setFillColor(MUTED if font == ITALIC else INK)
            text.textLine(line)
        canvas.drawText(text)

    def _draw_edges(self, canvas: Any, y: float) -> None:
        grade = self.item.rating or "unrated"
        draw_mark(canvas, grade, 5, y + 2.9, 3.5)
        canvas.setFillColor(MUTED)
        canvas.setFont(BOLD, 7.6)
        canvas.drawString(_MARK, y, shorten(self.item.clause, BOLD, 7.6, _REF - 6))
        canvas.setFont(REGULAR, 7.6)
        canvas.drawRightString(self.width, y, RATING_SHORT.get(grade, grade))


def item_row(item: ChecklistResult, width: float) -> ItemRow:
    """The row for an item, its text broken to `width` points."""
    column = width - _MARK - _REF - _RATING
    lines: list[_Line] = []
    if item.title:
        lines += [(BOLD, line) for line in wrap(item.title, BOLD, _SIZE, column)]
    lines += [(REGULAR, line) for line in wrap(item.requirement, REGULAR, _SIZE, column)]
    if item.note:
        lines += [(ITALIC, line) for line in wrap(item.note, ITALIC, _SIZE, column)]
    return ItemRow(item, lines)
