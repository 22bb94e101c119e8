"""Bodies taken as they come, up to a limit; answers packed for whoever unpacks them (RFC 9110)."""

import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from intact_core.errors import BadInput

_GZIP = 31
"""Window bits that mean a gzip frame (RFC 1952)."""
_QUICK = 1
"""Level: the next ones cost twice the time for a tenth less."""
_WORTH_IT = 512


def body_up_to(limit: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that reads the body, unpacked when it came as gzip.

    Raises BadInput for one of more than `limit` bytes: what it unpacks to counts, so a small body
    cannot grow in memory beyond it.
    """

    async def raw_body(request: Request) -> bytes:
        parts, size = [], 0
        async for part in _plain(request, limit):
            size += len(part)
            if size > limit:
                raise BadInput(f"Send at most {limit} bytes at once.")
            parts.append(part)
        return b"".join(parts)

    return raw_body


async def _plain(request: Request, limit: int) -> AsyncIterator[bytes]:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        async for part in request.stream():
            yield part
        return
    if encoding != "gzip":
        raise BadInput("A body comes as it is, or packed as gzip.")
    unpack = zlib.decompressobj(_GZIP)
    try:
        async for part in request.stream():
            yield unpack.decompress(part, limit + 1)
    except zlib.error as fault:
        raise _damaged() from fault
    if not unpack.eof or unpack.unused_data:
        raise _damaged()


def _damaged() -> BadInput:
    return BadInput("The packed body is damaged and was not taken. Send it again.")


def answer(request: Request, content: bytes, media_type: str) -> Response:
    """The whole content, packed where that is worth it."""
    if len(content) < _WORTH_IT or not _takes_gzip(request):
        return Response(content, media_type=media_type)
    packed = zlib.compress(content, _QUICK, _GZIP)
    return Response(packed, media_type=media_type, headers={"content-encoding": "gzip"})


def streamed(request: Request, parts: Iterator[bytes], media_type: str) -> StreamingResponse:
    """The parts one after the other, packed as one gzip stream."""
    if not _takes_gzip(request):
        return StreamingResponse(parts, media_type=media_type)
    headers = {"content-encoding": "gzip"}
    return StreamingResponse(_packed(parts), media_type=media_type, headers=headers)


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def _packed(parts: Iterator[bytes]) -> Iterator[bytes]:
    pack = zlib.compressobj(_QUICK, wbits=_GZIP)
    for part in parts:
        done = pack.compress(part)
        if done:
            yield done
    yield pack.flush()
