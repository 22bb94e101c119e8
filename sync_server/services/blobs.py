"""Taking in and giving out files: resumable, verified, with a receipt (sync protocol, 5)."""

import base64
from uuid import UUID

from sqlalchemy import exists, select, true
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from intact_core import canonical, clock
from intact_core.documents.signer import sign_bytes
from intact_core.errors import BadInput, NotFound
from intact_core.records.audits import AuditSchedule
from intact_core.records.certificates import Certificate
from intact_core.records.checklist import AuditEvidence
from intact_core.records.conclusions import AuditReport
from intact_core.sync.protocol import BlobState
from sync_server.auth.callers import Caller
from sync_server.auth.keys import TenantKeys
from sync_server.blobs.store import BlobStore
from sync_server.services.visibility import visible_audits
from sync_server.tables.blobs import StoredBlob, Upload

LARGEST = 2 << 30
"""Bytes of the largest file."""


def offer(session: Session, store: BlobStore, caller: Caller, sha256: str, size: int) -> BlobState:
    """Announce a file of `size` bytes; says from which offset to send. Raises BadInput."""
    if not 0 <= size <= LARGEST:
        raise BadInput(f"A file has at most {LARGEST} bytes.")
    known = state(session, store, caller, sha256)
    if known is not None and known.receipt is not None:
        return known
    if known is not None and known.size != size:
        raise BadInput("The same file was announced before with another size.")
    if known is None:
        session.add(
            Upload(
                tenant_id=caller.tenant,
                sha256=sha256,
                size=size,
                device_id=caller.device_id,
                started_at=clock.now(),
            )
        )
    return BlobState(sha256, size, _offset(store, caller.tenant, sha256))


def state(session: Session, store: BlobStore, caller: Caller, sha256: str) -> BlobState | None:
    """How far a file is, or None when nobody announced it."""
    whole = session.get(StoredBlob, (caller.tenant, sha256))
    if whole is not None:
        return BlobState(sha256, whole.size, whole.size, whole.receipt)
    upload = session.get(Upload, (caller.tenant, sha256))
    if upload is None:
        return None
    return BlobState(sha256, upload.size, _offset(store, caller.tenant, sha256))


def _offset(store: BlobStore, tenant_id: UUID, sha256: str) -> int:
    # A crash after the file took its place and before its receipt: nothing is left to send.
    whole = store.has(tenant_id, sha256)
    return store.size(tenant_id, sha256) if whole else store.offset(tenant_id, sha256)


def announced(session: Session, store: BlobStore, caller: Caller, sha256: str) -> BlobState:
    """How far an announced file is; raises NotFound."""
    found = state(session, store, caller, sha256)
    if found is None:
        raise NotFound("This file was not announced to the server. Announce it first.")
    return found


def settle(session: Session, keys: TenantKeys, tenant_id: UUID, sha256: str, size: int) -> str:
    """Record a file whose bytes are all here and verified; its receipt.

    The receipt is canonical JSON, a dot, and the tenant's signature over it (base64).
    """
    known = session.get(StoredBlob, (tenant_id, sha256))
    if known is not None:
        return known.receipt
    now = clock.now()
    body = canonical.dumps({"at": now, "sha256": sha256, "size": size, "tenant_id": tenant_id})
    signature = base64.b64encode(sign_bytes(keys.lease(session, tenant_id), body)).decode()
    receipt = f"{body.decode()}.{signature}"
    row = {"tenant_id": tenant_id, "sha256": sha256, "size": size, "receipt": receipt}
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    fresh = make(StoredBlob).values(**row, stored_at=now).on_conflict_do_nothing()
    if session.execute(fresh.returning(StoredBlob.sha256)).first() is None:
        # Somebody stored the same content meanwhile; this waited for them, and theirs counts.
        return session.get_one(StoredBlob, (tenant_id, sha256)).receipt
    upload = session.get(Upload, (tenant_id, sha256))
    if upload is not None:
        session.delete(upload)
    session.flush()
    return receipt


def keep(
    session: Session, store: BlobStore, keys: TenantKeys, tenant_id: UUID, content: bytes
) -> str:
    """Store content that the server itself has; its hash."""
    sha256 = store.put(tenant_id, content)
    settle(session, keys, tenant_id, sha256, len(content))
    return sha256


def readable(session: Session, caller: Caller, sha256: str) -> StoredBlob:
    """The file, when something that the caller may see refers to it; raises NotFound."""
    row = session.get(StoredBlob, (caller.tenant, sha256))
    if row is None or not _may_read(session, caller, sha256):
        raise NotFound("The server does not hold this file.")
    return row


def _may_read(session: Session, caller: Caller, sha256: str) -> bool:
    audits = visible_audits(caller).with_only_columns(AuditSchedule.id)
    in_audit = [
        exists().where(
            kind.tenant_id == caller.tenant,
            kind.sha256 == sha256,
            kind.deleted_at.is_(None),
            kind.audit_schedule_id.in_(audits),
        )
        for kind in (AuditEvidence, AuditReport)
    ]
    certificate = exists().where(
        Certificate.tenant_id == caller.tenant,
        Certificate.document_sha256 == sha256,
        true() if caller.client_id is None else Certificate.client_id == caller.client_id,
    )
    return any(session.scalar(select(one)) for one in (*in_audit, certificate))
