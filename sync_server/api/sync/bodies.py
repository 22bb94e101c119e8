"""Bodies as they came, with a limit."""

from typing import Annotated

from fastapi import Depends, Request

from intact_core.errors import BadInput

LARGEST_PIECE = 8 << 20


async def raw_body(request: Request) -> bytes:
    """The body as it came; raises BadInput for a piece larger than allowed."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST_PIECE:
            raise BadInput(f"Send at most {LARGEST_PIECE} bytes at once.")
        parts.append(part)
    return b"".join(parts)


Raw = Annotated[bytes, Depends(raw_body)]
