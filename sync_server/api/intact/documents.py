"""The library: folders, files taken in and given out in streams, versions."""

from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import Header, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError
from sqlalchemy.orm import Session

from intact_core import canonical
from intact_core.errors import BadInput
from sync_server.api.intact.asking import Ask, needs
from sync_server.api.intact.downloads import given_out, span_of
from sync_server.api.intact.envelope import Failure, Many, One
from sync_server.api.intact.fields import EXAMPLE_ID, Body, Filters, Line, Long, Shown, example
from sync_server.api.intact.resources import (
    Removed,
    Resource,
    add_single,
    router_of,
    shows,
)
from sync_server.api.intact.uploads import Sent, received
from sync_server.auth.permissions import keys_of
from sync_server.blobs.store import BlobStore
from sync_server.services import documents, records
from sync_server.services.documents import DOCUMENTS, LARGEST, Stored
from sync_server.services.files import content_type_in_library

_TAG = "Documents"
_TOO_LARGE: dict[int | str, dict[str, Any]] = {
    413: {"model": Failure, "description": f"The file has more than {LARGEST >> 20} MB"}
}


class NewFolder(Body):
    model_config = example(
        name="Audit Reports",
        parent_id=EXAMPLE_ID,
        description="Folder for audit reports",
    )

    name: Line
    parent_id: UUID | None = None
    description: Long | None = None


class DocumentChanges(Body):
    """`parent_id` moves; null moves to the top."""

    model_config = example(name="New name", parent_id=EXAMPLE_ID, description="text")

    name: Line | None = None
    parent_id: UUID | None = None
    description: Long | None = None


class ShownDocument(Shown):
    """`version`, `content_type`, `size` (bytes) and `sha256` are a file's, null for a folder."""

    name: str
    is_folder: bool
    parent_id: UUID | None
    description: str | None
    owner_id: UUID | None
    version: str | None
    content_type: str | None
    size: int | None
    sha256: str | None


class ShownVersion(Shown):
    version: str
    file_name: str
    content_type: str
    size: int
    sha256: str
    change_note: str | None
    created_by: UUID | None


class DocumentFilters(Filters):
    search: str | None = None
    parent_id: UUID | None = None
    is_folder: bool | None = None


class OfDocument(Filters):
    document_id: UUID


class UploadFields(Body):
    parent_id: UUID | None = None
    description: Long | None = None


class VersionFields(Body):
    change_note: Long | None = None


DOCUMENT = Resource(
    DOCUMENTS,
    "documents",
    "document",
    ShownDocument,
    DocumentFilters,
    changes=DocumentChanges,
    removable=False,
    change=documents.change_document,
)
VERSION = Resource(documents.VERSIONS, "documents", "document", ShownVersion)
router = router_of(DOCUMENT, _TAG)
routers = (router,)


def _form(fields: type[Body]) -> dict[str, Any]:
    """What the OpenAPI document says of a form that is read by hand."""
    texts = {name: {"type": "string"} for name in fields.model_fields}
    schema = {
        "type": "object",
        "required": ["file"],
        "properties": {"file": {"type": "string", "format": "binary"}, **texts},
    }
    return {
        "requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    }


def _store_of(request: Request) -> BlobStore:
    return cast(BlobStore, request.app.state.blobs)


@router.post(
    "",
    summary="Upload a file",
    status_code=201,
    response_model=None,
    responses={201: {"model": One[ShownDocument], "description": "Stored"}, **_TOO_LARGE},
    openapi_extra=_form(UploadFields),
)
async def upload(
    request: Request,
    ask: Annotated[Ask, needs("document", "create")],
    idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Takes a file in as a stream. Its kind is read off its content, which must fit its name.

    The same content is stored once; a document is made each time.
    """
    del idempotency_key
    names = frozenset(UploadFields.model_fields)
    async with received(request, _store_of(request), names, LARGEST) as sent:
        return await run_in_threadpool(_upload, request, ask, sent)


@router.post(
    "/folder",
    summary="Create a folder",
    status_code=201,
    response_model=None,
    responses={201: {"model": One[ShownDocument], "description": "Made"}},
)
def make_folder(
    ask: Annotated[Ask, needs("document", "create")],
    given: NewFolder,
    idempotency_key: Annotated[str | None, Header(max_length=100)] = None,
) -> Response:
    """Makes a folder at the top, or in another one."""
    del idempotency_key

    def do(session: Session) -> dict[str, Any]:
        row = documents.make_folder(session, ask.caller, given.values())
        return DOCUMENT.told(session, row)

    return ask.once(given.model_dump_json(exclude_unset=True).encode(), do)


@router.get(
    "/{id}/download",
    summary="Download a file",
    response_class=Response,
    response_model=None,
    responses={
        200: {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
        206: {"description": "The part that was asked for", "content": {"*/*": {}}},
        304: {"description": "The copy that the caller has is the same"},
        416: {"model": Failure, "description": "The part asked for is not inside the file"},
    },
)
def download(
    request: Request,
    id: UUID,
    ask: Annotated[Ask, needs("document", "read")],
    version: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    """The content, or the part of it that a Range asks for (RFC 9110, 14); a folder is 400."""
    store = _store_of(request)
    with ask.writing() as session:
        row = records.one(session, ask.caller, DOCUMENTS, id)
        found = documents.version_of(session, row, version)
        tag = f'"{found.sha256}"'
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={"ETag": tag})
        store.size(ask.caller.tenant, found.sha256)
        span = span_of(request, found.size, tag)
        documents.note_download(session, ask.caller, found)
        name = documents.download_name(row, found)
    return given_out(store, ask.caller.tenant, found, span, name)


@router.get(
    "/{id}/versions",
    summary="The versions of a file, newest first",
    response_model=None,
    responses={200: {"model": Many[ShownVersion], "description": "One page"}},
)
def versions(
    id: UUID,
    ask: Annotated[Ask, needs("document", "read")],
    filters: Annotated[Filters, Query()],
) -> Response:
    """Every content that the document had; download one with `?version=`."""
    with ask.reading() as session:
        row = records.one(session, ask.caller, DOCUMENTS, id)
        documents.require_file(row)
        wanted = OfDocument(**filters.model_dump(), document_id=row.id)
        return VERSION.listing(session, ask.caller, wanted)


@router.post(
    "/{id}/versions",
    summary="Upload a newer version of a file",
    status_code=201,
    response_model=None,
    responses={201: {"model": One[ShownDocument], "description": "Stored"}, **_TOO_LARGE},
    openapi_extra=_form(VersionFields),
)
async def upload_version(
    request: Request, id: UUID, ask: Annotated[Ask, needs("document", "update")]
) -> Response:
    """The document keeps its id, place and name; the older content stays and can be downloaded."""
    await run_in_threadpool(_require, ask, id)
    names = frozenset(VersionFields.model_fields)
    async with received(request, _store_of(request), names, LARGEST) as sent:
        return await run_in_threadpool(_upload_version, request, ask, id, sent)


add_single(router, DOCUMENT)


@router.delete("/{id}", summary="Remove a document or a folder", **shows(Removed))
def remove(
    id: UUID,
    ask: Annotated[Ask, needs("document", "delete")],
    recursive: Annotated[bool, Query(description="A folder with all that it holds")] = False,
) -> Response:
    """The rows and the content are kept. A folder that is not empty is 409 unless `recursive`."""
    with ask.writing() as session:
        row = documents.remove_document(session, ask.caller, id, recursive=recursive)
        return DOCUMENT.removed(row)


def _require(ask: Ask, id_: UUID) -> None:
    with ask.reading() as session:
        documents.require_file(records.one(session, ask.caller, DOCUMENTS, id_))


def _upload(request: Request, ask: Ask, sent: Sent) -> Response:
    fields = _values(UploadFields, sent)
    with ask.reading() as session:
        documents.require_folder(session, fields.get("parent_id"))
    file = _stored(ask, sent)

    def do(session: Session) -> dict[str, Any]:
        row = documents.add_file(session, keys_of(request), ask.caller, file, fields)
        return DOCUMENT.told(session, row)

    return ask.once(canonical.dumps({**fields, "file": [file.file_name, file.sha256]}), do)


def _upload_version(request: Request, ask: Ask, id_: UUID, sent: Sent) -> Response:
    note = _values(VersionFields, sent).get("change_note")
    file = _stored(ask, sent)

    def do(session: Session) -> dict[str, Any]:
        keys = keys_of(request)
        row = documents.add_version(session, keys, ask.caller, id_, file, note)
        return DOCUMENT.told(session, row)

    return ask.once(canonical.dumps({"note": note, "sha256": file.sha256}), do)


def _values(fields: type[Body], sent: Sent) -> dict[str, Any]:
    given = {name: value for name, value in sent.fields.items() if value.strip()}
    try:
        return fields.model_validate(given).values()
    except ValidationError as fault:
        first = fault.errors()[0]
        raise BadInput(f"{first['loc'][0]}: {first['msg']}") from fault


def _stored(ask: Ask, sent: Sent) -> Stored:
    kind = content_type_in_library(sent.file_name, sent.spool.file)
    sent.spool.adopt(ask.caller.tenant)
    return Stored(sent.file_name, kind, sent.spool.size, sent.spool.sha256)
