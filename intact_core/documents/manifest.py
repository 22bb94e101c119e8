"""The signed manifest beside a PDF: what the whole file is, byte for byte."""

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from intact_core import canonical, clock
from intact_core.documents.attached import read_about
from intact_core.documents.signer import Signer, sign_bytes, signature_holds
from intact_core.documents.x509_certificates import fingerprint
from intact_core.errors import BadInput, Damaged

_FORMAT = "intact-manifest-1"


@dataclass(frozen=True)
class Manifest:
    """What is signed: `length` in bytes, `signers` the fields that must be signed.

    `chain` are the SHA-256 fingerprints of the certificates, the signer's first: they bind the
    certificates that stand beside the signature.
    """

    format: str
    kind: str
    number: str
    tenant: str
    file_sha256: str
    length: int
    snapshot_sha256: str
    signers: tuple[str, ...]
    signed_at: datetime
    chain: tuple[str, ...]


@dataclass(frozen=True)
class SignedManifest:
    """A manifest whose signature holds, with the certificates it was signed with."""

    manifest: Manifest
    certificates: tuple[x509.Certificate, ...]


@dataclass(frozen=True)
class _Wire:
    manifest: Manifest
    certificates: tuple[str, ...]
    signature: str


def make_manifest(pdf: bytes, signer: Signer, tenant: str) -> bytes:
    """The signed manifest of a signed PDF, as canonical JSON; `tenant` is the tenant's id.

    Raises BadInput where the PDF is not one of ours.
    """
    about = read_about(pdf)
    if about is None:
        raise BadInput("This PDF was not made by Intact, so it cannot have a manifest.")
    certificates = (signer.certificate, *signer.chain)
    manifest = Manifest(
        _FORMAT,
        about.kind,
        about.number,
        tenant,
        canonical.sha256_hex(pdf),
        len(pdf),
        about.snapshot_sha256,
        about.expected,
        clock.now(),
        tuple(fingerprint(certificate) for certificate in certificates),
    )
    signature = sign_bytes(signer.key, _canonical(manifest))
    ders = tuple(_text(item.public_bytes(Encoding.DER)) for item in certificates)
    return _canonical(_Wire(manifest, ders, _text(signature)))


def read_manifest(data: bytes) -> SignedManifest:
    """Read a manifest and check its signature.

    Raises BadInput where it is none, Damaged where a byte of it was changed.
    """
    try:
        wire = msgspec.json.decode(data, type=_Wire)
        certificates = tuple(
            x509.load_der_x509_certificate(_bytes(text)) for text in wire.certificates
        )
        signature = _bytes(wire.signature)
    except (msgspec.DecodeError, binascii.Error, ValueError, x509.InvalidVersion) as error:
        raise BadInput(
            "The file beside the PDF is not a manifest of Intact.", details=str(error)
        ) from error
    bound = tuple(fingerprint(certificate) for certificate in certificates)
    payload = _canonical(wire.manifest)
    if not certificates or bound != wire.manifest.chain or _canonical(wire) != data:
        raise Damaged("The manifest has been changed since it was signed.")
    if not signature_holds(certificates[0], signature, payload):
        raise Damaged("The signature of the manifest does not hold: it has been changed.")
    return SignedManifest(wire.manifest, certificates)


def _canonical(value: object) -> bytes:
    return canonical.dumps(msgspec.to_builtins(value))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    data = base64.b64decode(text, validate=True)
    if _text(data) != text:
        raise ValueError("base64 that is not in the one form that is written (RFC 4648, 3.5)")
    return data
