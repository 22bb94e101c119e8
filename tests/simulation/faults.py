"""What goes wrong between two steps, and on the wire, when the dice say so."""

from collections.abc import Callable
from dataclasses import dataclass, field

from intact_core.errors import StorageFault


class Killed(BaseException):
    """The process is gone, as after kill -9: nothing in it may handle this."""


class ServerDied(BaseException):
    """The server's process is gone; whoever waits for it loses the connection."""


@dataclass
class Fuse:
    """Burns at each step of a laptop or server; at the one that was asked for it acts."""

    left: int = 0
    act: Callable[[], None] = lambda: None
    burnt: bool = False
    paused: bool = False

    def set(self, steps: int, act: Callable[[], None]) -> None:
        """Act at that step from now on (1 is the next)."""
        self.left, self.act, self.burnt = steps, act, False

    def clear(self) -> None:
        self.left = 0

    def burn(self, *_: object) -> None:
        """One step was taken."""
        if self.left and not self.paused:
            self.left -= 1
            if not self.left:
                self.burnt = True
                self.act()


@dataclass
class FullDisk:
    """Once full it stays full until somebody makes room."""

    fuse: Fuse = field(default_factory=Fuse)
    full: bool = False

    def set(self, steps: int) -> None:
        """Full from that step on."""
        self.fuse.set(steps, self._fill)

    def _fill(self) -> None:
        self.full = True

    def room(self) -> None:
        self.full = False
        self.fuse.clear()

    def write(self, *_: object) -> None:
        """Something is about to be made durable."""
        self.fuse.burn()
        if self.full and not self.fuse.paused:
            raise StorageFault("The disk is full, so the last change was not saved.")


MESSAGES = ("hello", "push", "pull", "offer", "send", "fetch")
FAULTS = (
    "lost_request",
    "lost_response",
    "twice",
    "late",
    "dies",
    "cut",
    "refused",
    "busy",
)


@dataclass
class Weather:
    """Faults waiting for messages: for each name, those that the next messages meet."""

    coming: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    late: list[Callable[[], object]] = field(default_factory=list)
    met: int = 0
    stuck: bool = False

    def add(self, name: str, fault: str, at: int = 0) -> None:
        self.coming.setdefault(name, []).append((fault, at))

    def next(self, name: str) -> tuple[str, int]:
        """What the next message of that name meets; ("", 0) for nothing."""
        waiting = self.coming.get(name)
        if not waiting:
            return "", 0
        self.met += 1
        return waiting.pop(0)

    def clear(self) -> None:
        self.coming.clear()
        self.stuck = False
