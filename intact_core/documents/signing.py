"""Signing PDFs: PAdES B-B with a P-256 key, visible stamps, fields made beforehand.

These functions run an event loop of their own: call them from a worker thread, not from
inside a running loop.
"""

from datetime import datetime
from io import BytesIO
from typing import Any

from asn1crypto import x509 as asn1_x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import (
    AxisAlignment,
    BoxConstraints,
    InnerScaling,
    Margins,
    SimpleBoxLayoutRule,
)
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import attributes
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.signers import Signer as CmsSigner
from pyhanko.stamp import StaticStampStyle
from pyhanko_certvalidator.registry import SimpleCertificateStore

from intact_core.documents import cms_profile, words
from intact_core.documents.signer import Signer, sign_bytes
from intact_core.documents.stamps import DrawnSignature, Stamp, stamp_page
from intact_core.documents.x509_certificates import common_name, fingerprint
from intact_core.errors import BadInput, RuleBroken

LEAD_FIELD = "lead"
CLIENT_FIELD = "client"
BODY_FIELD = "body"


def sign_report(pdf: bytes, signer: Signer, stamp: Stamp) -> bytes:
    """The lead's certifying signature; after it only the other signature fields may be filled.

    Raises BadInput where the file has no field for the lead; RuleBroken where it is signed
    already, the certificate is another person's, or is not valid at the time.
    """
    owner = common_name(signer.certificate)
    if stamp.name[:64] != owner:
        raise RuleBroken(
            "NOT_YOUR_CERTIFICATE",
            f"The certificate on this computer was issued to {owner}; {stamp.name} cannot sign "
            "with it. Sign in on your own laptop.",
        )
    return _sign(pdf, LEAD_FIELD, signer, stamp, None)


def seal_drawn_signature(pdf: bytes, signer: Signer, drawn: DrawnSignature) -> bytes:
    """Seal a signature drawn by hand into a report that the lead has signed.

    The picture, the name and the meaning are what the person signs (a simple signature); the
    device's PAdES signature binds them to the file. Raises BadInput for a picture that cannot be
    read, RuleBroken where the lead has not signed or the client already has.
    """
    return _sign(pdf, CLIENT_FIELD, signer, drawn.stamp, drawn.image_png)


def sign_certificate(pdf: bytes, signer: Signer, stamp: Stamp) -> bytes:
    """The body's certifying signature on a certificate: nothing may change after it."""
    return _sign(pdf, BODY_FIELD, signer, stamp, None)


def _sign(pdf: bytes, field: str, signer: Signer, stamp: Stamp, drawn: bytes | None) -> bytes:
    try:
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        fields = {name: value for name, value, _ in enumerate_sig_fields(writer.prev)}
        references = {name: reference for name, _, reference in enumerate_sig_fields(writer.prev)}
    except (PdfError, ValueError) as error:
        raise BadInput(
            "This file cannot be signed: it is not a PDF that Intact has made.", details=str(error)
        ) from error
    _check_turn(fields, field)
    _check_time(signer, stamp.at)
    content = _stamp_content(signer, stamp, drawn, references[field].get_object()["/Rect"])
    certifies = field != CLIENT_FIELD
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=certifies,
        docmdp_permissions=MDPPerm.FILL_FORMS if CLIENT_FIELD in fields else MDPPerm.NO_CHANGES,
        name=stamp.name,
        reason=stamp.meaning,
    )
    style = StaticStampStyle(border_width=0, background=content, background_layout=_FILLED)
    pdf_signer = _PdfSigner(metadata, _CmsSigner(signer), stamp_style=style)
    pdf_signer.at = stamp.at
    target = BytesIO()
    pdf_signer.sign_pdf(writer, existing_fields_only=True, output=target)
    return target.getvalue()


_FILLED = SimpleBoxLayoutRule(
    x_align=AxisAlignment.ALIGN_MIN,
    y_align=AxisAlignment.ALIGN_MIN,
    margins=Margins(0, 0, 0, 0),
    inner_content_scaling=InnerScaling.NO_SCALING,
)


def _check_turn(fields: dict[str, Any], field: str) -> None:
    if field not in fields:
        raise BadInput(
            "This file has no place for that signature. Make the report again with its signers."
        )
    if fields[field] is not None:
        raise RuleBroken("ALREADY_SIGNED", "This signature is already in the file.")
    if field == CLIENT_FIELD and fields.get(LEAD_FIELD) is None:
        raise RuleBroken(
            "LEAD_SIGNS_FIRST", "The lead auditor signs the report before the client does."
        )


def _check_time(signer: Signer, at: datetime) -> None:
    first, last = signer.certificate.not_valid_before_utc, signer.certificate.not_valid_after_utc
    if not first <= at <= last:
        raise RuleBroken(
            "CERTIFICATE_NOT_VALID",
            f"This computer's clock says {words.moment(at)}, but the certificate to sign with is "
            f"valid from {words.moment(first)} to {words.moment(last)}. Nothing was signed. Set "
            "the clock, or connect to the server to renew the certificate.",
        )


def _stamp_content(
    signer: Signer, stamp: Stamp, drawn: bytes | None, rectangle: list[Any]
) -> "_StampContent":
    left, bottom, right, top = (float(side) for side in rectangle)
    size = (right - left, top - bottom)
    how = "Drawn by hand, sealed with" if drawn is not None else "Signed with"
    note = f"{how} the certificate of {common_name(signer.certificate)}, SHA-256 "
    note += f"{fingerprint(signer.certificate)[:16]}…"
    return _StampContent(stamp_page(stamp, size, note, drawn), size)


class _StampContent(PdfContent):
    """A page made in memory as the appearance of a stamp."""

    def __init__(self, page: bytes, size: tuple[float, float]) -> None:
        super().__init__(box=BoxConstraints(width=size[0], height=size[1]))
        self.page = page

    def render(self) -> bytes:
        form = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self.page)))
        self.resources.xobject["/Stamp"] = form
        return b"/Stamp Do"


class _PdfSigner(PdfSigner):
    """Takes the time of signing from us, not from the system."""

    at: datetime

    def init_signing_session(self, *args: Any, **options: Any) -> Any:
        session = super().init_signing_session(*args, **options)
        session.system_time = self.at
        return session


class _CertificateReferences(attributes.CMSAttributeProvider):
    attribute_type = "signing_certificate_v2"

    def __init__(self, certificates: list[asn1_x509.Certificate]) -> None:
        self.certificates = certificates

    async def build_attr_value(self, *_args: Any, **_options: Any) -> Any:
        return cms_profile.certificate_references(self.certificates)


class _Attributes(attributes.SignedAttributeProviderSpec):
    def __init__(self, certificates: list[asn1_x509.Certificate]) -> None:
        self.certificates = certificates

    def signed_attr_providers(self, *_args: Any, **_options: Any) -> Any:
        yield _CertificateReferences(self.certificates)


class _CmsSigner(CmsSigner):
    """Signs with a key of `cryptography`; the envelope is the one of `cms_profile`."""

    def __init__(self, signer: Signer) -> None:
        chain = [
            asn1_x509.Certificate.load(item.public_bytes(Encoding.DER))
            for item in (signer.certificate, *signer.chain)
        ]
        registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        registry.register_multiple(chain[1:])
        super().__init__(signing_cert=chain[0], cert_registry=registry)
        self.signed_attr_prov_spec = _Attributes(chain)
        self._key = signer.key

    async def async_sign_raw(
        self, data: bytes, digest_algorithm: str, dry_run: bool = False
    ) -> bytes:
        if digest_algorithm != "sha256":
            raise ValueError("the envelope is defined for SHA-256 alone")
        return bytes(72) if dry_run else sign_bytes(self._key, data)
