"""Signing and verifying the report of 60 pages."""

import hashlib
import tempfile
from collections.abc import Callable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from intact_core import clock
from intact_core.documents.signer import Signer
from intact_core.documents.signing import sign_report
from intact_core.documents.stamps import Stamp
from intact_core.documents.verification import verify_pdf
from intact_core.documents.x509_certificates import (
    Subject,
    issue_device_certificate,
    make_authority,
)
from tests.benchmarks import report
from tests.benchmarks.measuring import Figure, Goal, median_of

LEAD = "Ana Silva"


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as name:
        report.write_previews(Path(name))
        pdf = report.render(Path(name))
    signer, authority = _lead()
    stamp = Stamp(LEAD, "Lead auditor", "I am the author of this report.", clock.now())
    signed = sign_report(pdf, signer, stamp)
    return [
        _against(
            "sign it",
            lambda: sign_report(pdf, signer, stamp),
            lambda: (hashlib.sha256(pdf).digest(), _signature(signer.key)),
        ),
        _against(
            "verify it",
            lambda: verify_pdf(signed, trusted=[authority]),
            lambda: (hashlib.sha256(signed).digest(), _signature(signer.key)),
        ),
    ]


def _against(what: str, work: Callable[[], object], bare: Callable[[], object]) -> Figure:
    words = "SHA-256 of the file and one ECDSA P-256 signature"
    return Figure(what, median_of(work, 5), "s", Goal(0.5), median_of(bare, 5), words)


def _signature(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.sign(b"digest", ec.ECDSA(hashes.SHA256()))


def _lead() -> tuple[Signer, x509.Certificate]:
    authority = make_authority("Meridian Certification")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = Subject(LEAD, "Meridian Certification", "laptop")
    certificate = issue_device_certificate(authority, key.public_key(), subject)
    return Signer(key, certificate, (authority.certificate,)), authority.certificate
