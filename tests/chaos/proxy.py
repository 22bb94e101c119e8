"""A proxy that does to messages what networks do: between real laptops and a real server.

It runs on a thread of its own and speaks just enough HTTP/1.1 to know where a message ends.
"""

import asyncio
import socket
import struct
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

SLOW = 23_000 / 8
"""Bytes a second of 23 kbit/s."""
_MOST_A_SECOND = 50
_ROOM = 1 << 13
ON_ACCEPT = ("reset at once", "half open")
ON_MESSAGE = (
    "reset",
    "silence",
    "lost answer",
    "silent answer",
    "twice",
    "late",
    "cut request",
    "cut answer",
    "portal",
    "redirect",
    "429",
    "503",
    "slow",
)
FAULTS = ON_ACCEPT + ON_MESSAGE
_PAGE = b"<html><body>Welcome to the hotel. Sign in.</body></html>"


@dataclass(frozen=True)
class Message:
    """One request as it came."""

    head: bytes
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.head.split(b" ", 2)[1].decode()

    @property
    def whole(self) -> bytes:
        """As it goes on, over a connection that ends with its answer."""
        first, _, rest = self.head.partition(b"\r\n")
        kept = [line for line in rest.split(b"\r\n") if line[:11].lower() != b"connection:"]
        return b"\r\n".join([first, b"Connection: close", *kept]) + self.body


Plan = Callable[[Message | None], str]
"""What happens to a message, or (None) to a connection that begins: a fault, or an empty string."""


def all_well(_: Message | None) -> str:
    return ""


@dataclass
class _Reset(Exception):
    """The connection is torn down."""


class ChaosProxy:
    """Listens on a port of its own and hands on to `port`. `plan` may be exchanged at any time."""

    def __init__(self, port: int, plan: Plan = all_well, slow: float = SLOW) -> None:
        self.target, self.plan, self.slow = port, plan, slow
        self.seen: list[tuple[str, str]] = []
        self.late: list[Message] = []
        self.retry_after = 30
        self._loop = asyncio.new_event_loop()
        self._listening = socket.create_server(("127.0.0.1", 0))
        # What a slow line has not taken yet waits at the sender, as it does out there.
        self._listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _ROOM)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="chaos", daemon=True)

    def __enter__(self) -> "ChaosProxy":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    @property
    def _block(self) -> int:
        return max(1, int(self.slow / _MOST_A_SECOND))

    def deliver_late(self) -> None:
        """What was held up arrives now, in any order; nobody waits for the answers."""
        while self.late:
            message = self.late.pop()
            asyncio.run_coroutine_threadsafe(self._hand_on(message), self._loop).result(30)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        start = asyncio.start_server(self._met, sock=self._listening, limit=_ROOM)
        self._server = self._loop.run_until_complete(start)
        self._loop.run_forever()

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _met(self, up: asyncio.StreamReader, down: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(up, down)
        except (OSError, asyncio.IncompleteReadError, _Reset):
            _reset(down)
        except asyncio.CancelledError:
            pass  # the proxy ends
        finally:
            self._tasks.discard(task)
            down.close()

    async def _serve(self, up: asyncio.StreamReader, down: asyncio.StreamWriter) -> None:
        fault = self.plan(None)
        if fault:
            self.seen.append(("", fault))
        if fault == "reset at once":
            raise _Reset
        if fault == "half open":
            up._transport.pause_reading()  # type: ignore[attr-defined]
            await asyncio.Event().wait()
        while True:
            head = b""
            with suppress(asyncio.IncompleteReadError):
                head = await up.readuntil(b"\r\n\r\n")
            if not head:
                return
            fault = self.plan(Message(head))
            message = Message(head, await self._body(head, up, fault))
            self.seen.append((message.path, fault))
            await self._answer(message, fault, up, down)

    async def _body(self, head: bytes, up: asyncio.StreamReader, fault: str) -> bytes:
        sizes = [
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ]
        body, size = bytearray(), sizes[0] if sizes else 0
        while len(body) < size:
            most = self._block if fault == "slow" else _ROOM
            part = await up.readexactly(min(most, size - len(body)))
            body += part
            if fault == "slow":
                await asyncio.sleep(len(part) / self.slow)
        return bytes(body)

    async def _answer(
        self, message: Message, fault: str, up: asyncio.StreamReader, down: asyncio.StreamWriter
    ) -> None:
        do = _DONE.get(fault)
        if do is not None:
            await do(self, message, up, down)
            return
        if fault == "twice":
            await self._hand_on(message)
        answer = await self._hand_on(message)
        if fault == "lost answer":
            raise _Reset
        if fault == "silent answer":
            await up.read()
            raise _Reset
        if fault == "cut answer":
            down.write(answer[: len(answer) * 2 // 3])
            await down.drain()
            raise _Reset
        down.write(answer)
        await down.drain()

    async def _hand_on(self, message: Message, until: int | None = None) -> bytes:
        """Give the message to the server, whole or its beginning; the server's answer."""
        up, down = await asyncio.open_connection("127.0.0.1", self.target)
        try:
            down.write(message.whole[:until])
            await down.drain()
            if until is not None:
                return b""
            answer = await up.read()
        finally:
            down.close()
        return answer.replace(b"connection: close\r\n", b"", 1)

    async def _silence(
        self, _: Message, up: asyncio.StreamReader, __: asyncio.StreamWriter
    ) -> None:
        await up.read()
        raise _Reset

    async def _late(self, message: Message, *_: object) -> None:
        self.late.append(message)
        raise _Reset

    async def _cut_request(self, message: Message, *_: object) -> None:
        await self._hand_on(message, len(message.whole) - len(message.body) // 2 - 1)
        raise _Reset

    async def _slow(
        self, message: Message, _: asyncio.StreamReader, down: asyncio.StreamWriter
    ) -> None:
        answer = await self._hand_on(message)
        for at in range(0, len(answer), self._block):
            down.write(answer[at : at + self._block])
            await down.drain()
            await asyncio.sleep(self._block / self.slow)

    async def _says(
        self,
        head: str,
        body: bytes,
        _: Message,
        __: asyncio.StreamReader,
        down: asyncio.StreamWriter,
    ) -> None:
        now = datetime.now(UTC)
        until = now + timedelta(seconds=self.retry_after)
        words = head.format(seconds=self.retry_after, date=format_datetime(until, usegmt=True))
        day = f"Date: {format_datetime(now, usegmt=True)}\r\n"
        down.write(f"HTTP/1.1 {words}\r\n{day}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await down.drain()


_HTML = "Content-Type: text/html; charset=utf-8"
_DONE: dict[str, Callable[..., Awaitable[None]]] = {
    "reset": lambda *_: _torn(),
    "silence": ChaosProxy._silence,
    "late": ChaosProxy._late,
    "cut request": ChaosProxy._cut_request,
    "slow": ChaosProxy._slow,
    "portal": lambda self, *all_: self._says(f"200 OK\r\n{_HTML}", _PAGE, *all_),
    "redirect": lambda self, *all_: self._says(
        "302 Found\r\nLocation: http://10.0.0.1/login", b"", *all_
    ),
    "429": lambda self, *all_: self._says(
        "429 Too Many Requests\r\nRetry-After: {seconds}", b"slow down", *all_
    ),
    "503": lambda self, *all_: self._says(
        "503 Service Unavailable\r\nRetry-After: {date}", b"", *all_
    ),
}


async def _torn() -> None:
    raise _Reset


def _reset(down: asyncio.StreamWriter) -> None:
    """Close without a goodbye (RST)."""
    with suppress(OSError):
        down.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
    down.transport.abort()


def once(fault: str, part: str = "") -> Plan:
    """The first message whose path has that part (or the first connection) meets the fault."""
    left = [fault]

    def plan(message: Message | None) -> str:
        fits = (message is None) == (fault in ON_ACCEPT) and (not message or part in message.path)
        return left.pop() if fits and left else ""

    return plan


def always(fault: str, part: str = "") -> Plan:
    """Every message whose path has that part meets the fault."""
    return partial(_if_it_fits, fault, part)


def _if_it_fits(fault: str, part: str, message: Message | None) -> str:
    return fault if message is not None and part in message.path else ""
