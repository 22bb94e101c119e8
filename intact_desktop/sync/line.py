"""The line to the server: how long it may be silent, that something moves on it, how it is cut."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakSet

import httpx

from intact_core.errors import Offline

Progress = Callable[[str, int, int], None]
PIECE = 1 << 16
_BUFFER = 1 << 18
_BEAT_SECONDS = 0.5
_OF_THE_WIRE = ("content-encoding", "content-length", "transfer-encoding")
_CONNECTED = ("connect_tcp.complete", "start_tls.complete")


class Ended(Offline):
    """Somebody ended the round while a message was under way."""

    title = "Sync was ended"

    def __init__(self) -> None:
        super().__init__(
            "Sync was ended before it was done. Your work is saved on this computer; it goes on "
            "from there next time."
        )


@dataclass(frozen=True)
class Patience:
    """How long nothing at all may come or go, in seconds: a line that moves is never cut.

    `slowest`: bytes a second of a line that still counts as moving.
    """

    connect: float = 10.0
    silence: float = 60.0
    slowest: float = 2_000.0

    def of(self, size: int) -> httpx.Timeout:
        """For a message of that many bytes.

        What was written lies in this computer's buffers first (some systems hold twice what was
        asked for); until the line has taken it no answer can come.
        """
        draining = min(size, 2 * _BUFFER) / self.slowest
        slow = self.silence + draining
        return httpx.Timeout(self.silence, connect=self.connect, read=slow, write=slow)


class Line:
    """What one gateway sends on. `cut` may be called from any thread."""

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._lock = Lock()
        self._sockets: WeakSet[socket.socket] = WeakSet()
        self._again: Callable[[], None] = _nothing
        self._beaten = 0.0
        self.is_cut = False

    def follow(self, progress: Progress) -> Progress:
        """A round begins: what it says last is said again while bytes move."""
        with self._lock:
            self.is_cut = False

        def say(words: str, done: int, whole: int) -> None:
            self._again = lambda: progress(words, done, whole)
            progress(words, done, whole)

        return say

    def cut(self) -> None:
        """End the message under way, and all that follow until the next round."""
        with self._lock:
            self.is_cut = True
            for one in self._sockets:
                _shut(one)

    def options(self, size: int) -> dict[str, Any]:
        """For a request with a body of that many bytes; raises Ended once the line is cut."""
        if self.is_cut:
            raise Ended
        return {"timeout": self._patience.of(size), "extensions": {"trace": self._watch}}

    def pieces(self, content: bytes) -> Iterator[bytes]:
        """The content bit by bit, so that it is seen to move and can be ended between."""
        for at in range(0, len(content), PIECE):
            self.beat()
            yield content[at : at + PIECE]

    def heard(self, response: httpx.Response) -> httpx.Response:
        """The answer with all of its content; a long one is heard to come."""
        size = response.headers.get("content-length", "")
        if not size.isdecimal() or int(size) <= PIECE:
            response.read()
            return response
        content = bytearray()
        for block in response.iter_bytes():
            self.beat()
            content += block
        headers = [pair for pair in response.headers.multi_items() if pair[0] not in _OF_THE_WIRE]
        return httpx.Response(
            response.status_code, headers=headers, content=bytes(content), request=response.request
        )

    def beat(self) -> None:
        """Something moved."""
        now = time.monotonic()
        if now - self._beaten >= _BEAT_SECONDS:
            self._beaten = now
            self._again()

    def _watch(self, event: str, info: dict[str, Any]) -> None:
        if not event.endswith(_CONNECTED):
            return
        stream = info["return_value"]
        connected: socket.socket = stream.get_extra_info("socket")
        # With less under way, an answer that does not come is noticed sooner.
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        with self._lock:
            self._sockets.add(connected)
            if not self.is_cut:
                return
        stream.close()
        raise Ended


def _shut(one: socket.socket) -> None:
    # Closing would not wake whoever waits for it. Under TLS only the plain socket is shut: its
    # wrapper is in use on the other thread.
    with suppress(OSError):
        socket.socket.shutdown(one, socket.SHUT_RDWR)


def _nothing() -> None:
    return None
