"""Bodies taken as they come, up to a limit; answers packed for whoever unpacks them (RFC 9110)."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Generator
from concurrent.futures import Executor
from contextlib import closing

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from intact_core.errors import BadInput, StorageFault
from intact_core.packing import Damaged, packed, packed_parts, unpacker

Parts = Generator[bytes, None, None]
_WORTH_IT = 512
PATIENCE_SECONDS = 20
"""A laptop gives up after 30 seconds without a byte."""
_BUSY = "Many laptops are being served right now. Nothing was lost; this one has its turn later."


def busy() -> StorageFault:
    """What a laptop is told that waited for its turn as long as it may."""
    return StorageFault(_BUSY, title="The server is busy")


def body_up_to(limit: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that reads the body whole, as `parts_up_to` does."""
    read = parts_up_to(limit)

    async def raw_body(request: Request) -> bytes:
        return b"".join(await read(request))

    return raw_body


def parts_up_to(limit: int) -> Callable[[Request], Awaitable[list[bytes]]]:
    """A dependency that reads the body part by part as it came, unpacked when it came as gzip.

    Joining the parts of a large one takes time and its memory once more. Raises BadInput for one of
    more than `limit` bytes: what it unpacks to counts, so a small body cannot grow in memory
    beyond it.
    """

    async def raw_parts(request: Request) -> list[bytes]:
        parts, size = [], 0
        async for part in _plain(request, limit):
            size += len(part)
            if size > limit:
                raise BadInput(f"Send at most {limit} bytes at once.")
            parts.append(part)
        return parts

    return raw_parts


async def _plain(request: Request, limit: int) -> AsyncIterator[bytes]:
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "identity":
        async for part in request.stream():
            yield part
        return
    if encoding != "gzip":
        raise BadInput("A body comes as it is, or packed as gzip.")
    unpack = unpacker()
    try:
        async for part in request.stream():
            yield unpack.decompress(part, limit + 1)
    except Damaged as fault:
        raise _damaged() from fault
    if not unpack.eof or unpack.unused_data:
        raise _damaged()


def _damaged() -> BadInput:
    return BadInput("The packed body is damaged and was not taken. Send it again.")


def answer(request: Request, content: bytes, media_type: str) -> Response:
    """The whole content, packed where that is worth it."""
    if len(content) < _WORTH_IT or not _takes_gzip(request):
        return Response(content, media_type=media_type)
    headers = {"content-encoding": "gzip"}
    return Response(packed(content), media_type=media_type, headers=headers)


async def streamed(
    request: Request, pool: Executor, parts: Parts, media_type: str
) -> StreamingResponse:
    """The parts one after the other, packed as one gzip stream, worked out by the pool.

    What fails before the first part raises here, so that it gets an answer of its own; so does
    a pool that has no time (StorageFault), sooner than whoever asked gives up waiting.
    """
    packs = _takes_gzip(request)
    ahead = Ahead(pool, packed_parts(parts) if packs else parts)
    try:
        first = await asyncio.wait_for(ahead.first(), PATIENCE_SECONDS)
    except TimeoutError as fault:
        ahead.stop()
        raise busy() from fault
    headers = {"content-encoding": "gzip"} if packs else {}
    return StreamingResponse(ahead.parts(first), media_type=media_type, headers=headers)


class Ahead:
    """Parts worked out as fast as can be and kept until they are taken, on the event loop.

    Somebody behind a slow line would else hold a database connection for as long as it takes.
    Once nobody takes them any more, the work ends.
    """

    def __init__(self, pool: Executor, parts: Parts) -> None:
        self._parts = parts
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._stopped = False
        self._filling = pool.submit(self._fill)

    async def first(self) -> bytes:
        """The first part; raises what went wrong before it."""
        part = await self._waiting.get()
        if part is None:
            self._waiting.put_nowait(None)
            self._filling.result()
        return part or b""

    async def parts(self, first: bytes) -> AsyncIterator[bytes]:
        """The first part that was taken, and all others; raises what went wrong on the way."""
        try:
            yield first
            while (part := await self._waiting.get()) is not None:
                yield part
        finally:
            self.stop()
        self._filling.result()

    def stop(self) -> None:
        """Nobody takes the rest."""
        self._stopped = True
        self._filling.cancel()

    def _fill(self) -> None:
        try:
            with closing(self._parts) as parts:
                for part in parts:
                    self._put(part)
                    if self._stopped:
                        return
        finally:
            self._put(None)

    def _put(self, part: bytes | None) -> None:
        self._loop.call_soon_threadsafe(self._waiting.put_nowait, part)


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")
