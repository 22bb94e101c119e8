"""Charts of the ratings: one bar for each clause, drawn with reportlab's graphics."""

from collections import Counter
from collections.abc import Iterable, Sequence

from reportlab.graphics.shapes import Drawing, Group, Line, Rect, String

from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.report_data import ChecklistResult
from intact_core.documents.style import FAINT, HAIRLINE, INK, MUTED, RATING_FILL, WHITE
from intact_core.documents.text_lines import shorten

ORDER = ("compliant", "observation", "minor", "major", "not_applicable", "unrated")
_ROW = 17.0
_NAMES = 152.0
_TOTALS = 62.0


def group_of(clause: str) -> str:
    """The main clause a clause number belongs to: 8.5.1 to 8, AC-2(3) to AC, A.5.1 to A.5."""
    head = clause.strip()
    if "." not in head:
        return head.split("-")[0]
    parts = head.split(".")
    return ".".join(parts[:2]) if parts[0].isalpha() else parts[0]


def ratings_by_clause(items: Iterable[ChecklistResult]) -> dict[str, Counter[str]]:
    """Main clause to the count of each rating, in the order of the checklist."""
    groups: dict[str, Counter[str]] = {}
    for item in items:
        counts = groups.setdefault(group_of(item.clause), Counter())
        counts[item.rating or "unrated"] += 1
    return groups


def rating_chart(
    groups: Sequence[tuple[str, str, Counter[str]]], width: float, *, legend: bool = True
) -> Drawing:
    """Stacked bars, one for each (clause, title, counts); the length is the share of items."""
    foot = 24.0 if legend else 4.0
    drawing = Drawing(width, len(groups) * _ROW + foot)
    bar = width - _NAMES - _TOTALS
    for place, (clause, title, counts) in enumerate(groups):
        y = foot + (len(groups) - 1 - place) * _ROW
        name = shorten(f"{clause}  {title}".strip(), REGULAR, 7.8, _NAMES - 10)
        drawing.add(String(0, y + 5, name, fontName=REGULAR, fontSize=7.8, fillColor=INK))
        _bar(drawing, counts, (_NAMES, y + 2.5, bar))
        _total(drawing, counts, width, y)
    if legend:
        _legend(drawing, groups)
    return drawing


def group_bar(title: str, counts: Counter[str], width: float) -> Drawing:
    """One main clause's title with its bar: stands over its checklist rows."""
    drawing = Drawing(width, 22)
    name = shorten(title, BOLD, 10.2, 2 * _NAMES - 20)
    drawing.add(String(0, 7, name, fontName=BOLD, fontSize=10.2, fillColor=INK))
    _bar(drawing, counts, (2 * _NAMES, 5, width - 2 * _NAMES - _TOTALS))
    _total(drawing, counts, width, 2.5)
    drawing.add(Line(0, 0, width, 0, strokeColor=MUTED, strokeWidth=0.8))
    return drawing


def _bar(drawing: Drawing, counts: Counter[str], box: tuple[float, float, float]) -> None:
    x, y, width = box
    total = sum(counts.values()) or 1
    for rating in ORDER:
        share = width * counts[rating] / total
        if share:
            drawing.add(_piece(x, y, share, rating))
            x += share


def _piece(x: float, y: float, width: float, rating: str) -> Rect:
    edge = HAIRLINE if rating == "unrated" else WHITE
    fill = RATING_FILL[rating]
    return Rect(x, y, width, 10.5, fillColor=fill, strokeColor=edge, strokeWidth=0.5)


def _total(drawing: Drawing, counts: Counter[str], width: float, y: float) -> None:
    text = f"{sum(counts.values()):,}"
    short = counts["major"] + counts["minor"]
    drawing.add(
        String(
            width, y + 5, text, fontName=REGULAR, fontSize=7.8, fillColor=MUTED, textAnchor="end"
        )
    )
    if short:
        label = f"{short} NC"
        drawing.add(
            String(
                width - 26, y + 5, label,
                fontName=BOLD, fontSize=7.4, fillColor=INK, textAnchor="end",
            )
        )  # fmt: skip


def _legend(drawing: Drawing, groups: Sequence[tuple[str, str, Counter[str]]]) -> None:
    from_words = {
        "compliant": "conforms",
        "observation": "observation",
        "minor": "minor",
        "major": "major",
        "not_applicable": "not applicable",
        "unrated": "not rated",
    }
    present = {rating for _, _, counts in groups for rating in counts if counts[rating]}
    drawing.add(Line(0, 17, drawing.width, 17, strokeColor=HAIRLINE, strokeWidth=0.4))
    x = _NAMES
    for rating in ORDER:
        if rating not in present:
            continue
        key = Group(
            Rect(x, 4, 7, 7, fillColor=RATING_FILL[rating], strokeColor=FAINT, strokeWidth=0.3),
            String(
                x + 10, 4.6, from_words[rating], fontName=REGULAR, fontSize=7.2, fillColor=MUTED
            ),
        )
        drawing.add(key)
        x += 22 + 4.1 * len(from_words[rating])
