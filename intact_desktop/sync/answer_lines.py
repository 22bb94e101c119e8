"""The lines of a long answer, as they come."""

from collections.abc import Callable, Iterator

import httpx

from intact_core.errors import ServerFault
from intact_core.packing import Damaged, unpacker
from intact_desktop.sync import answers


def lines(response: httpx.Response, beat: Callable[[], None]) -> Iterator[bytes]:
    """The lines of an answer as they come; `beat` is called for each piece of it.

    Raises ServerFault where it is damaged, or ends within a line.
    """
    rest = b""
    for block in _unpacked(response):
        beat()
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
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
