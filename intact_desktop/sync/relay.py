"""The team room on the network: a small HTTPS server for the team, without Qt."""

import logging
from contextlib import suppress
from http.server import ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Lock, Thread
from typing import Any

from intact_core.errors import StorageFault
from intact_desktop.sync.relay_handler import RoomHandler
from intact_desktop.sync.room import Room

_LOG = logging.getLogger("intact")


class _Server(ThreadingHTTPServer):
    """Handshakes happen in the thread of each connection, so that nobody holds up the others."""

    daemon_threads = False
    room: Room

    def __init__(self, address: tuple[str, int]) -> None:
        self._lock = Lock()
        self._open: set[Any] = set()
        super().__init__(address, RoomHandler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def break_off(self) -> None:
        """End the connections: a laptop that went away must not keep the room from closing."""
        with self._lock:
            connections = list(self._open)
        for one in connections:
            with suppress(OSError):
                one.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        del request, client_address
        _LOG.info("a connection to the team room broke off", exc_info=True)


class Relay:
    """The room's server on the local network; `close` ends it and forgets its key."""

    def __init__(self, room: Room, host: str = "0.0.0.0", port: int = 0) -> None:  # noqa: S104
        """Raises StorageFault where the computer lets no port be opened."""
        self.room = room
        try:
            self._server = _Server((host, port))
        except OSError as fault:
            raise StorageFault(
                "This computer does not let the application open a room on the network. Ask "
                "whoever looks after it to allow it; meanwhile a hand-over file does the same.",
                title="The room cannot be opened",
                details=str(fault),
            ) from fault
        self._server.room = room
        plain: socket = self._server.socket
        self._server.socket = room.tls().wrap_socket(
            plain, server_side=True, do_handshake_on_connect=False
        )
        self._thread = Thread(
            target=self._server.serve_forever, args=(0.2,), name="team room", daemon=True
        )
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def close(self) -> None:
        """End the room. What is being written here is written; who asked asks again."""
        self._server.shutdown()
        self._thread.join()
        self._server.break_off()
        with suppress(OSError):
            self._server.server_close()
