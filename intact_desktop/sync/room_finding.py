"""Team rooms on the local network: announced and found by mDNS (RFC 6762, RFC 6763).

Only the lead's name is told to the network, never the audit or the client.
"""

import secrets
import socket
from dataclasses import dataclass
from ipaddress import ip_address
from queue import Empty, Queue
from time import monotonic

from zeroconf import Error, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from intact_core.errors import Offline
from intact_desktop.sync.room_member import Address

_KIND = "_intact-room._tcp.local."
_LONGEST_NAME = 60


@dataclass(frozen=True)
class Found:
    """A room somewhere on the network."""

    lead: str
    address: Address


class Announcement:
    """Tells the network of a room until it is closed."""

    def __init__(self, lead: str, port: int, host: str | None = None) -> None:
        """Raises Offline where the network takes no announcements: the address is typed then."""
        host = host or own_address()
        name = f"{secrets.token_hex(8)}.{_KIND}"
        packed = ip_address(host).packed
        self._info = ServiceInfo(
            _KIND,
            name,
            addresses=[packed],
            port=port,
            properties={"lead": lead[:_LONGEST_NAME]},
            server=f"{secrets.token_hex(8)}.local.",
        )
        try:
            self._zeroconf = Zeroconf(interfaces=[host])
            self._zeroconf.register_service(self._info)
        except (Error, OSError) as fault:
            raise _silent(str(fault)) from fault

    def close(self) -> None:
        self._zeroconf.unregister_service(self._info)
        self._zeroconf.close()


def find(seconds: float, host: str | None = None) -> list[Found]:
    """The rooms that answer within so many seconds; raises Offline where nothing can be asked."""
    heard = _Heard()
    try:
        zeroconf = Zeroconf(interfaces=[host or own_address()])
    except (Error, OSError) as fault:
        raise _silent(str(fault)) from fault
    try:
        browser = ServiceBrowser(zeroconf, _KIND, heard)
        found = heard.gathered(zeroconf, seconds)
        browser.cancel()
    finally:
        zeroconf.close()
    return found


class _Heard(ServiceListener):
    def __init__(self) -> None:
        self._names: Queue[str] = Queue()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        del zc, type_
        self._names.put(name)

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """A room's announcement never changes."""

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        """Whoever joins a room that is closed by now is told so."""

    def gathered(self, zeroconf: Zeroconf, seconds: float) -> list[Found]:
        found: dict[str, Found] = {}
        end = monotonic() + seconds
        while (left := end - monotonic()) > 0:
            try:
                name = self._names.get(timeout=left)
            except Empty:
                break
            info = zeroconf.get_service_info(_KIND, name, timeout=round(seconds * 1000))
            addresses = info.parsed_addresses() if info else []
            if info is not None and info.port and addresses:
                lead = (info.properties.get(b"lead") or b"?").decode(errors="replace")
                found[name] = Found(lead, Address(addresses[0], info.port))
        return sorted(found.values(), key=lambda one: one.lead)


def own_address() -> str:
    """This computer's address on the local network, or the loopback where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: it only asks which way such a packet would go.
            probe.connect(("224.0.0.251", 5353))
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.1"


def _silent(details: str) -> Offline:
    return Offline(
        "This network lets no rooms be announced or found. Type the address that is shown on the "
        "lead's screen instead.",
        title="No rooms can be found here",
        details=details,
    )
