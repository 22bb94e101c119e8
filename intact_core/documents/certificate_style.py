"""The look of a certificate: band, dates, and the block at the foot of the first page."""

from typing import Any

from reportlab.lib.styles import ParagraphStyle

from intact_core.documents import words
from intact_core.documents.certificate_data import CertificateData
from intact_core.documents.fonts import BOLD, REGULAR
from intact_core.documents.style import (
    ACCENT,
    FAINT,
    HAIRLINE,
    INK,
    MARGIN,
    MUTED,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    SMALL_MUTED,
    WHITE,
    WIDTH,
    para,
)
from intact_core.documents.text_lines import shorten, wrap

BOTTOM_BLOCK = 308.0
_BAND = 104.0


def _centred(name: str, size: float, leading: float, **more: object) -> ParagraphStyle:
    options = {"fontName": REGULAR, "textColor": INK, "alignment": 1, **more}
    return ParagraphStyle(name, fontSize=size, leading=leading, **options)


CENTRED_LEAD = _centred("certificate-lead", 10, 15, textColor=MUTED, spaceAfter=5)
CENTRED_CLIENT = _centred("certificate-client", 23, 29, fontName=BOLD, spaceAfter=4)
CENTRED_STANDARD = _centred(
    "certificate-standard", 21, 27, fontName=BOLD, textColor=ACCENT, spaceAfter=3
)
CENTRED_TEXT = _centred("certificate-text", 10, 14.5, textColor=MUTED, spaceAfter=2)
CENTRED_SCOPE = _centred("certificate-scope", 11.5, 17, spaceAfter=4, leftIndent=36, rightIndent=36)


def draw_first_page(canvas: Any, data: CertificateData) -> None:
    """The band with body and title across the top."""
    canvas.setFillColor(ACCENT)
    canvas.rect(0, PAGE_HEIGHT - _BAND, PAGE_WIDTH, _BAND, stroke=0, fill=1)
    canvas.setFillColor(WHITE)
    canvas.setFont(BOLD, 29)
    canvas.drawString(MARGIN, PAGE_HEIGHT - 66, "Certificate")
    canvas.setFont(BOLD, 11)
    right = PAGE_WIDTH - MARGIN
    canvas.drawRightString(right, PAGE_HEIGHT - 54, shorten(data.body_name, BOLD, 11, 280))
    canvas.setFont(REGULAR, 8)
    address = shorten(data.body_address.replace("\n", ", "), REGULAR, 8, 280)
    canvas.drawRightString(right, PAGE_HEIGHT - 67, address)


def draw_bottom(canvas: Any, data: CertificateData, stamp: tuple[float, ...]) -> None:
    """Number and dates, validity, the place of the signature."""
    _draw_dates(canvas, data, BOTTOM_BLOCK - 34)
    y = _draw_history(canvas, data, BOTTOM_BLOCK - 66)
    statement = para(data.validity_statement, SMALL_MUTED)
    _, height = statement.wrap(WIDTH, 60)
    statement.drawOn(canvas, MARGIN, y - 5 - height)
    _draw_address(canvas, data, y - 21 - height)
    left, bottom, right, top = stamp
    canvas.setStrokeColor(HAIRLINE)
    canvas.setLineWidth(0.7)
    canvas.setDash(3, 3)
    canvas.roundRect(left, bottom, right - left, top - bottom, 4, stroke=1, fill=0)
    canvas.setDash()
    canvas.setFillColor(FAINT)
    canvas.setFont(REGULAR, 8)
    canvas.drawString(left + 12, (bottom + top) / 2 - 3, "Not signed yet")


def _draw_dates(canvas: Any, data: CertificateData, y: float) -> None:
    columns = (
        ("Certificate number", data.number),
        ("Effective from", words.day(data.effective_from)),
        ("Valid until", words.day(data.expires_on)),
        ("Revision", str(data.revision)),
    )
    widths = (0.34, 0.27, 0.27, 0.12)
    x = MARGIN
    canvas.setStrokeColor(ACCENT)
    canvas.setLineWidth(1)
    canvas.line(MARGIN, y + 26, MARGIN + WIDTH, y + 26)
    for (label, value), share in zip(columns, widths, strict=True):
        canvas.setFillColor(MUTED)
        canvas.setFont(REGULAR, 7.6)
        canvas.drawString(x, y + 12, label)
        canvas.setFillColor(INK)
        canvas.setFont(BOLD, 11)
        canvas.drawString(x, y - 3, shorten(value, BOLD, 11, WIDTH * share - 8))
        x += WIDTH * share
    canvas.setStrokeColor(HAIRLINE)
    canvas.setLineWidth(0.5)
    canvas.line(MARGIN, y - 14, MARGIN + WIDTH, y - 14)


def _draw_history(canvas: Any, data: CertificateData, y: float) -> float:
    rows = (
        ("First certified", words.day(data.first_certified_on)),
        ("Current cycle from", words.day(data.cycle_started_on)),
        ("Last cycle expired", words.day(data.last_cycle_expired_on)),
        ("Recertification audit", words.day(data.recertification_audited_on)),
        ("IAF codes", data.iaf_codes),
        ("Accreditation", " ".join((data.accreditation_body, data.accreditation_number)).strip()),
    )
    text = " · ".join(f"{label}: {value}" for label, value in rows if value)
    canvas.setFillColor(MUTED)
    canvas.setFont(REGULAR, 7.8)
    for line in wrap(text, REGULAR, 7.8, WIDTH)[:2]:
        canvas.drawString(MARGIN, y, line)
        y -= 11
    return y


def _draw_address(canvas: Any, data: CertificateData, y: float) -> None:
    if not data.verify_address:
        return
    canvas.setFillColor(ACCENT)
    canvas.setFont(BOLD, 8)
    text = shorten(f"Verify at {data.verify_address}", BOLD, 8, WIDTH)
    canvas.drawString(MARGIN, y, text)
    canvas.linkURL(data.verify_address, (MARGIN, y - 3, MARGIN + WIDTH, y + 9), thickness=0)
