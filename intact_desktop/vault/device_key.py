"""The laptop's own signing key: ECDSA P-256, made here, certified by the tenant's authority."""

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_public_key,
)
from cryptography.x509.oid import NameOID

from intact_core.errors import BadInput, StorageFault
from intact_desktop.settings import Profile
from intact_desktop.vault.outline import CHAIN_SECTION, Chain

DeviceKey = ec.EllipticCurvePrivateKey


def make() -> DeviceKey:
    """A new private key."""
    return ec.generate_private_key(ec.SECP256R1())


def to_bytes(key: DeviceKey) -> bytes:
    """PKCS #8, unencrypted: only to be sealed by the vault."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def from_bytes(content: bytes) -> DeviceKey:
    """The key that `to_bytes` gave."""
    key = load_der_private_key(content, password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise StorageFault("The signing key of this laptop is of the wrong kind. Enrol it again.")
    return key


def public_pem(key: DeviceKey) -> str:
    """The public key as PEM (SubjectPublicKeyInfo)."""
    encoded = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


def signing_request(key: DeviceKey, common_name: str, email: str) -> str:
    """A PKCS #10 request as PEM: proves that this laptop holds the key."""
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64]),
            x509.NameAttribute(NameOID.EMAIL_ADDRESS, email),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(subject)
    return request.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def sign(key: DeviceKey, content: bytes) -> bytes:
    """ECDSA with SHA-256 over the content, as DER."""
    return key.sign(content, ec.ECDSA(hashes.SHA256()))


def verify(public_key_pem: str, content: bytes, signature: bytes) -> bool:
    """Whether the signature is by this key: ECDSA P-256 with SHA-256, or Ed25519."""
    try:
        key = load_pem_public_key(public_key_pem.encode())
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(hashes.SHA256()))
            return True
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, content)
            return True
    except (InvalidSignature, ValueError):
        return False
    return False


def store_chain(profile: Profile, key: DeviceKey, certificates: list[str]) -> None:
    """Keep the certificates that the server sent; the first must be for this laptop's key."""
    try:
        parsed = [x509.load_pem_x509_certificate(pem.encode()) for pem in certificates]
    except ValueError as fault:
        raise BadInput(
            "The server sent something that is not a certificate for this laptop. Nothing was "
            "changed. Enrol again, or ask your certification body.",
            details=str(fault),
        ) from fault
    if not parsed or parsed[0].public_key() != key.public_key():
        raise BadInput(
            "The server sent a certificate for another laptop. Nothing was changed. Enrol again."
        )
    profile.save(CHAIN_SECTION, Chain(certificates))
