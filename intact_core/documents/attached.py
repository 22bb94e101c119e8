"""What a PDF of ours says about itself: kind, number, and the signatures that it must carry."""

from dataclasses import dataclass
from io import BytesIO

import pikepdf

from intact_core.canonical import sha256_hex
from intact_core.documents import certificate_data, report_data
from intact_core.documents.preparation import CERTIFICATE_ATTACHMENT, REPORT_ATTACHMENT
from intact_core.errors import BadInput


@dataclass(frozen=True)
class About:
    """`kind` is report or certificate; `expected` are the names of the signature fields."""

    kind: str
    number: str
    body: str
    snapshot_sha256: str
    expected: tuple[str, ...]
    verify_address: str


def read_about(pdf: bytes) -> About | None:
    """Read the attached JSON; None where there is none, so the file is not ours.

    Raises BadInput where the bytes are no PDF, or the JSON is not as Intact writes it.
    """
    try:
        with pikepdf.open(BytesIO(pdf)) as opened:
            found = _attachment(opened)
    except (pikepdf.PdfError, ValueError, RuntimeError, LookupError, TypeError) as error:
        raise BadInput(
            "This file is not a PDF, or it is cut off or damaged. Ask for the file again.",
            details=str(error),
        ) from error
    if found is None:
        return None
    name, data = found
    return _report(data) if name == REPORT_ATTACHMENT else _certificate(data)


def _attachment(pdf: pikepdf.Pdf) -> tuple[str, bytes] | None:
    for name in (REPORT_ATTACHMENT, CERTIFICATE_ATTACHMENT):
        if name in pdf.attachments:
            return name, bytes(pdf.attachments[name].get_file().read_bytes())
    return None


def _report(data: bytes) -> About:
    snapshot = report_data.from_json(data)
    return About(
        "report",
        snapshot.audit_number,
        snapshot.body_name,
        sha256_hex(data),
        tuple(signer.field for signer in snapshot.expected_signers),
        snapshot.verify_address,
    )


def _certificate(data: bytes) -> About:
    certificate = certificate_data.from_json(data)
    return About(
        "certificate",
        certificate.number,
        certificate.body_name,
        sha256_hex(data),
        ("body",),
        certificate.verify_address,
    )
