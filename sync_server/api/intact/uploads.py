"""A form with a file, taken in as it comes: the file goes to disk, never into memory."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import ClientDisconnect

from intact_core.errors import BadInput
from sync_server.blobs.spool import Spool
from sync_server.blobs.store import BLOCK, BlobStore
from sync_server.services.files import TooLarge

_LARGEST_FIELD = 100_000


@dataclass(frozen=True)
class Sent:
    """What the form held: its fields, and the file in the spool."""

    fields: Mapping[str, str]
    file_name: str
    spool: Spool


@asynccontextmanager
async def received(
    request: Request, store: BlobStore, names: frozenset[str], largest: int
) -> AsyncIterator[Sent]:
    """The form of a request with `file` and these fields.

    Raises BadInput for what is no such form, TooLarge for more than `largest` bytes.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise BadInput("Send the file as a form: multipart/form-data with a part named file.")
    with Spool(store) as spool:
        form = _Form(options[b"boundary"], spool, names, largest)
        waiting = bytearray()
        try:
            async for piece in request.stream():
                waiting += piece
                if len(waiting) >= BLOCK:
                    await run_in_threadpool(form.take, bytes(waiting))
                    waiting.clear()
        except ClientDisconnect as fault:
            raise BadInput("The upload broke off. Nothing was stored.") from fault
        await run_in_threadpool(form.take, bytes(waiting))
        yield form.sent()


class _Form:
    def __init__(self, boundary: bytes, spool: Spool, names: frozenset[str], largest: int) -> None:
        self._spool, self._names, self._largest = spool, names, largest
        self._fields: dict[str, bytearray] = {}
        self._file_name: str | None = None
        self._header, self._value = b"", b""
        self._disposition = b""
        self._into: bytearray | None = None
        self._ended = False
        self._parser = MultipartParser(boundary, _calls(self))

    def take(self, data: bytes) -> None:
        try:
            self._parser.write(data)
        except FormParserError as fault:
            raise BadInput("The form cannot be read.", details=str(fault)) from fault

    def sent(self) -> Sent:
        if not self._ended:
            raise BadInput("The form breaks off before its end. Nothing was stored.")
        if self._file_name is None:
            raise BadInput("file: send the file in a part of this name, with a file name.")
        try:
            fields = {name: bytes(value).decode() for name, value in self._fields.items()}
        except UnicodeDecodeError as fault:
            raise BadInput("The fields of the form must be UTF-8.") from fault
        return Sent(fields, self._file_name, self._spool)

    def on_part_begin(self) -> None:
        self._disposition = b""

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def on_header_end(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def on_headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode(errors="replace")
        if name == "file":
            if self._file_name is not None:
                raise BadInput("file: send one file at a time.")
            self._file_name = options.get(b"filename", b"").decode(errors="replace")
            if not self._file_name:
                raise BadInput("file: send the file with its name.")
            self._into = None
            return
        if name not in self._names or name in self._fields:
            raise BadInput(f"{name[:50] or 'a part'}: this form has no such field, or has it once.")
        self._into = self._fields[name] = bytearray()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._into is None:
            if self._spool.size + end - start > self._largest:
                raise TooLarge(f"A file has at most {self._largest >> 20} MB. Nothing was stored.")
            self._spool.write(data[start:end])
            return
        self._into += data[start:end]
        if len(self._into) > _LARGEST_FIELD:
            raise BadInput("A field of the form is too long.")

    def on_end(self) -> None:
        self._ended = True


def _calls(form: _Form) -> Any:
    names = ("part_begin", "header_field", "header_value", "header_end", "headers_finished")
    return {f"on_{name}": getattr(form, f"on_{name}") for name in (*names, "part_data", "end")}
