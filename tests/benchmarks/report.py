"""The report of 60 pages with 200 photos."""

import tempfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from pikepdf import Pdf
from reportlab.pdfgen.canvas import Canvas

from intact_core import clock
from intact_core.documents.audit_report import render_report
from intact_core.documents.report_data import EvidenceFile
from tests.benchmarks.measuring import Figure, Goal, peak_megabytes, seconds_of
from tests.benchmarks.pictures import numbered, photo
from tests.benchmarks.running import apart
from tests.core.documents import sample_report

PHOTOS = 200
ITEMS = 170
PREVIEW = (1600, 1200, 82)


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Elsewhere, so that making the photos leaves no trace in the memory measured here.
        apart(write_previews, folder)
        return _measure(folder)


def write_previews(folder: Path) -> None:
    """The previews of all photos, each another file, as the laptop keeps them ready."""
    jpeg = photo(*PREVIEW)
    for place in range(PHOTOS):
        (folder / f"evidence-{place}.jpg").write_bytes(numbered(jpeg, place))


def render(folder: Path) -> bytes:
    """The whole report."""
    snapshot = sample_report.snapshot(ITEMS, PHOTOS, evidence=_all(), prepared_at=clock.now())
    return render_report(snapshot, lambda name: (folder / f"{name}.jpg").read_bytes())


def _all() -> tuple[EvidenceFile, ...]:
    files = sample_report.evidence(PHOTOS)
    return tuple(replace(one, decodable=True, content_type="image/jpeg") for one in files)


def _measure(folder: Path) -> list[Figure]:
    made: list[bytes] = []
    seconds = seconds_of(lambda: made.append(render(folder)))
    peak = peak_megabytes()
    with Pdf.open(BytesIO(made[0])) as pdf:
        pages = len(pdf.pages)
    size = len(made[0]) / 1e6
    made.clear()
    again = seconds_of(lambda: render(folder))
    bare = seconds_of(lambda: _bare(folder, pages))
    return [
        Figure(
            "report of 60 pages with 200 photos", seconds, "s", Goal(1.5), bare,
            "reportlab's canvas alone: the same pages and images",
            f"{pages} pages, {size:.0f} MB; a second time {again:.2f} s",
        ),
        Figure(
            "its peak memory", peak, "MB", Goal(200), size, "the finished file",
            "the whole process, interpreter and libraries included",
        ),
    ]  # fmt: skip


def _bare(folder: Path, pages: int) -> bytes:
    target = BytesIO()
    canvas = Canvas(target)
    for page in range(pages):
        for row, place in enumerate(range(page, PHOTOS, pages)):
            # By name: then reportlab embeds the JPEG as it is.
            canvas.drawImage(str(folder / f"evidence-{place}.jpg"), 50, 50 + 180 * row, 240, 180)
        canvas.showPage()
    canvas.save()
    return target.getvalue()
