"""Colours, measures and text styles of the documents: A4, one accent colour."""

from functools import cache
from html import escape

from reportlab.lib.colors import Color, HexColor, white
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import Paragraph

from intact_core.documents.fonts import BOLD, ITALIC, REGULAR

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN = 54.0
TOP = 66.0
BOTTOM = 58.0
WIDTH = PAGE_WIDTH - 2 * MARGIN

INK = HexColor("#1c2730")
MUTED = HexColor("#5d6974")
FAINT = HexColor("#8b96a0")
HAIRLINE = HexColor("#d8dee3")
TINT = HexColor("#f2f6f7")
ACCENT = HexColor("#0e5a6b")
WHITE = white

RATING_FILL: dict[str, Color] = {
    "major": HexColor("#0a3641"),
    "minor": HexColor("#2b8496"),
    "observation": HexColor("#93c4ce"),
    "compliant": HexColor("#d9e9ec"),
    "not_applicable": HexColor("#eceff1"),
    "unrated": WHITE,
}


def _style(name: str, size: float, leading: float, **more: object) -> ParagraphStyle:
    options = {"fontName": REGULAR, "textColor": INK, "splitLongWords": 1, **more}
    return ParagraphStyle(name, fontSize=size, leading=leading, **options)


BODY = _style("body", 9.2, 13.6, spaceAfter=5)
LEAD = _style("lead", 10.8, 16.2, spaceAfter=6)
SMALL = _style("small", 7.8, 11)
SMALL_MUTED = _style("small-muted", 7.8, 11, textColor=MUTED)
CELL = _style("cell", 8.4, 11.6)
CELL_MUTED = _style("cell-muted", 8.4, 11.6, textColor=MUTED)
CELL_BOLD = _style("cell-bold", 8.4, 11.6, fontName=BOLD)
LABEL = _style("label", 7.6, 11, fontName=BOLD, textColor=ACCENT, spaceBefore=5, spaceAfter=1)
NOTE = _style("note", 8.6, 12.4, fontName=ITALIC, textColor=MUTED, spaceAfter=5)
TITLE = _style("title", 27, 33, fontName=BOLD)
SUBTITLE = _style("subtitle", 12.5, 18, textColor=MUTED)
HEADING = _style("heading", 16, 21, fontName=BOLD, spaceAfter=9)
SUBHEADING = _style("subheading", 10.6, 15, fontName=BOLD, spaceBefore=8, spaceAfter=4)
HEADLINE = _style("headline", 14.5, 20, fontName=BOLD)


@cache
def centred(style_name: str) -> ParagraphStyle:
    """The named style of this module, centred."""
    base: ParagraphStyle = globals()[style_name]
    return ParagraphStyle(f"{base.name}-centred", parent=base, alignment=1)


def clean(text: str) -> str:
    """The text without control characters, lines kept: what may go on a page."""
    return "".join(c for c in text.replace("\r\n", "\n") if c == "\n" or c.isprintable())


def markup(text: str) -> str:
    """Plain text as paragraph markup: nothing in it is read as a tag, lines are kept."""
    return escape(clean(text), quote=False).replace("\n", "<br/>")


def para(text: str, style: ParagraphStyle = BODY) -> Paragraph:
    """A paragraph of plain text, whatever characters it holds."""
    return Paragraph(markup(text), style)
