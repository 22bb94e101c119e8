"""Bodies taken as they come, up to a limit."""

from collections.abc import Awaitable, Callable

from fastapi import Request

from intact_core.errors import BadInput


def body_up_to(limit: int) -> Callable[[Request], Awaitable[bytes]]:
    """A dependency that reads the body; raises BadInput for one of more than `limit` bytes."""

    async def raw_body(request: Request) -> bytes:
        parts, size = [], 0
        async for part in request.stream():
            size += len(part)
            if size > limit:
                raise BadInput(f"Send at most {limit} bytes at once.")
            parts.append(part)
        return b"".join(parts)

    return raw_body
