"""Breaking plain text into lines, fast: thousands of rows without a paragraph each."""

from functools import lru_cache

from reportlab.pdfbase import pdfmetrics

from intact_core.documents.style import clean


@lru_cache(maxsize=50_000)
def _width(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def wrap(text: str, font: str, size: float, width: float) -> list[str]:
    """The text as lines that fit `width` points; words longer than a line are cut."""
    lines: list[str] = []
    for line in clean(text).split("\n"):
        lines.extend(_wrap_line(line, font, size, width))
    return lines


def _wrap_line(text: str, font: str, size: float, width: float) -> list[str]:
    lines: list[str] = []
    words: list[str] = []
    used, space = 0.0, _width(" ", font, size)
    for word in _fitting_words(text, font, size, width):
        needed = _width(word, font, size)
        if words and used + space + needed > width:
            lines.append(" ".join(words))
            words, used = [], 0.0
        used += needed + (space if words else 0.0)
        words.append(word)
    return [*lines, " ".join(words)]


def _fitting_words(text: str, font: str, size: float, width: float) -> list[str]:
    words: list[str] = []
    for word in text.split():
        rest = word
        while _width(rest, font, size) > width and len(rest) > 1:
            cut = _fits(rest, font, size, width)
            words.append(rest[:cut])
            rest = rest[cut:]
        words.append(rest)
    return words


def _fits(text: str, font: str, size: float, width: float) -> int:
    used = 0.0
    for count, character in enumerate(text):
        used += _width(character, font, size)
        if used > width:
            return max(count, 1)
    return len(text)


def shorten(text: str, font: str, size: float, width: float) -> str:
    """The text on one line of `width` points, with an ellipsis where it had to be cut."""
    line = " ".join(clean(text).split())
    if _width(line, font, size) <= width:
        return line
    return line[: _fits(line, font, size, width - _width("…", font, size))].rstrip() + "…"
