"""Pages: header and footer with page x of y, headings that link, contents filled in at the end."""

from dataclasses import dataclass, field
from typing import Any

from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable

from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.style import (
    ACCENT,
    BOTTOM,
    FAINT,
    HAIRLINE,
    HEADING,
    INK,
    MARGIN,
    MUTED,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    WIDTH,
)
from intact_core.documents.text_lines import shorten

LINE = 19.0


@dataclass(frozen=True)
class Running:
    """What stands on every page: header left and right, footer left."""

    left: str
    right: str
    foot: str


@dataclass
class Contents:
    """Headings in order, their pages once drawn, and where the contents stand."""

    titles: dict[str, str] = field(default_factory=dict)
    pages: dict[str, int] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)
    area: tuple[int, float, float] | None = None

    def heading(self, key: str, title: str, note: str = "") -> "Heading":
        """A new numbered heading that the contents will list."""
        self.titles[key] = title
        self.notes[key] = note
        return Heading(self, key, title)

    @property
    def height(self) -> float:
        """Height of the contents in points."""
        return LINE * len(self.titles)


class Heading(Flowable):
    """A section's title: outline entry, link target and line in the contents."""

    def __init__(self, contents: Contents, key: str, title: str) -> None:
        super().__init__()
        self.contents, self.key, self.title = contents, key, title

    def getKeepWithNext(self) -> bool:
        return True

    def getSpaceBefore(self) -> float:
        return 34.0

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        return width, HEADING.leading + HEADING.spaceAfter + 6

    def draw(self) -> None:
        canvas = self.canv
        canvas.bookmarkHorizontal(self.key, 0, HEADING.leading + 16)
        canvas.addOutlineEntry(self.title, self.key, level=0, closed=0)
        self.contents.pages[self.key] = canvas.getPageNumber()
        canvas.setFillColor(ACCENT)
        canvas.rect(0, HEADING.spaceAfter + 25, 26, 2.4, stroke=0, fill=1)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, HEADING.fontSize)
        canvas.drawString(0, HEADING.spaceAfter + 4, self.title)


class ContentsArea(Flowable):
    """Room for the contents; filled in when every page number is known."""

    def __init__(self, contents: Contents) -> None:
        super().__init__()
        self.contents = contents

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        return width, self.contents.height

    def draw(self) -> None:
        x, y = self.canv.absolutePosition(0, self.contents.height)
        self.contents.area = (self.canv.getPageNumber(), x, y)


def canvas_maker(running: Running, contents: Contents) -> Any:
    """A canvas class for one document: one pass, page x of y and contents drawn at the end."""

    class PagedCanvas(Canvas):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self._kept: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._kept.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            total = len(self._kept)
            for number, state in enumerate(self._kept, start=1):
                self.__dict__.update(state)
                _furnish(self, running, number, total)
                if contents.area and contents.area[0] == number:
                    _draw_contents(self, contents)
                super().showPage()
            super().save()

    return PagedCanvas


def _furnish(canvas: Canvas, running: Running, number: int, total: int) -> None:
    canvas.setFont(REGULAR, 7.4)
    canvas.setFillColor(MUTED)
    if number > 1:
        top = PAGE_HEIGHT - 38
        canvas.drawString(MARGIN, top, shorten(running.left, REGULAR, 7.4, WIDTH * 0.6))
        canvas.drawRightString(PAGE_WIDTH - MARGIN, top, running.right)
        _rule(canvas, top - 8)
    _rule(canvas, BOTTOM - 16)
    canvas.setFillColor(FAINT)
    foot = shorten(running.foot, REGULAR, 7.4, WIDTH * 0.8)
    canvas.drawString(MARGIN, BOTTOM - 29, foot)
    canvas.setFillColor(MUTED)
    canvas.drawRightString(PAGE_WIDTH - MARGIN, BOTTOM - 29, f"Page {number} of {total}")


def _rule(canvas: Canvas, y: float) -> None:
    canvas.setStrokeColor(HAIRLINE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, y, PAGE_WIDTH - MARGIN, y)


def _draw_contents(canvas: Canvas, contents: Contents) -> None:
    _, x, top = contents.area or (0, 0.0, 0.0)
    right = x + WIDTH
    for place, (key, title) in enumerate(contents.titles.items()):
        y = top - LINE * (place + 1) + 6
        canvas.setFillColor(INK)
        canvas.setFont(REGULAR, 9.4)
        canvas.drawString(x, y, title)
        canvas.setFillColor(FAINT)
        canvas.setFont(REGULAR, 8)
        canvas.drawRightString(right - 34, y, contents.notes[key])
        canvas.setFillColor(ACCENT)
        canvas.setFont(BOLD, 9.4)
        canvas.drawRightString(right, y, str(contents.pages.get(key, "")))
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.4)
        canvas.line(x, y - 6, right, y - 6)
        canvas.linkAbsolute(title, key, (x, y - 6, right, y + 12), thickness=0)
