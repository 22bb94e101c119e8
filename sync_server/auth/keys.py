"""A tenant's signing keys: authority, documents, leases, claims; private parts sealed."""

from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)
from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from intact_core import clock
from intact_core.documents.signer import Signer
from intact_core.documents.x509_certificates import (
    Authority,
    issue_document_certificate,
    make_authority,
)
from intact_core.errors import StorageFault
from sync_server.auth.sealing import Sealing
from sync_server.tables.accounts import TenantKey
from sync_server.tables.base import table_of

_KEYS = table_of(TenantKey)
_KEY = select(_KEYS).where(
    _KEYS.c.tenant_id == bindparam("of_tenant"), _KEYS.c.kind == bindparam("of_kind")
)
PrivateKey = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


class TenantKeys:
    """Makes, keeps and opens the keys of tenants."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def make(self, session: Session, tenant_id: UUID, organisation: str) -> None:
        """All keys of a new tenant."""
        authority, document_key, lease_key = make_authority(organisation), _make(), _make()
        document = issue_document_certificate(authority, document_key.public_key(), organisation)
        claims_key = ed25519.Ed25519PrivateKey.generate()
        kept: tuple[tuple[str, PrivateKey, str], ...] = (
            ("authority", authority.key, pem(authority.certificate)),
            ("document", document_key, pem(document)),
            ("lease", lease_key, public_pem(lease_key)),
            ("claims", claims_key, claims_key.public_key().public_bytes_raw().hex()),
        )
        for kind, key, public in kept:
            session.add(self._row(tenant_id, kind, key, public))

    def authority(self, session: Session, tenant_id: UUID) -> Authority:
        """The tenant's own authority: certifies its documents and laptops."""
        return Authority(*self._certified(session, tenant_id, "authority"))

    def document(self, session: Session, tenant_id: UUID) -> Signer:
        """Signs what the server issues."""
        key, certificate = self._certified(session, tenant_id, "document")
        _, issuer = self._certified(session, tenant_id, "authority")
        return Signer(key, certificate, (issuer,))

    def lease(self, session: Session, tenant_id: UUID) -> ec.EllipticCurvePrivateKey:
        key = self._open(self._found(session, tenant_id, "lease"))
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _wrong_kind()
        return key

    def claims(self, session: Session, tenant_id: UUID) -> ed25519.Ed25519PrivateKey:
        key = self._open(self._found(session, tenant_id, "claims"))
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise _wrong_kind()
        return key

    def public(self, session: Session, tenant_id: UUID, kind: str) -> str:
        """The public part as it is given out: PEM, or hexadecimal for the claims' key."""
        return str(self._found(session, tenant_id, kind).certificate)

    def _certified(
        self, session: Session, tenant_id: UUID, kind: str
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        row = self._found(session, tenant_id, kind)
        key = self._open(row)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise _wrong_kind()
        return key, x509.load_pem_x509_certificate(row.certificate.encode())

    def _found(self, session: Session, tenant_id: UUID, kind: str) -> Row[Any]:
        # Without the mapping, which takes longer than all else that a lease needs.
        row = session.connection().execute(_KEY, {"of_tenant": tenant_id, "of_kind": kind}).first()
        if row is None:
            raise StorageFault(f"The tenant has no key of the kind '{kind}'.")
        return row

    def _row(self, tenant_id: UUID, kind: str, key: PrivateKey, public: str) -> TenantKey:
        content = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return TenantKey(
            tenant_id=tenant_id,
            kind=kind,
            wrapped_key=self._sealing.wrap(content, _label(tenant_id, kind)),
            certificate=public,
            made_at=clock.now(),
        )

    def _open(self, row: Row[Any]) -> object:
        return _loaded(self._sealing.unwrap(row.wrapped_key, _label(row.tenant_id, row.kind)))


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def public_pem(key: ec.EllipticCurvePrivateKey) -> str:
    encoded = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return encoded.decode()


@lru_cache(maxsize=1 << 8)
def _loaded(content: bytes) -> object:
    # A lease is signed in every greeting of a laptop.
    return load_der_private_key(content, password=None)


def _make() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _label(tenant_id: UUID, kind: str) -> str:
    return f"{tenant_id} {kind}"


def _wrong_kind() -> StorageFault:
    return StorageFault("A key of this tenant is of the wrong kind. Restore the database.")
