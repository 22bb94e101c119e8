"""A first sync that breaks off near its end: what is sent again when it goes on."""

from collections.abc import Iterator
from pathlib import Path

import httpx

from intact_core.errors import Offline
from tests.benchmarks.measuring import Figure, Goal, peak_megabytes
from tests.benchmarks.served import Server, enrol

SHARE, ROWS = 0.9, 100_000
MEGABYTE = 1e6


class _Line(httpx.BaseTransport):
    """Counts the bytes of pulls as they come, packed; the next one may be cut after some."""

    def __init__(self) -> None:
        self._wire = httpx.HTTPTransport()
        self.received: list[int] = []
        self.cut_after: int | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._wire.handle_request(request)
        if not request.url.path.endswith("/pull"):
            return response
        self.received.append(0)
        return httpx.Response(
            response.status_code, headers=response.headers, stream=_Body(response, self, request)
        )


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpx.Response, line: _Line, request: httpx.Request) -> None:
        self._response, self._line, self._request = response, line, request

    def __iter__(self) -> Iterator[bytes]:
        for part in self._response.stream:  # type: ignore[union-attr]
            self._line.received[-1] += len(part)
            yield part
            most = self._line.cut_after
            if most is not None and self._line.received[-1] > most:
                raise httpx.ReadError("cut", request=self._request)

    def close(self) -> None:
        self._response.close()


def broken_sync(url: str, folder: Path, email: str) -> list[Figure]:
    """One laptop for the whole size, another that is cut at nine tenths of it and goes on."""
    server = Server(url, folder, None, 0)  # type: ignore[arg-type]
    line = _Line()
    enrol(server, folder / "whole", email, transport=line).sync.round()
    whole = line.received[0]
    line = _Line()
    line.cut_after = round(whole * SHARE)
    laptop = enrol(server, folder / "broken", email, transport=line)
    try:
        laptop.sync.round()
    except Offline:
        line.cut_after = None
    if laptop.sync.round().received < ROWS or len(line.received) != 2:
        raise RuntimeError("it did not go on where it was")
    again = sum(line.received) - whole
    return [
        Figure(
            f"sent again after a break at {SHARE:.0%} of a first sync",
            again / MEGABYTE,
            "MB",
            Goal(0.2, of_ratio=True),
            line.received[0] / MEGABYTE,
            "what came before the break, all of which would come again",
            f"{whole / MEGABYTE:.1f} MB on the wire; laptop's peak {peak_megabytes():.0f} MB",
        )
    ]
