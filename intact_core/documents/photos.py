"""Photos on the page: previews embedded as they are, once each, or a designed placeholder."""

from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.pdfbase.pdfdoc import PDFImageXObject
from reportlab.platypus import Flowable

from intact_core.documents import words
from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.report_data import EvidenceFile
from intact_core.documents.style import ACCENT, FAINT, HAIRLINE, INK, MUTED, TINT
from intact_core.documents.text_lines import shorten, wrap

PhotoSource = Callable[[str], bytes | None]

_GAP = 14.0
_CAPTION = 44.0


class PhotoShelf:
    """Previews of one document: each is fetched once and embedded once, without decoding.

    `previews` maps the stub that stands in the rendered file to the JPEG that replaces it.
    """

    def __init__(self, source: PhotoSource) -> None:
        self._source = source
        self._shown: dict[str, _Shown | None] = {}
        self.previews: dict[bytes, bytes] = {}

    def draw(self, canvas: Any, evidence_id: str, box: tuple[float, float, float, float]) -> bool:
        """Draw the preview centred in the box (x, y, width, height); False where there is none."""
        if evidence_id not in self._shown:
            self._shown[evidence_id] = self._embed(canvas, evidence_id)
        shown = self._shown[evidence_id]
        if shown is None:
            return False
        x, y, width, height = box
        scale = min(width / shown.width, height / shown.height)
        canvas.saveState()
        canvas.translate(
            x + (width - shown.width * scale) / 2, y + (height - shown.height * scale) / 2
        )
        canvas.scale(shown.width * scale, shown.height * scale)
        canvas.doForm(shown.name)
        canvas.restoreState()
        return True

    def _embed(self, canvas: Any, evidence_id: str) -> "_Shown | None":
        jpeg = self._source(evidence_id)
        if not jpeg:
            return None
        name = f"photo{len(self._shown) + 1}"
        image = PDFImageXObject(name)
        if not image.loadImageFromJPEG(BytesIO(jpeg)) or not (image.width and image.height):
            return None
        # Only a stub goes through reportlab, which would copy the bytes four times.
        image.streamContent = name.encode()
        self.previews[image.streamContent] = jpeg
        canvas._doc.addForm(name, image)
        return _Shown(name, image.width, image.height)


@dataclass(frozen=True)
class _Shown:
    name: str
    width: int
    height: int


class PhotoRow(Flowable):
    """Pieces of evidence side by side, each with its caption and the start of its hash."""

    def __init__(self, files: tuple[EvidenceFile, ...], shelf: PhotoShelf, columns: int) -> None:
        super().__init__()
        self.files, self.shelf, self.columns = files, shelf, columns

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        self.cell = (width - _GAP * (self.columns - 1)) / self.columns
        self.picture = self.cell * 0.66
        return width, self.picture + _CAPTION + 12

    def draw(self) -> None:
        for place, file in enumerate(self.files):
            x = place * (self.cell + _GAP)
            box = (x, _CAPTION + 8, self.cell, self.picture)
            self.canv.setFillColor(TINT)
            self.canv.rect(*box, stroke=0, fill=1)
            if not self.shelf.draw(self.canv, file.id, box):
                draw_placeholder(self.canv, file, box)
            self._caption(file, x)

    def _caption(self, file: EvidenceFile, x: float) -> None:
        canvas, y = self.canv, _CAPTION - 2
        canvas.setFont(REGULAR, 7.8)
        canvas.setFillColor(INK)
        for line in wrap(file.description or file.file_name, REGULAR, 7.8, self.cell)[:2]:
            canvas.drawString(x, y, line)
            y -= 10
        about = [file.finding_number, file.clause and f"clause {file.clause}"]
        about.append(words.moment(file.taken_at))
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 6.8)
        text = " · ".join(part for part in about if part)
        canvas.drawString(x, y, shorten(text, REGULAR, 6.8, self.cell))
        canvas.drawString(x, y - 9, f"SHA-256 {words.grouped(file.sha256[:24])} …")


def draw_placeholder(
    canvas: Any, file: EvidenceFile, box: tuple[float, float, float, float]
) -> None:
    """A framed box that says what the file is, and its hash, where no picture can be shown."""
    x, y, width, height = box
    canvas.setStrokeColor(HAIRLINE)
    canvas.setLineWidth(0.8)
    canvas.rect(*box, stroke=1, fill=0)
    _frame_symbol(canvas, x + width / 2, y + height - 38)
    canvas.setFillColor(INK)
    canvas.setFont(BOLD, 8.4)
    canvas.drawCentredString(x + width / 2, y + height - 66, _reason(file))
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 7)
    name = shorten(file.file_name, REGULAR, 7, width - 60)
    line = f"{name} · {words.size(file.size_bytes)}"
    canvas.drawCentredString(x + width / 2, y + height - 78, line)
    canvas.setFillColor(FAINT)
    for row, part in enumerate((file.sha256[:32], file.sha256[32:])):
        canvas.drawCentredString(x + width / 2, y + 18 - row * 9, words.grouped(part))


def _reason(file: EvidenceFile) -> str:
    if not file.content_type.startswith("image/"):
        return "Document, kept with the audit"
    return "No picture to show here" if file.decodable else "This photo cannot be decoded"


def _frame_symbol(canvas: Any, x: float, y: float) -> None:
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1.1)
    canvas.roundRect(x - 15, y - 11, 30, 22, 3, stroke=1, fill=0)
    path = canvas.beginPath()
    path.moveTo(x - 11, y - 7)
    path.lineTo(x - 3, y + 2)
    path.lineTo(x + 2, y - 3)
    path.lineTo(x + 6, y + 1)
    path.lineTo(x + 11, y - 5)
    canvas.drawPath(path)
    canvas.circle(x + 6.5, y + 5.5, 1.9, stroke=1, fill=0)
