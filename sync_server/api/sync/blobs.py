"""Files of the sync protocol: announced, sent in pieces that can resume, fetched by range."""

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from typing import Annotated, cast
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.responses import StreamingResponse

from intact_core.errors import BadInput, Damaged
from intact_core.sync.protocol import BlobOffer, BlobState
from sync_server.api.sync.bodies import body_up_to, parts_up_to
from sync_server.auth.callers import Caller
from sync_server.auth.permissions import database_of, depositing_caller, device_caller, keys_of
from sync_server.blobs.store import BlobStore
from sync_server.services import blobs

router = APIRouter(prefix="/sync/v1/blobs", tags=["Sync of laptops"])
DeviceCaller = Annotated[Caller, Depends(device_caller)]
Depositor = Annotated[Caller, Depends(depositing_caller)]
LARGEST_PIECE = 8 << 20
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")


Raw = Annotated[bytes, Depends(body_up_to(LARGEST_PIECE))]
Piece = Annotated[list[bytes], Depends(parts_up_to(LARGEST_PIECE))]


def store_of(request: Request) -> BlobStore:
    return cast(BlobStore, request.app.state.blobs)


@router.post("")
def offer(request: Request, caller: Depositor, body: Raw) -> Response:
    """Announces a file (BlobOffer); answers BlobState: from where to send, or the receipt."""
    try:
        wanted = msgspec.json.decode(body, type=BlobOffer)
    except msgspec.DecodeError as fault:
        raise BadInput("This is not the announcement of a file.", details=str(fault)) from fault
    with database_of(request).write(caller.tenant, caller.actor) as session:
        state = blobs.offer(session, store_of(request), caller, wanted.sha256, wanted.size)
    if state.offset == state.size and state.receipt is None:
        state = _finish(request, caller, state)
    return _answer(state)


@router.get("/{sha256}/state")
def state(request: Request, caller: Depositor, sha256: str) -> Response:
    """How far a file is (BlobState)."""
    with database_of(request).read(caller.tenant) as session:
        return _answer(blobs.announced(session, store_of(request), caller, sha256))


@router.patch("/{sha256}")
def append(
    request: Request,
    caller: Depositor,
    sha256: str,
    piece: Piece,
    upload_offset: Annotated[int, Header()],
    upload_checksum: Annotated[str | None, Header()] = None,
) -> Response:
    """Adds a piece at an offset. A 409 carries the offset to go on from.

    `Upload-Checksum: sha256 <base64>` guards the piece (tus 1.0, checksum extension).
    """
    _check_piece(piece, upload_checksum)
    store = store_of(request)
    with database_of(request).read(caller.tenant) as session:
        known = blobs.announced(session, store, caller, sha256)
    if known.receipt is not None:
        return _answer(known)
    if upload_offset + sum(map(len, piece)) > known.size:
        raise BadInput("More bytes than were announced.")
    offset = store.append(caller.tenant, sha256, upload_offset, piece)
    reached = BlobState(sha256, known.size, offset)
    return _answer(_finish(request, caller, reached) if offset == known.size else reached)


@router.head("/{sha256}")
def head(request: Request, caller: Depositor, sha256: str) -> Response:
    """The offset as a header (tus 1.0)."""
    with database_of(request).read(caller.tenant) as session:
        known = blobs.announced(session, store_of(request), caller, sha256)
    return Response(headers=_tus(known))


@router.get("/{sha256}")
def download(request: Request, caller: DeviceCaller, sha256: str) -> StreamingResponse:
    """The file's bytes, or a range of them."""
    with database_of(request).read(caller.tenant) as session:
        size = blobs.readable(session, caller, sha256).size
    tenant_id, store = caller.tenant, store_of(request)
    store.size(tenant_id, sha256)
    start, end = _range(request.headers.get("range"), size)
    headers = {"Content-Length": str(end - start), "Accept-Ranges": "bytes"}
    status = 200
    if "range" in request.headers:
        status, headers["Content-Range"] = 206, f"bytes {start}-{end - 1}/{size}"
    content = store.blocks(tenant_id, sha256, start, end - start)
    return StreamingResponse(content, status, headers, "application/octet-stream")


def _finish(request: Request, caller: Caller, state: BlobState) -> BlobState:
    store, tenant_id = store_of(request), caller.tenant
    _complete(store, tenant_id, state)
    with database_of(request).write(tenant_id, caller.actor) as session:
        receipt = blobs.settle(session, keys_of(request), tenant_id, state.sha256, state.size)
    return BlobState(state.sha256, state.size, state.size, receipt)


def _complete(store: BlobStore, tenant_id: UUID, state: BlobState) -> None:
    # A crash between the file's last byte and its receipt leaves a whole file without a row.
    if store.has(tenant_id, state.sha256):
        store.secure(tenant_id, state.sha256)
    else:
        if state.size == 0:
            store.append(tenant_id, state.sha256, 0, [])
        store.finish(tenant_id, state.sha256, state.size)


def _check_piece(piece: Sequence[bytes], checksum: str | None) -> None:
    if checksum is None:
        return
    algorithm, _, text = checksum.partition(" ")
    try:
        expected = base64.b64decode(text, validate=True)
    except binascii.Error as fault:
        raise BadInput("The checksum cannot be read.") from fault
    if algorithm != "sha256":
        raise BadInput("The checksum's algorithm is sha256.")
    found = hashlib.sha256()
    for part in piece:
        found.update(part)
    if found.digest() != expected:
        raise Damaged("This piece arrived damaged and was not kept. Send it again.")


def _range(header: str | None, size: int) -> tuple[int, int]:
    if header is None:
        return 0, size
    found = _RANGE.fullmatch(header)
    start = int(found[1]) if found else size
    end = min(int(found[2]) + 1 if found and found[2] else size, size)
    if not found or start >= end:
        raise BadInput("This range is not inside the file.")
    return start, end


def _tus(state: BlobState) -> dict[str, str]:
    return {
        "Upload-Offset": str(state.offset),
        "Upload-Length": str(state.size),
        "Cache-Control": "no-store",
    }


def _answer(state: BlobState) -> Response:
    body = msgspec.json.encode(state)
    return Response(body, media_type="application/json", headers=_tus(state))
