"""X.509 certificates of a tenant: its authority, its documents, its laptops."""

from datetime import timedelta
from uuid import UUID

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from intact_core import clock
from intact_core.errors import BadInput

AUTHORITY_YEARS = 20
DOCUMENT_YEARS = 10
DEVICE_YEARS = 3
EARLIER = timedelta(days=1)
"""Certificates begin this much before they are made: clocks differ."""

Key = ec.EllipticCurvePrivateKey
_NAME_LENGTH = 64


def make_key() -> Key:
    return ec.generate_private_key(ec.SECP256R1())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def authority(key: Key, organisation: str) -> x509.Certificate:
    """The tenant's own authority, signed by itself: certifies its documents and laptops."""
    name = _name(organisation, f"{organisation} authority")
    builder = _builder(name, name, key.public_key(), AUTHORITY_YEARS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_usage(certifies=True), critical=True)
    return builder.sign(key, hashes.SHA256())


def for_documents(
    issuer: x509.Certificate, issuer_key: Key, key: Key, organisation: str
) -> x509.Certificate:
    """For signing what the server issues."""
    name = _name(organisation, f"{organisation} documents")
    return _leaf(issuer, issuer_key, name, key.public_key(), DOCUMENT_YEARS)


def for_device(
    issuer: x509.Certificate,
    issuer_key: Key,
    request: x509.CertificateSigningRequest,
    who: x509.Name,
) -> x509.Certificate:
    """For a laptop; the name is the server's word, only the key is the laptop's."""
    return _leaf(issuer, issuer_key, who, _device_key(request), DEVICE_YEARS)


def device_name(organisation: str, person: str, email: str, device_id: UUID) -> x509.Name:
    """Who signs with a laptop's key."""
    return x509.Name(
        [
            *_name(organisation, person),
            x509.NameAttribute(NameOID.EMAIL_ADDRESS, email),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, str(device_id)),
        ]
    )


def read_request(text: str) -> x509.CertificateSigningRequest:
    """A PKCS #10 request that proves possession of its key; raises BadInput otherwise."""
    try:
        request = x509.load_pem_x509_csr(text.encode())
        sound = request.is_signature_valid
    except (ValueError, InvalidSignature) as fault:
        raise BadInput("The laptop's signing request cannot be read.") from fault
    if not sound:
        raise BadInput("The laptop's signing request is not signed by its own key.")
    _device_key(request)
    return request


def _device_key(request: x509.CertificateSigningRequest) -> ec.EllipticCurvePublicKey:
    key = request.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise BadInput("A laptop's key is ECDSA P-256; this one is of another kind.")
    return key


def _name(organisation: str, common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:_NAME_LENGTH]),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:_NAME_LENGTH]),
        ]
    )


def _leaf(
    issuer: x509.Certificate,
    issuer_key: Key,
    subject: x509.Name,
    key: ec.EllipticCurvePublicKey,
    years: int,
) -> x509.Certificate:
    builder = _builder(subject, issuer.subject, key, years)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=False, path_length=None), critical=True
    )
    builder = builder.add_extension(_usage(certifies=False), critical=True)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return builder.add_extension(identifier, critical=False).sign(issuer_key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, years: int
) -> x509.CertificateBuilder:
    start = clock.now() - EARLIER
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=not certifies,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )
