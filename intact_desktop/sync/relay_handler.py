"""The room over HTTP: decode, ask the room, encode."""

import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, TypeVar

import msgspec

from intact_core.errors import BadInput, IntactError, NotAllowed, NotFound, NotSignedIn
from intact_desktop.sync.room import Room
from intact_desktop.sync.room_messages import LARGEST_MESSAGE, Exchange, Join, Knock, Refusal

T = TypeVar("T")
_FILE = re.compile(r"/room/v1/files/([0-9a-f]{64})")
_PIECE = 1 << 20
_STATUS: tuple[tuple[type[IntactError], int], ...] = (
    (NotSignedIn, 401),
    (NotAllowed, 403),
    (NotFound, 404),
)


class RoomHandler(BaseHTTPRequestHandler):
    """One request; the connection ends with it."""

    timeout = 15
    server_version = "room"
    sys_version = ""

    def do_POST(self) -> None:
        """knock, join, exchange."""
        self._answered(self._post)

    def do_GET(self) -> None:
        """A file of the audit."""
        self._answered(self._give_file)

    def do_PUT(self) -> None:
        """A file that the lead's laptop lacks."""
        self._answered(self._take_file)

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing of the room is printed."""

    @property
    def _room(self) -> Room:
        room: Room = self.server.room  # type: ignore[attr-defined]
        return room

    def _answered(self, call: Callable[[], None]) -> None:
        try:
            call()
        except IntactError as error:
            status = next((code for kind, code in _STATUS if isinstance(error, kind)), 400)
            self._send(status, Refusal(error.title, error.sentence))

    def _post(self) -> None:
        room = self._room
        if self.path == "/room/v1/knock":
            self._send(200, room.knock(self._decoded(Knock)))
        elif self.path == "/room/v1/join":
            self._send(200, room.join(self._decoded(Join)))
        elif self.path == "/room/v1/exchange":
            token = self._token()
            room.member(token)
            self._send(200, room.exchange(token, self._decoded(Exchange)))
        else:
            raise NotFound("There is nothing here.")

    def _give_file(self) -> None:
        sha256 = self._wanted_file()
        with self._room.side.file(sha256) as file:
            self._start(200, file.size, "application/octet-stream")
            while piece := file.read(_PIECE):
                self.wfile.write(piece)

    def _take_file(self) -> None:
        self._room.side.keep_file(self._wanted_file(), self._pieces(self._length()))
        self._send(200, Refusal("", ""))

    def _wanted_file(self) -> str:
        self._room.member(self._token())
        found = _FILE.fullmatch(self.path)
        if found is None:
            raise NotFound("There is nothing here.")
        return found[1]

    def _pieces(self, size: int) -> Iterator[bytes]:
        while size:
            piece = self.rfile.read(min(size, _PIECE))
            if not piece:
                return
            size -= len(piece)
            yield piece

    def _token(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    def _length(self) -> int:
        text = self.headers.get("content-length", "")
        if not text.isdigit():
            raise BadInput("The other laptop sent something that is not understood.")
        return int(text)

    def _decoded(self, kind: type[T]) -> T:
        size = self._length()
        if size > LARGEST_MESSAGE:
            raise BadInput("That is more at once than a team room takes.")
        try:
            return msgspec.json.decode(self.rfile.read(size), type=kind)
        except msgspec.DecodeError as fault:
            raise BadInput("The other laptop sent something that is not understood.") from fault

    def _send(self, status: int, message: msgspec.Struct) -> None:
        body = msgspec.json.encode(message)
        self._start(status, len(body), "application/json")
        self.wfile.write(body)

    def _start(self, status: int, size: int, kind: str) -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(size))
        self.end_headers()
