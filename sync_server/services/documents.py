"""The library: folders and files with their versions; the bytes are in the content store."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, aliased

from intact_core import clock, ids
from intact_core.errors import BadInput, NotFound, Place, RuleBroken
from intact_core.records.library import Document, DocumentVersion, EvidenceDocument
from intact_core.records.quality import CorrectiveAction
from sync_server.auth.callers import Caller
from sync_server.auth.keys import TenantKeys
from sync_server.services import records
from sync_server.services.audit_log import note
from sync_server.services.blobs import settle
from sync_server.services.files import clean_name
from sync_server.services.records import Kind

LARGEST = 1 << 30
"""Bytes of a file of the library."""
FIRST_VERSION = "1.0"
DOCUMENTS = Kind(Document, "document", search=("name", "description"))
VERSIONS = Kind(DocumentVersion, "version")


@dataclass(frozen=True)
class Stored:
    """A file whose bytes the content store holds: `size` in bytes, `sha256` hexadecimal."""

    file_name: str
    content_type: str
    size: int
    sha256: str


def make_folder(session: Session, caller: Caller, values: Mapping[str, Any]) -> Document:
    """Make a folder; raises BadInput where `parent_id` is no folder."""
    given = {**values, "is_folder": True, "owner_id": caller.user_id}
    row = records.create(session, caller, DOCUMENTS, given)
    require_folder(session, row.parent_id)
    return row


def add_file(
    session: Session, keys: TenantKeys, caller: Caller, file: Stored, values: Mapping[str, Any]
) -> Document:
    """Make a document of a stored file; raises BadInput where `parent_id` is no folder."""
    # Before the first flush, like everywhere: whoever stores the same content waits here.
    settle(session, keys, caller.tenant, file.sha256, file.size)
    content = _content(file, FIRST_VERSION)
    given = {"name": clean_name(file.file_name), "owner_id": caller.user_id, **content}
    row = records.create(session, caller, DOCUMENTS, {**values, **given})
    require_folder(session, row.parent_id)
    _add_version(session, caller, row, file, None)
    return row


def add_version(
    session: Session, keys: TenantKeys, caller: Caller, id_: UUID, file: Stored, note: str | None
) -> Document:
    """Give a file a newer content. Raises RuleBroken (`duplicate`) where it is the same content,
    BadInput for a folder.
    """
    row = records.one(session, caller, DOCUMENTS, id_, lock=True)
    known = versions_of(session, row)
    if known and known[0].sha256 == file.sha256:
        raise RuleBroken("duplicate", "This is the content that the document has already.")
    settle(session, keys, caller.tenant, file.sha256, file.size)
    major = max(int(one.version.partition(".")[0]) for one in known)
    for name, value in _content(file, f"{major + 1}.0").items():
        setattr(row, name, value)
    _add_version(session, caller, row, file, note)
    return row


def versions_of(session: Session, row: Document) -> Sequence[DocumentVersion]:
    """The versions of a file, newest first; raises BadInput for a folder."""
    require_file(row)
    query = select(DocumentVersion).where(DocumentVersion.document_id == row.id)
    return session.scalars(query.order_by(DocumentVersion.id.desc())).all()


def version_of(session: Session, row: Document, version: str | None) -> DocumentVersion:
    """One version of a file, the newest unless said; raises NotFound, BadInput for a folder."""
    for one in versions_of(session, row):
        if version in (None, one.version):
            return one
    raise NotFound("This document has no such version.")


def change_document(
    session: Session, caller: Caller, id_: UUID, values: Mapping[str, Any]
) -> Document:
    """Rename, describe or move. Raises RuleBroken (`cycle`) for a folder below itself."""
    row = records.change(session, caller, DOCUMENTS, id_, values)
    if "parent_id" in values:
        require_folder(session, row.parent_id)
        _require_no_cycle(session, row)
    return row


def remove_document(session: Session, caller: Caller, id_: UUID, *, recursive: bool) -> Document:
    """Give a document its tombstone, a folder with `recursive` all that it holds.

    Raises RuleBroken: `not_empty`, or `in_use` while evidence or an action stands on one of them.
    """
    row = records.one(session, caller, DOCUMENTS, id_, lock=True)
    now, reason = clock.now(), "removed through the API"
    doomed = [row]
    if recursive:
        below = session.scalars(_below(row.id).with_for_update(of=Document, key_share=True)).all()
        doomed += [one for one in below if one.id != row.id]
    for one in doomed:
        one.deleted_at, one.deleted_reason = now, reason
    session.flush()
    gone = [one.id for one in doomed]
    _require_empty(session, gone)
    _require_unused(session, gone)
    return row


def download_name(row: Document, version: DocumentVersion) -> str:
    """What a copy is called: the document's name, with the ending of its content."""
    ending = PurePath(version.file_name).suffix
    return row.name if row.name.lower().endswith(ending.lower()) else f"{row.name}{ending}"


def note_download(session: Session, caller: Caller, version: DocumentVersion) -> None:
    """Write into the audit log that the caller takes a copy."""
    values = {"version": version.version, "sha256": version.sha256}
    note(session, caller, "DOWNLOAD", "documents", version.document_id, values)


def _content(file: Stored, version: str) -> dict[str, Any]:
    return {
        "current_version_id": ids.new_id(),
        "version": version,
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
    }


def _add_version(
    session: Session, caller: Caller, row: Document, file: Stored, note: str | None
) -> None:
    given = {
        "id": row.current_version_id,
        "document_id": row.id,
        "version": row.version,
        "file_name": clean_name(file.file_name),
        "content_type": file.content_type,
        "size": file.size,
        "sha256": file.sha256,
        "change_note": note,
        "created_by": caller.user_id,
    }
    records.create(session, caller, VERSIONS, given)


# What follows is asked after the flush: it holds the lock of the office's feed until the end of
# the transaction, so whoever changes the tree at the same time comes before or after, not between.


def require_file(row: Document) -> None:
    """Raises BadInput for a folder."""
    if row.is_folder:
        raise BadInput("This is a folder: it has no content. Choose a file in it.")


def require_folder(session: Session, id_: UUID | None) -> None:
    """Raises BadInput for the id of no living folder; the root, None, is one."""
    if id_ is None:
        return
    folder = select(Document.id).where(
        Document.id == id_, Document.is_folder.is_(True), Document.deleted_at.is_(None)
    )
    if session.scalar(folder) is None:
        raise BadInput("parent_id: there is no such folder. Check the id.")


def _require_no_cycle(session: Session, row: Document) -> None:
    if row.parent_id is not None and session.scalar(
        select(Document.id).where(Document.id == row.id, Document.id.in_(_ids_above(row.parent_id)))
    ):
        raise RuleBroken(
            "cycle",
            "A folder cannot lie in itself, nor in a folder below it. Choose another place.",
            place=Place("documents", row.id, "parent_id"),
        )


def _require_empty(session: Session, gone: Sequence[UUID]) -> None:
    inside = select(Document.id).where(Document.parent_id.in_(gone), Document.deleted_at.is_(None))
    if session.scalar(inside.limit(1)) is not None:
        raise RuleBroken(
            "not_empty",
            "This folder is not empty. Empty it first, or ask for it with recursive=true.",
        )


def _require_unused(session: Session, gone: Sequence[UUID]) -> None:
    for column in (EvidenceDocument.document_id, CorrectiveAction.evidence_document_id):
        living = column.class_.deleted_at.is_(None)
        if session.scalar(select(column).where(column.in_(gone), living).limit(1)) is not None:
            raise RuleBroken(
                "in_use", "Evidence or a corrective action stands on this document: it is kept."
            )


def _ids_above(id_: UUID) -> Any:
    """The document and all folders that it lies in. UNION ends a ring by itself."""
    here = select(Document.id, Document.parent_id).where(Document.id == id_).cte(recursive=True)
    upper = aliased(Document)
    up = select(upper.id, upper.parent_id).join(here, upper.id == here.c.parent_id)
    return select(here.union(up).c.id)


def _below(id_: UUID) -> Select[Document]:
    """The document and all living ones that it holds, in the order of their ids."""
    here = select(Document.id).where(Document.id == id_).cte(recursive=True)
    lower = aliased(Document)
    down = select(lower.id).join(here, lower.parent_id == here.c.id)
    found = here.union(down.where(lower.deleted_at.is_(None)))
    return select(Document).where(Document.id.in_(select(found.c.id))).order_by(Document.id)
