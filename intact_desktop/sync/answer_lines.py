"""The lines of a long answer, as they come."""

from collections.abc import Callable, Iterator

import httpx

from intact_core.errors import ServerFault
from intact_core.packing import Damaged, unpacker
from intact_desktop.sync import answers

_PIECE = 1 << 16
"""Bytes, a little less than a hundred records: reading them takes half a millisecond."""


def pieces(response: httpx.Response, beat: Callable[[], None]) -> Iterator[bytes]:
    """The answer as it comes, in pieces of whole lines; `beat` is called for each block of it.

    Raises ServerFault where it is damaged, or ends within a line.
    """
    rest = b""
    for block in _unpacked(response):
        beat()
        rest += block
        at = 0
        while (end := rest.find(b"\n", at + _PIECE)) >= 0:
            yield rest[at:end]
            at = end + 1
        if (end := rest.rfind(b"\n", at)) >= 0:
            yield rest[at:end]
            at = end + 1
        rest = rest[at:]
    if rest:
        raise ServerFault("The server's answer broke off. Nothing was changed; it is tried again.")


def _unpacked(response: httpx.Response) -> Iterator[bytes]:
    if response.headers.get("content-encoding") != "gzip":
        yield from response.iter_bytes()
        return
    unpack = unpacker()
    try:
        for block in response.iter_raw():
            yield unpack.decompress(block)
    except Damaged as fault:
        raise answers.garbled("the packed answer is damaged") from fault
