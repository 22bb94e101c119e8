"""Visible stamps: who signed, as what, saying what, and when (21 CFR 11.50)."""

from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from intact_core.documents import fonts, words
from intact_core.documents.fonts import BOLD, ITALIC, REGULAR
from intact_core.documents.style import ACCENT, FAINT, HAIRLINE, INK, MUTED, TINT
from intact_core.documents.text_lines import shorten, wrap
from intact_core.errors import BadInput

_DRAWN = 190.0
_LARGEST = (900, 400)
_MOST_PIXELS = 20_000_000


@dataclass(frozen=True)
class Stamp:
    """What a signature says where people read it; `at` is the moment of signing, in UTC."""

    name: str
    role: str
    meaning: str
    at: datetime


@dataclass(frozen=True)
class DrawnSignature:
    """A signature drawn by hand: the picture (PNG) with name, role, meaning and moment."""

    name: str
    role: str
    meaning: str
    image_png: bytes
    at: datetime

    @property
    def stamp(self) -> Stamp:
        """Its words without the picture."""
        return Stamp(self.name, self.role, self.meaning, self.at)


def stamp_page(
    stamp: Stamp, size: tuple[float, float], note: str, drawn: bytes | None = None
) -> bytes:
    """A PDF of one page of `size` points with the stamp on it; `drawn` is a PNG.

    Raises BadInput where the drawn signature is no picture or an empty one.
    """
    fonts.register()
    target = BytesIO()
    canvas = Canvas(target, pagesize=size, invariant=1, pageCompression=1)
    width, height = size
    canvas.setFillColor(TINT)
    canvas.setStrokeColor(HAIRLINE)
    canvas.setLineWidth(0.7)
    canvas.roundRect(0.5, 0.5, width - 1, height - 1, 4, stroke=1, fill=1)
    if drawn is None:
        _draw_seal(canvas, height)
        left = 76.0
    else:
        _draw_picture(canvas, drawn, height)
        left = _DRAWN + 26
    _draw_words(canvas, stamp, note, (left, width - left - 12, height))
    canvas.save()
    return target.getvalue()


def _draw_seal(canvas: Any, height: float) -> None:
    canvas.setFillColor(ACCENT)
    canvas.circle(38, height / 2, 19, stroke=0, fill=1)
    canvas.setStrokeColor(TINT)
    canvas.setLineWidth(3.2)
    path = canvas.beginPath()
    path.moveTo(29, height / 2)
    path.lineTo(35.5, height / 2 - 7)
    path.lineTo(47.5, height / 2 + 7.5)
    canvas.drawPath(path)


def _draw_picture(canvas: Any, png: bytes, height: float) -> None:
    picture = _picture(png)
    box = (12.0, 10.0, _DRAWN, height - 20)
    canvas.drawImage(ImageReader(picture), *box, preserveAspectRatio=True, anchor="c", mask="auto")
    canvas.setStrokeColor(HAIRLINE)
    canvas.line(_DRAWN + 14, 12, _DRAWN + 14, height - 12)


def _picture(png: bytes) -> Image.Image:
    sentence = "The drawn signature cannot be read as a picture. Please sign again."
    # Width and height stand in the header (PNG, third edition, 11.2.1): look before decoding.
    pixels = int.from_bytes(png[16:20], "big") * int.from_bytes(png[20:24], "big")
    if pixels > _MOST_PIXELS:
        raise BadInput(sentence, details=f"{pixels} pixels")
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as opened:
            picture = opened.convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise BadInput(sentence, details=str(error)) from error
    picture.thumbnail(_LARGEST)
    return picture


def _draw_words(canvas: Any, stamp: Stamp, note: str, box: tuple[float, float, float]) -> None:
    x, width, height = box
    y = height - 23
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 11.5)
    canvas.drawString(x, y, shorten(stamp.name, BOLD, 11.5, width))
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 8.2)
    canvas.drawString(x, y - 13, shorten(stamp.role, REGULAR, 8.2, width))
    canvas.setFillColor(INK)
    canvas.setFont(ITALIC, 8.6)
    for place, line in enumerate(wrap(stamp.meaning, ITALIC, 8.6, width)[:2]):
        canvas.drawString(x, y - 28 - 11 * place, line)
    canvas.setFillColor(ACCENT)
    canvas.setFont(BOLD, 8.2)
    canvas.drawString(x, 20, words.moment(stamp.at))
    canvas.setFillColor(FAINT)
    canvas.setFont(REGULAR, 6.8)
    canvas.drawString(x, 10, shorten(note, REGULAR, 6.8, width))
