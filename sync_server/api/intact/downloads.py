"""Giving a stored file out: whole or in part, to keep and never to run."""

import re
from urllib.parse import quote
from uuid import UUID

from fastapi import HTTPException, Request, Response
from fastapi.responses import StreamingResponse

from intact_core.records.library import DocumentVersion
from sync_server.blobs.store import BlobStore

Span = tuple[int, int]
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PLAIN = re.compile(r"[^ !#-$&'()+,\-.0-9;=@A-Z\[\]^_`a-z{}~]")
"""What may not stand between the quotes of a file name that every browser reads alike."""
_KEPT_IN = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "Accept-Ranges": "bytes",
}


def span_of(request: Request, size: int, tag: str) -> Span | None:
    """First byte and the one behind the last; None for all. Several ranges are answered by all."""
    found = _RANGE.fullmatch(request.headers.get("range", ""))
    if not found or request.headers.get("if-range", tag) != tag or not any(found.groups()):
        return None
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= end:
        raise HTTPException(
            416,
            f"This part is not inside the file, which has {size} bytes.",
            {"Content-Range": f"bytes */{size}"},
        )
    return start, end


def given_out(
    store: BlobStore,
    tenant_id: UUID,
    found: DocumentVersion,
    span: Span | None,
    name: str,
) -> Response:
    headers = {
        **_KEPT_IN,
        "Content-Disposition": disposition(name),
        "ETag": f'"{found.sha256}"',
    }
    if span is None:
        headers["Content-Length"] = str(found.size)
        whole = store.verified(tenant_id, found.sha256)
        return StreamingResponse(whole, 200, headers, found.content_type)
    start, end = span
    headers["Content-Length"] = str(end - start)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    part = store.blocks(tenant_id, found.sha256, start, end - start)
    return StreamingResponse(part, 206, headers, found.content_type)


def disposition(name: str) -> str:
    """Content-Disposition of a file to keep: plain for all, and exact in UTF-8 (RFC 6266, 8187)."""
    plain = _PLAIN.sub("_", name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{exact}'
