"""Evidence, attendance, statements and signatures: sections 7 to 11 of the report."""

from typing import Any

from reportlab.platypus import Flowable, Spacer, Table

from intact_core.documents import words
from intact_core.documents.blocks import Story, facts, grid, labelled
from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.hash_rows import HashHead, HashRow
from intact_core.documents.layout import Contents
from intact_core.documents.photos import PhotoRow, PhotoShelf
from intact_core.documents.qr import qr_drawing
from intact_core.documents.report_data import ExpectedSigner, ReportSnapshot
from intact_core.documents.signature_fields import FieldBox
from intact_core.documents.style import (
    ACCENT,
    BODY,
    FAINT,
    HAIRLINE,
    INK,
    MUTED,
    NOTE,
    SMALL_MUTED,
    WIDTH,
    para,
)
from intact_core.documents.text_lines import shorten

STAMP_HEIGHT = 96.0


def evidence(report: ReportSnapshot, contents: Contents, shelf: PhotoShelf) -> Story:
    """Section 7: every photo and file, two side by side."""
    note = words.plural(len(report.evidence), "file")
    story: Story = [contents.heading("evidence", "7  Evidence", note)]
    if not report.evidence:
        return [*story, para("No evidence file was attached.", BODY)]
    broken = sum(1 for file in report.evidence if not file.decodable)
    if broken:
        text = (
            f"{words.plural(broken, 'file')} could not be decoded. The bytes are kept and hashed "
            "as evidence; a placeholder stands where the picture would."
        )
        story.append(para(text, NOTE))
    files = report.evidence
    story += [PhotoRow(files[i : i + 2], shelf, 2) for i in range(0, len(files), 2)]
    return story


def register(report: ReportSnapshot, contents: Contents) -> Story:
    """Section 8: the full SHA-256 of every file, of its original bytes."""
    story: Story = [contents.heading("register", "8  Evidence register")]
    if not report.evidence:
        return [*story, para("No evidence file was attached.", BODY)]
    text = (
        "Each hash was taken of the original file at the moment of capture. Whoever holds a file "
        "can take its SHA-256 and compare."
    )
    story += [para(text, BODY), HashHead()]
    return [*story, *(HashRow(place, file) for place, file in enumerate(report.evidence, start=1))]


def attendance(report: ReportSnapshot, contents: Contents) -> Story:
    """Section 9: who was at the opening and the closing meeting."""
    story: Story = [contents.heading("attendance", "9  Attendance")]
    rows = [
        (a.name, a.role, "Present" if a.opening else "–", "Present" if a.closing else "–")
        for a in report.attendance
    ]
    if not rows:
        return [*story, para("No attendance was recorded.", BODY)]
    head = ("Name", "Role", "Opening meeting", "Closing meeting")
    return [*story, *grid(head, rows, (160, WIDTH - 340, 90, 90))]


def statements(report: ReportSnapshot, contents: Contents) -> Story:
    """Section 10: sampling, confidentiality, ownership, complaints, distribution."""
    return [
        contents.heading("statements", "10  Statements"),
        *labelled("Sampling", report.sampling_statement),
        *labelled("Confidentiality", report.confidentiality_statement),
        *labelled("Ownership", report.ownership_statement),
        *labelled("Complaints and appeals", report.complaints_statement),
        *labelled("Distribution", "\n".join(report.distribution)),
    ]


def signatures(
    report: ReportSnapshot, contents: Contents, digest: str, boxes: list[FieldBox]
) -> Story:
    """Section 11, a page of its own: a box for each signature, then how to verify the file."""
    story: Story = [contents.heading("signatures", "11  Signatures")]
    text = (
        "The signatures below are electronic and cover the whole file. Any program that checks "
        "PAdES signatures shows them; a change to a single byte breaks them."
    )
    story.append(para(text, BODY))
    for signer in report.expected_signers:
        story += [Spacer(0, 6), SignatureBox(signer, boxes)]
    if not report.expected_signers:
        story.append(para("This copy is not meant to be signed.", NOTE))
    return [*story, Spacer(0, 18), _verification(report, digest)]


class SignatureBox(Flowable):
    """The place of a signature: role and name above, room for the visible stamp below."""

    def __init__(self, signer: ExpectedSigner, boxes: list[FieldBox]) -> None:
        super().__init__()
        self.signer, self.boxes = signer, boxes

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        self.width = width
        return width, STAMP_HEIGHT + 34

    def draw(self) -> None:
        canvas, signer = self.canv, self.signer
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 9.4)
        who = " · ".join(part for part in (signer.name, signer.role) if part)
        canvas.drawString(0, STAMP_HEIGHT + 20, shorten(who, BOLD, 9.4, self.width))
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 8)
        canvas.drawString(0, STAMP_HEIGHT + 8, shorten(signer.meaning, REGULAR, 8, self.width))
        canvas.setStrokeColor(HAIRLINE)
        canvas.setLineWidth(0.7)
        canvas.setDash(3, 3)
        canvas.roundRect(0, 0, self.width, STAMP_HEIGHT, 4, stroke=1, fill=0)
        canvas.setDash()
        canvas.setFillColor(FAINT)
        canvas.drawString(12, STAMP_HEIGHT / 2 - 3, "Not signed yet")
        self._remember(canvas)

    def _remember(self, canvas: Any) -> None:
        x, y = canvas.absolutePosition(0, 0)
        rectangle = (x, y, x + self.width, y + STAMP_HEIGHT)
        self.boxes.append(FieldBox(self.signer.field, canvas.getPageNumber() - 1, rectangle))


def verification_text(report: ReportSnapshot, digest: str) -> str:
    """What the report's QR code says: the address, then id and hash, which stay in the browser."""
    address = report.verify_address or "urn:intact:report"
    return f"{address}#report={report.report_id}&sha256={digest}"


def _verification(report: ReportSnapshot, digest: str) -> Flowable:
    about = facts(
        [
            ("Report", f"{report.audit_number}, version {report.report_version}"),
            ("Report id", report.report_id),
            ("Contents (SHA-256)", words.grouped(digest, 16)),
            ("Verify at", report.verify_address),
        ],
        width=WIDTH - 130,
        label=100,
    )
    note = para(
        "The hash is of audit.json, the machine-readable audit attached to this file.", SMALL_MUTED
    )
    return Table(
        [[qr_drawing(verification_text(report, digest), 104), [*about, note]]],
        colWidths=[130, WIDTH - 130],
        style=[
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("FONTNAME", (0, 0), (-1, -1), REGULAR),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("LINEABOVE", (0, 0), (-1, 0), 0.8, ACCENT),
            ("TOPPADDING", (0, 0), (-1, -1), 10),
        ],
    )
