"""Verification for who seldom asks: the PDF libraries are loaded with the first file."""

from collections.abc import Sequence

from intact_core.documents.verification_data import Verification


def check_file(
    data: bytes, authorities: Sequence[str] = (), manifest: bytes | None = None
) -> Verification:
    """As `verify_pdf`; the authorities that this computer knows come as PEM (RFC 7468).

    Raises ValueError where one of those is no certificate.
    """
    # The libraries behind this take half a second: the same command line starts the window.
    from cryptography.x509 import load_pem_x509_certificate  # noqa: PLC0415

    # As above.
    from intact_core.documents.verification import verify_pdf  # noqa: PLC0415

    trusted = [load_pem_x509_certificate(pem.encode()) for pem in authorities]
    return verify_pdf(data, trusted=trusted, manifest=manifest)
