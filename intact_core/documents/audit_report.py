"""The audit report: a PDF, ready to sign, from a frozen snapshot and nothing else."""

from collections.abc import Callable
from io import BytesIO

from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    PageBreak,
    PageTemplate,
)

from intact_core.canonical import sha256_hex
from intact_core.documents import (
    fonts,
    report_body,
    report_closing,
    report_findings,
    report_opening,
)
from intact_core.documents.layout import Contents, Running, canvas_maker
from intact_core.documents.photos import PhotoShelf, PhotoSource
from intact_core.documents.preparation import REPORT_ATTACHMENT, Preparation, prepare
from intact_core.documents.report_data import ReportSnapshot, to_json
from intact_core.documents.signature_fields import FieldBox
from intact_core.documents.style import BOTTOM, MARGIN, PAGE_HEIGHT, PAGE_WIDTH, TOP, WIDTH
from intact_core.errors import IntactError

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]

_STEP = 20
_ROOM_FOR_A_SECTION = 220


class ReportCancelled(IntactError):
    """The person stopped the report while it was being made."""

    title = "Report stopped"


def render_report(
    snapshot: ReportSnapshot,
    photo: PhotoSource,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> bytes:
    """The report as PDF with `audit.json` attached and its signature fields empty.

    `photo` gives the upright preview of a piece of evidence as JPEG, or None: then a placeholder
    with the hash stands there. `progress(done, total)` counts blocks of the page. Raises
    ReportCancelled when `cancelled()` turns true. Same snapshot and photos, same bytes.
    """
    fonts.register()
    attachment = to_json(snapshot)
    digest = sha256_hex(attachment)
    boxes: list[FieldBox] = []
    contents = Contents()
    shelf = PhotoShelf(photo)
    story = _story(snapshot, contents, shelf, digest, boxes)
    running = Running(
        f"Audit report · {snapshot.client_name}",
        f"{snapshot.audit_number} · version {snapshot.report_version}",
        f"{snapshot.body_name} · Confidential · SHA-256 of contents {digest[:16]}…",
    )
    watch = _Watch(len(story), progress, cancelled)
    rendered = _build(story, running, contents, watch)
    preparation = Preparation(
        REPORT_ATTACHMENT,
        attachment,
        "The audit in machine-readable form",
        f"Audit report {snapshot.audit_number}, version {snapshot.report_version}",
        snapshot.body_name,
        snapshot.prepared_at,
    )
    return prepare(rendered, preparation, boxes, shelf.previews)


def _story(
    snapshot: ReportSnapshot,
    contents: Contents,
    shelf: PhotoShelf,
    digest: str,
    boxes: list[FieldBox],
) -> list[Flowable]:
    return [
        *report_opening.cover(snapshot, contents),
        PageBreak(),
        *report_opening.summary(snapshot, contents),
        PageBreak(),
        *report_findings.nonconformities(snapshot, contents, shelf),
        CondPageBreak(_ROOM_FOR_A_SECTION),
        *report_findings.other_findings(snapshot, contents, shelf),
        CondPageBreak(_ROOM_FOR_A_SECTION),
        *report_body.the_audit(snapshot, contents),
        CondPageBreak(_ROOM_FOR_A_SECTION),
        *report_body.documentation(snapshot, contents),
        PageBreak(),
        *report_body.checklist(snapshot, contents),
        PageBreak(),
        *report_closing.evidence(snapshot, contents, shelf),
        PageBreak(),
        *report_closing.register(snapshot, contents),
        CondPageBreak(_ROOM_FOR_A_SECTION),
        *report_closing.attendance(snapshot, contents),
        CondPageBreak(_ROOM_FOR_A_SECTION),
        *report_closing.statements(snapshot, contents),
        PageBreak(),
        *report_closing.signatures(snapshot, contents, digest, boxes),
    ]


class _Watch:
    """Tells how far the report is, and stops it, every few blocks."""

    def __init__(self, total: int, progress: Progress | None, cancelled: Cancelled | None) -> None:
        self.done, self.total = 0, total
        self.progress, self.cancelled = progress, cancelled

    def block(self) -> None:
        self.done = min(self.done + 1, self.total)
        if self.done % _STEP and self.done != self.total:
            return
        if self.cancelled and self.cancelled():
            raise ReportCancelled("The report was stopped before it was finished. Nothing changed.")
        if self.progress:
            self.progress(self.done, self.total)


class _Document(BaseDocTemplate):
    watch: _Watch

    def afterFlowable(self, _flowable: Flowable) -> None:
        self.watch.block()


def _build(story: list[Flowable], running: Running, contents: Contents, watch: _Watch) -> bytes:
    target = BytesIO()
    document = _Document(target, invariant=1, pageCompression=1, pagesize=(PAGE_WIDTH, PAGE_HEIGHT))
    document.watch = watch
    frame = Frame(
        MARGIN, BOTTOM, WIDTH, PAGE_HEIGHT - TOP - BOTTOM,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    document.addPageTemplates([PageTemplate(id="page", frames=[frame])])
    document.build(story, canvasmaker=canvas_maker(running, contents))
    return target.getvalue()
