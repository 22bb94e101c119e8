"""What follows from the server's secret: wrapping of keys at rest, keys of its own."""

import base64
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from intact_core.errors import StorageFault

_NONCE_BYTES = 12
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class Sealing:
    """Keys derived from the server's secret, one for each purpose (HKDF, RFC 5869)."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def derive(self, purpose: str, length: int = 32) -> bytes:
        info = f"intact-server/1/{purpose}".encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self._secret)

    def signing_key(self, purpose: str) -> ec.EllipticCurvePrivateKey:
        """An ECDSA P-256 key of the server itself; the same as long as the secret is."""
        # 16 bytes more than the order keep the remainder's bias negligible (FIPS 186-5, A.2.1).
        number = int.from_bytes(self.derive(purpose, 48), "big") % (_P256_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())

    def wrap(self, content: bytes, label: str) -> str:
        nonce = os.urandom(_NONCE_BYTES)
        sealed = AESGCM(self.derive("wrap")).encrypt(nonce, content, label.encode())
        return base64.b64encode(nonce + sealed).decode()

    def unwrap(self, wrapped: str, label: str) -> bytes:
        data = base64.b64decode(wrapped)
        try:
            return AESGCM(self.derive("wrap")).decrypt(
                data[:_NONCE_BYTES], data[_NONCE_BYTES:], label.encode()
            )
        except InvalidTag as fault:
            raise StorageFault(
                "The tenants' keys do not open with this server's secret. Nothing was changed. "
                "Restore secret.key, or the INTACT_SECRET that this database was made with."
            ) from fault
