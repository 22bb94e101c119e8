"""The certificate: one calm page, and an annex where there are sites or a long scope."""

from io import BytesIO
from typing import Any

from reportlab.graphics import renderPDF
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Spacer,
)

from intact_core.canonical import sha256_hex
from intact_core.documents import fonts, words
from intact_core.documents.blocks import Story, grid
from intact_core.documents.certificate_data import CertificateData, to_json
from intact_core.documents.certificate_style import (
    BOTTOM_BLOCK,
    CENTRED_CLIENT,
    CENTRED_LEAD,
    CENTRED_SCOPE,
    CENTRED_STANDARD,
    CENTRED_TEXT,
    draw_bottom,
    draw_first_page,
)
from intact_core.documents.layout import Contents, Running, canvas_maker
from intact_core.documents.preparation import CERTIFICATE_ATTACHMENT, Preparation, prepare
from intact_core.documents.qr import qr_drawing
from intact_core.documents.signature_fields import FieldBox
from intact_core.documents.style import (
    BODY,
    BOTTOM,
    HEADING,
    MARGIN,
    PAGE_HEIGHT,
    PAGE_WIDTH,
    TOP,
    WIDTH,
    para,
)

QR_SIDE = 100.0
_STAMP = (MARGIN, 64.0, MARGIN + 330.0, 64.0 + 92.0)


def render_certificate(data: CertificateData) -> bytes:
    """The certificate as PDF with `certificate.json` attached and the body's field empty.

    Same data, same bytes. Sign it with `signing.sign_certificate`.
    """
    fonts.register()
    attachment = to_json(data)
    running = Running(
        f"Certificate {data.number} · annex",
        f"Revision {data.revision}",
        f"{data.body_name} · {data.number} · revision {data.revision} · "
        f"SHA-256 of contents {sha256_hex(attachment)[:16]}…",
    )
    rendered = _build(data, running)
    preparation = Preparation(
        CERTIFICATE_ATTACHMENT,
        attachment,
        "The certificate in machine-readable form",
        f"Certificate {data.number}, {data.client_name}",
        data.body_name,
        data.prepared_at,
    )
    return prepare(rendered, preparation, [FieldBox("body", 0, _STAMP)])


def verification_text(data: CertificateData) -> str:
    """What the QR code says: the address, then the signed claims, which stay in the browser."""
    address = data.verify_address or f"urn:intact:certificate:{data.number}"
    return f"{address}#{data.claims}" if data.claims else address


def _build(data: CertificateData, running: Running) -> bytes:
    target = BytesIO()
    document = BaseDocTemplate(target, invariant=1, pageCompression=1)
    document.pagesize = (PAGE_WIDTH, PAGE_HEIGHT)

    def first(canvas: Any, _document: Any) -> None:
        draw_first_page(canvas, data)
        draw_bottom(canvas, data, _STAMP)
        code = qr_drawing(verification_text(data), QR_SIDE)
        renderPDF.draw(code, canvas, PAGE_WIDTH - MARGIN - QR_SIDE, _STAMP[1])

    document.addPageTemplates(
        [
            PageTemplate(id="first", frames=[_frame(118, BOTTOM_BLOCK)], onPage=first),
            PageTemplate(id="annex", frames=[_frame(TOP, BOTTOM)]),
        ]
    )
    document.build(_story(data), canvasmaker=canvas_maker(running, Contents()))
    return target.getvalue()


def _frame(top: float, bottom: float) -> Frame:
    return Frame(
        MARGIN, bottom, WIDTH, PAGE_HEIGHT - top - bottom,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip


def _story(data: CertificateData) -> list[Flowable]:
    story: Story = [
        NextPageTemplate("annex"),
        Spacer(0, 44),
        para("This is to certify that the management system of", CENTRED_LEAD),
        para(data.client_name, CENTRED_CLIENT),
        para(data.client_address, CENTRED_TEXT),
        Spacer(0, 20),
        para("has been audited and conforms to", CENTRED_LEAD),
        para(data.standard, CENTRED_STANDARD),
        para(data.standard_name, CENTRED_TEXT),
        Spacer(0, 20),
        para("for the following scope", CENTRED_LEAD),
        para(data.scope, CENTRED_SCOPE),
    ]
    if data.sites:
        count = words.plural(len(data.sites), "site")
        story.append(para(f"{count}, listed in the annex", CENTRED_TEXT))
        story += _annex(data)
    return story


def _annex(data: CertificateData) -> Story:
    rows = [(site.name, site.address, site.scope or data.scope) for site in data.sites]
    return [
        PageBreak(),
        para("Annex: sites covered", HEADING),
        para(f"This annex is part of certificate {data.number}, revision {data.revision}.", BODY),
        Spacer(0, 6),
        *grid(("Site", "Address", "Scope carried out there"), rows, (130, 150, WIDTH - 280)),
    ]
