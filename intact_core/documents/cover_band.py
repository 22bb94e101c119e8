"""The band at the head of a document's first page: body, kind of document, client."""

from reportlab.platypus import Flowable

from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.style import ACCENT, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, TOP, WHITE, WIDTH
from intact_core.documents.text_lines import shorten, wrap

_HEIGHT = 158.0


class CoverBand(Flowable):
    """Bleeds to three edges of the page; takes its height below the top margin."""

    def __init__(self, body: str, title: str, client: str) -> None:
        super().__init__()
        self.body, self.title, self.client = body, title, client

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        return width, _HEIGHT

    def draw(self) -> None:
        canvas = self.canv
        _, bottom = canvas.absolutePosition(0, 0)
        canvas.setFillColor(ACCENT)
        canvas.rect(-MARGIN, 0, PAGE_WIDTH, PAGE_HEIGHT - bottom, stroke=0, fill=1)
        canvas.setFillColor(WHITE)
        canvas.setFont(BOLD, 9.4)
        canvas.drawString(0, _HEIGHT + TOP - 52, shorten(self.body, BOLD, 9.4, WIDTH))
        canvas.setFont(BOLD, 30)
        canvas.drawString(0, 62, self.title)
        canvas.setFont(REGULAR, 13)
        for place, line in enumerate(wrap(self.client, REGULAR, 13, WIDTH)[:2]):
            canvas.drawString(0, 36 - 17 * place, line)
