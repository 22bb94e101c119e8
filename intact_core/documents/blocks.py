"""Small building blocks of the sections: fact tables, plain tables, labelled texts."""

from collections.abc import Iterable, Sequence

from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from intact_core.documents.fonts import REGULAR
from intact_core.documents.style import (
    BODY,
    CELL,
    CELL_MUTED,
    HAIRLINE,
    LABEL,
    MUTED,
    SMALL,
    WIDTH,
    para,
)

Story = list[Flowable]


def facts(rows: Iterable[tuple[str, str]], width: float = WIDTH, label: float = 118.0) -> Story:
    """Label and value, one below the other; rows without a value are left out."""
    cells = [[para(name, CELL_MUTED), para(value, CELL)] for name, value in rows if value]
    if not cells:
        return []
    table = Table(
        cells,
        colWidths=[label, width - label],
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, HAIRLINE),
        ],
    )
    return [table, Spacer(0, 8)]


def grid(
    head: Sequence[str], rows: Sequence[Sequence[str | Flowable]], widths: Sequence[float]
) -> Story:
    """A table with a head that repeats on each page; texts are broken to their column."""
    if not rows:
        return []
    cells: list[list[Flowable]] = [[para(text, SMALL) for text in head]]
    for row in rows:
        cells.append([para(cell, CELL) if isinstance(cell, str) else cell for cell in row])
    table = Table(
        cells,
        colWidths=list(widths),
        repeatRows=1,
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("LEFTPADDING", (0, 0), (0, -1), 0),
            ("TEXTCOLOR", (0, 0), (-1, 0), MUTED),
            ("TOPPADDING", (0, 0), (-1, -1), 3),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 3.5),
            ("LINEBELOW", (0, 0), (-1, 0), 0.8, MUTED),
            ("LINEBELOW", (0, 1), (-1, -1), 0.4, HAIRLINE),
        ],
    )
    return [table, Spacer(0, 8)]


def labelled(label: str, text: str) -> Story:
    """A small label over its text, or nothing where there is no text."""
    if not text.strip():
        return []
    return [label_over(label), para(text, BODY)]


def label_over(label: str) -> Paragraph:
    """A small label that stays on the page of what follows it."""
    head: Paragraph = para(label, LABEL)
    head.keepWithNext = True
    return head
