"""The tenant's authority and the certificates it issues: ECDSA P-256 throughout (RFC 5280)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from intact_core import clock

# What a certificate may sign stands in it as a name: a laptop's key can make no certificates.
SIGNS_REPORTS = "urn:intact:signs:reports"
SIGNS_CERTIFICATES = "urn:intact:signs:certificates"
_PERSON = "urn:intact:person:"
AUTHORITY_DAYS = 3650
DEVICE_DAYS = 730
# A laptop's clock may be behind the server's: what is issued now is valid there too.
_BACKDATED = timedelta(days=1)


@dataclass(frozen=True)
class Authority:
    """A tenant's authority: its private key and its self-signed certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names: person or body, the organisation, and the device, if any.

    `device` and `person` are ids: a server that lost the laptop's row knows both again by them.
    """

    name: str
    organisation: str
    device: str = ""
    person: str = ""


def make_authority(organisation: str, days: int = AUTHORITY_DAYS) -> Authority:
    """A new authority for a tenant, valid for `days`; its certificate is the trust anchor."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(Subject(f"{organisation} document authority"[:64], organisation))
    builder = (
        _builder(name, name, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_documents=False), critical=True)
    )
    return Authority(key, builder.sign(key, hashes.SHA256()))


def issue_device_certificate(
    authority: Authority,
    public_key: ec.EllipticCurvePublicKey,
    subject: Subject,
    days: int = DEVICE_DAYS,
) -> x509.Certificate:
    """Certify a laptop's key for the person who signs with it (non-repudiation).

    Raises ValueError where the key is not on P-256.
    """
    return _issue(authority, public_key, subject, (SIGNS_REPORTS, days))


def issue_document_certificate(
    authority: Authority, public_key: ec.EllipticCurvePublicKey, organisation: str
) -> x509.Certificate:
    """Certify the server's key that signs certificates in the name of the body."""
    subject = Subject(f"{organisation} certificates"[:64], organisation)
    return _issue(authority, public_key, subject, (SIGNS_CERTIFICATES, AUTHORITY_DAYS))


def key_hash(certificate: x509.Certificate) -> str:
    """SHA-256 of the certified public key (SubjectPublicKeyInfo, DER) as hexadecimal digits."""
    encoded = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(encoded).hexdigest()


def _issue(
    authority: Authority,
    public_key: ec.EllipticCurvePublicKey,
    subject: Subject,
    purpose: tuple[str, int],
) -> x509.Certificate:
    signs, days = purpose
    names = [signs, *([_PERSON + subject.person] if subject.person else [])]
    if not isinstance(public_key.curve, ec.SECP256R1):
        raise ValueError("only keys on P-256 are certified")
    issuer = authority.certificate
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _builder(_name(subject), issuer.subject, public_key, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_documents=True), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.UniformResourceIdentifier(one) for one in names]),
            critical=False,
        )
    )
    return builder.sign(authority.key, hashes.SHA256())


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    start = clock.now().replace(microsecond=0) - _BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _BACKDATED + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )


def _usage(*, signs_documents: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs_documents,
        content_commitment=signs_documents,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signs_documents,
        crl_sign=not signs_documents,
        encipher_only=False,
        decipher_only=False,
    )


def _name(subject: Subject) -> x509.Name:
    # RFC 5280 allows 64 characters for each of these.
    parts = [
        (NameOID.ORGANIZATION_NAME, subject.organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, subject.device),
        (NameOID.COMMON_NAME, subject.name),
    ]
    return x509.Name([x509.NameAttribute(oid, text[:64]) for oid, text in parts if text])


def may_sign(certificate: x509.Certificate, purpose: str) -> bool:
    """Whether the authority issued the certificate for this (SIGNS_REPORTS, …)."""
    return purpose in _uris(certificate)


def device_of(certificate: x509.Certificate) -> str:
    """The id of the laptop that the certificate was issued to; empty where it names none."""
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
    return str(found[0].value) if found else ""


def person_of(certificate: x509.Certificate) -> str:
    """The id of the person that the certificate was issued to; empty where it names none."""
    found = (uri.removeprefix(_PERSON) for uri in _uris(certificate) if uri.startswith(_PERSON))
    return next(found, "")


def _uris(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (
        x509.ExtensionNotFound,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        ValueError,
    ):
        return []
    return names.value.get_values_for_type(x509.UniformResourceIdentifier)


def common_name(certificate: x509.Certificate) -> str:
    """The name the certificate was issued to, as people write it."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else certificate.subject.rfc4514_string()


def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate, 64 lower-case hexadecimal digits."""
    return certificate.fingerprint(hashes.SHA256()).hex()
