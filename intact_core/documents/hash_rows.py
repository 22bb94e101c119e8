"""The evidence register: one row for each file with its full SHA-256."""

from reportlab.platypus import Flowable

from intact_core.documents import words
from intact_core.documents.fonts import REGULAR
from intact_core.documents.report_data import EvidenceFile
from intact_core.documents.style import HAIRLINE, INK, MUTED
from intact_core.documents.text_lines import shorten

_NAME = 26.0
_WHEN = 236.0
_PLACE = 352.0


class HashHead(Flowable):
    """Column titles of the register."""

    def getKeepWithNext(self) -> bool:
        return True

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        return width, 18.0

    def draw(self) -> None:
        canvas = self.canv
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 7.6)
        for x, text in (
            (0, "No."), (_NAME, "File and SHA-256"), (_WHEN, "Taken"), (_PLACE, "For")
        ):  # fmt: skip
            canvas.drawString(x, 5, text)
        canvas.drawRightString(self.width, 5, "Size")
        canvas.setStrokeColor(MUTED)
        canvas.setLineWidth(0.8)
        canvas.line(0, 0, self.width, 0)


class HashRow(Flowable):
    """One file: number, name, when, what for, size; below it the hash in eight groups."""

    def __init__(self, place: int, file: EvidenceFile) -> None:
        super().__init__()
        self.place, self.file = place, file

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        return width, 27.0

    def draw(self) -> None:
        canvas, file = self.canv, self.file
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.4)
        canvas.line(0, 0, self.width, 0)
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 7.8)
        canvas.drawString(0, 16, str(self.place))
        canvas.drawString(_WHEN, 16, words.moment(file.taken_at))
        about = " · ".join(part for part in (file.finding_number, file.clause) if part)
        canvas.drawString(_PLACE, 16, shorten(about, REGULAR, 7.8, 86))
        canvas.drawRightString(self.width, 16, words.size(file.size_bytes))
        canvas.setFillColor(INK)
        name = file.file_name or file.description
        canvas.drawString(_NAME, 16, shorten(name, REGULAR, 7.8, _WHEN - _NAME - 10))
        canvas.setFont(REGULAR, 7.4)
        canvas.drawString(_NAME, 5.5, words.grouped(file.sha256))
