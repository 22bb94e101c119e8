"""Noto Sans from `resources/fonts`, embedded in every document."""

from functools import cache
from importlib import resources
from io import BytesIO

from reportlab import rl_config
from reportlab.graphics.shapes import STATE_DEFAULTS
from reportlab.lib.fonts import addMapping
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR = "NotoSans"
BOLD = "NotoSans-Bold"
ITALIC = "NotoSans-Italic"
BOLD_ITALIC = "NotoSans-BoldItalic"

_FILES = {
    REGULAR: "NotoSans-Regular.ttf",
    BOLD: "NotoSans-Bold.ttf",
    ITALIC: "NotoSans-Italic.ttf",
    BOLD_ITALIC: "NotoSans-BoldItalic.ttf",
}


@cache
def register() -> None:
    """Make the fonts known to reportlab, once; without it an unembedded Helvetica slips in."""
    folder = resources.files("resources") / "fonts"
    for name, file_name in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, BytesIO((folder / file_name).read_bytes())))
    for bold, italic, name in (
        (0, 0, REGULAR), (1, 0, BOLD), (0, 1, ITALIC), (1, 1, BOLD_ITALIC),
    ):  # fmt: skip
        addMapping(REGULAR, bold, italic, name)
    rl_config.canvas_basefontname = REGULAR
    rl_config.useA85 = 0
    STATE_DEFAULTS["fontName"] = REGULAR
