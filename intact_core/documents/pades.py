"""What pyHanko says about the signatures of a PDF: trust path, time, and later changes."""

import logging
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.errors import PathError, ValidationError

from intact_core.documents.seal import Seal
from intact_core.documents.verification_data import SignerSeen
from intact_core.documents.x509_certificates import common_name, fingerprint
from intact_core.errors import Damaged

# It logs each failed path with a trace; the answer says it in words.
logging.getLogger("pyhanko").addHandler(logging.NullHandler())

# A file made to confuse the parser can raise any of these.
_HOSTILE = (
    PdfError, PathError, ValidationError, ValueError, LookupError, TypeError, AttributeError,
    ArithmeticError, RecursionError, NotImplementedError,
)  # fmt: skip


@dataclass(frozen=True)
class Judgement:
    """Signatures in order, the fields left empty, and what is wrong (nothing when empty)."""

    signers: tuple[SignerSeen, ...]
    empty_fields: tuple[str, ...]
    fault: str


def judge(pdf: bytes, seals: tuple[Seal, ...]) -> Judgement:
    """Validate each signature against the authority in its own envelope, at its own time.

    Whether that authority is known is for the caller to decide. Raises Damaged where the file
    cannot be parsed.
    """
    try:
        reader = PdfFileReader(BytesIO(pdf))
        found = list(reader.embedded_signatures)
        empty = tuple(str(name) for name, value, _ in enumerate_sig_fields(reader) if value is None)
        signers = tuple(
            _signer(signature, seal) for signature, seal in zip(found, seals, strict=False)
        )
        return Judgement(signers, empty, _fault(found, seals))
    except _HOSTILE as error:
        raise Damaged(
            "The structure of this file is not that of a document Intact has signed.",
            details=f"{type(error).__name__}: {error}",
        ) from error


def _fault(found: list[EmbeddedPdfSignature], seals: tuple[Seal, ...]) -> str:
    if len(found) != len(seals):
        return f"{len(found)} signatures can be seen, but {len(seals)} are in the file."
    for signature, seal in zip(found, seals, strict=True):
        if tuple(signature.byte_range) != _range(seal):
            return "A signature stands in another place than the one it shows."
        fault = _validate(signature, seal)
        if fault:
            return fault
    coverage = found[-1].coverage if found else None
    whole = coverage is SignatureCoverageLevel.ENTIRE_FILE
    return "" if whole else "The last signature does not cover the whole file."


def _range(seal: Seal) -> tuple[int, int, int, int]:
    before, after = seal.hole
    return 0, before, after, seal.covered_to - after


def _validate(signature: EmbeddedPdfSignature, seal: Seal) -> str:
    certificates = [
        asn1_x509.Certificate.load(item.public_bytes(Encoding.DER))
        for item in seal.envelope.certificates
    ]
    context = ValidationContext(
        trust_roots=[certificates[-1]],
        other_certs=certificates[:-1],
        moment=_within(signature.self_reported_timestamp, seal.envelope.certificates),
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    status = validate_pdf_signature(signature, signer_validation_context=context)
    if status.bottom_line:
        return ""
    if not status.trusted:
        return "The signer's certificate may not sign documents, or was not issued as it says."
    return "Something was changed after a signature that the signature does not allow."


def _within(moment: datetime | None, certificates: tuple[x509.Certificate, ...]) -> datetime | None:
    """The moment, or the nearest at which the certificates are valid: time is judged apart."""
    if moment is None:
        return None
    earliest = max(item.not_valid_before_utc for item in certificates)
    latest = min(item.not_valid_after_utc for item in certificates)
    return max(earliest, min(moment, latest))


def _signer(signature: EmbeddedPdfSignature, seal: Seal) -> SignerSeen:
    certificate = seal.envelope.certificates[0]
    entries = signature.sig_object
    return SignerSeen(
        field=str(signature.field_name),
        name=str(entries.get("/Name", "")),
        meaning=str(entries.get("/Reason", "")),
        at=signature.self_reported_timestamp,
        certificate_name=common_name(certificate),
        fingerprint=fingerprint(certificate),
    )
