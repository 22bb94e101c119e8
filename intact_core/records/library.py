"""The library: folders, files and their versions. The bytes are blobs; the office's alone."""

from uuid import UUID

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from intact_core.records.base import OfficeRecord, field, fixed, to
from intact_core.records.checklist import AuditEvidence


class Document(OfficeRecord):
    """A folder or a file. A folder has no version; a file's current one is the newest.

    `version`, `content_type`, `size` (bytes) and `sha256` are the current version's, for lists.
    """

    __tablename__ = "documents"
    __table_args__ = (to("documents", "parent_id"), Index(None, "tenant_id", "parent_id"))

    name: Mapped[str] = field()
    is_folder: Mapped[bool] = fixed(default=False)
    parent_id: Mapped[UUID | None] = field()
    description: Mapped[str | None] = field()
    owner_id: Mapped[UUID | None] = field()
    current_version_id: Mapped[UUID | None] = field()
    version: Mapped[str | None] = field()
    content_type: Mapped[str | None] = field()
    size: Mapped[int | None] = field()
    sha256: Mapped[str | None] = field()


class DocumentVersion(OfficeRecord):
    """A file's content at one time: the blob is named by `sha256` (hexadecimal), size in bytes."""

    __tablename__ = "document_versions"
    __table_args__ = (
        to("documents", "document_id"),
        UniqueConstraint("tenant_id", "document_id", "version"),
    )

    document_id: Mapped[UUID] = fixed()
    version: Mapped[str] = fixed(default="1.0")
    file_name: Mapped[str] = fixed()
    content_type: Mapped[str] = fixed()
    size: Mapped[int] = fixed()
    sha256: Mapped[str] = fixed()
    change_note: Mapped[str | None] = fixed()
    created_by: Mapped[UUID | None] = fixed()


class EvidenceDocument(OfficeRecord):
    """Joins a piece of evidence to the document of the library that it was taken from."""

    __tablename__ = "evidence_documents"
    __table_args__ = (
        to(AuditEvidence, "evidence_id"),
        to("documents", "document_id"),
        UniqueConstraint("tenant_id", "evidence_id"),
    )

    evidence_id: Mapped[UUID] = fixed()
    document_id: Mapped[UUID] = fixed()
