"""Who signs: a P-256 key with its certificate and chain; one signature has one byte form."""

from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)

# Order of the group of P-256 (SEC 2, 2.4.2).
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Signer:
    """A key, the certificate for it, and the certificates up to the tenant's authority.

    `chain` starts with the issuer of `certificate` and ends with the self-signed authority.
    """

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]


def sign_bytes(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """ECDSA with SHA-256 in DER, the smaller s of the two that are valid (X9.62)."""
    r, s = decode_dss_signature(key.sign(data, ec.ECDSA(hashes.SHA256())))
    return encode_dss_signature(r, min(s, _ORDER - s))


def signature_holds(certificate: x509.Certificate, signature: bytes, data: bytes) -> bool:
    """Whether the signature is the certificate's, over these bytes, in its one byte form.

    Of (r, s) and (r, n - s) both verify; only the smaller s is taken, or a file could be changed
    without notice.
    """
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        return False
    try:
        r, s = decode_dss_signature(signature)
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except (ValueError, InvalidSignature):
        return False
    return s <= _ORDER // 2 and encode_dss_signature(r, s) == signature
