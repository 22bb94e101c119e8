"""The one byte form of our CMS signatures: everything in it follows from what is signed.

A CMS envelope has parts that no signature covers (algorithm identifiers, certificates, unsigned
attributes). Here the envelope is rebuilt from certificates, digest and signature; a file whose
envelope differs in a single byte is not ours (RFC 5652; ETSI EN 319 142-1, PAdES B-B).
"""

from dataclasses import dataclass
from functools import lru_cache

from asn1crypto import algos, cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from intact_core.documents.signer import signature_holds
from intact_core.errors import Damaged

_ENVELOPE = "The signature's envelope is not as Intact writes it: it has been changed."


@dataclass(frozen=True)
class Envelope:
    """What a signature says: its certificates, the signer's first, the digest and the value."""

    certificates: tuple[x509.Certificate, ...]
    digest: bytes
    signature: bytes


def certificate_references(certificates: list[asn1_x509.Certificate]) -> tsp.SigningCertificateV2:
    """The attribute that binds the signer's certificate and its whole chain (RFC 5035, 3)."""
    return tsp.SigningCertificateV2({"certs": [_reference(item) for item in certificates]})


def _reference(certificate: asn1_x509.Certificate) -> tsp.ESSCertIDv2:
    issuer = asn1_x509.GeneralName({"directory_name": certificate.issuer})
    return tsp.ESSCertIDv2(
        {
            "hash_algorithm": {"algorithm": "sha256"},
            "cert_hash": certificate.sha256,
            "issuer_serial": {"issuer": [issuer], "serial_number": certificate.serial_number},
        }
    )


@dataclass(frozen=True)
class _Chain:
    """What depends on the certificates alone, encoded once."""

    identifier: cms.SignerIdentifier
    references: cms.CMSAttribute
    certificates: cms.CertificateSet


@lru_cache(maxsize=64)
def _chain(ders: tuple[bytes, ...]) -> _Chain:
    certificates = [asn1_x509.Certificate.load(der) for der in ders]
    own = certificates[0]
    serial = {"issuer": own.issuer, "serial_number": own.serial_number}
    references = cms.CMSAttribute(
        {"type": "signing_certificate_v2", "values": [certificate_references(certificates)]}
    )
    choices = cms.CertificateSet([cms.CertificateChoices("certificate", c) for c in certificates])
    identifier = cms.SignerIdentifier(
        {"issuer_and_serial_number": cms.IssuerAndSerialNumber(serial)}
    )
    # Loaded from bytes these are not encoded anew each time they are used.
    return _Chain(
        cms.SignerIdentifier.load(identifier.dump()),
        cms.CMSAttribute.load(references.dump()),
        cms.CertificateSet.load(choices.dump()),
    )


def _ders(envelope: Envelope) -> tuple[bytes, ...]:
    return tuple(item.public_bytes(Encoding.DER) for item in envelope.certificates)


def _signed_attributes(envelope: Envelope) -> cms.CMSAttributes:
    """Content type, digest of the document and the certificates: all that a B-B signature signs."""
    return cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [envelope.digest]}),
            _chain(_ders(envelope)).references,
        ]
    )


def signed_bytes(envelope: Envelope) -> bytes:
    """The bytes that the signature is made over (RFC 5652, 5.4)."""
    return bytes(_signed_attributes(envelope).dump())


def build(envelope: Envelope) -> bytes:
    """The DER of the signature with these contents: there is only one."""
    chain = _chain(_ders(envelope))
    digest_algorithm = algos.DigestAlgorithm({"algorithm": "sha256"})
    information = cms.SignerInfo(
        {
            "version": "v1",
            "sid": chain.identifier,
            "digest_algorithm": digest_algorithm,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
            "signed_attrs": _signed_attributes(envelope),
            "signature": envelope.signature,
        }
    )
    data = cms.SignedData(
        {
            "version": "v1",
            "digest_algorithms": cms.DigestAlgorithms((digest_algorithm,)),
            "encap_content_info": {"content_type": "data"},
            "certificates": chain.certificates,
            "signer_infos": [information],
        }
    )
    whole = cms.ContentInfo({"content_type": "signed_data", "content": data})
    return bytes(whole.dump())


def read(der: bytes) -> Envelope:
    """Take the envelope apart and check that it is whole, canonical and truly signed.

    Raises Damaged where any byte differs from what `build` makes, or the signature does not hold.
    """
    try:
        envelope = _parse(der)
        rebuilt = build(envelope)
    except (ValueError, TypeError, LookupError, AttributeError, x509.InvalidVersion) as error:
        raise Damaged(_ENVELOPE, details=str(error)) from error
    if rebuilt != der:
        raise Damaged(_ENVELOPE)
    own = envelope.certificates[0]
    if not signature_holds(own, envelope.signature, signed_bytes(envelope)):
        raise Damaged("The signature does not belong to the certificate it names.")
    return envelope


def _parse(der: bytes) -> Envelope:
    content = cms.ContentInfo.load(der, strict=True)["content"]
    information = content["signer_infos"][0]
    attributes = {a["type"].native: a["values"][0] for a in information["signed_attrs"]}
    by_hash = {choice.chosen.sha256: choice.chosen.dump() for choice in content["certificates"]}
    order = [item["cert_hash"].native for item in attributes["signing_certificate_v2"]["certs"]]
    certificates = tuple(x509.load_der_x509_certificate(by_hash[value]) for value in order)
    return Envelope(
        certificates, attributes["message_digest"].native, information["signature"].native
    )
