"""A disk that loses power: what a recording may leave behind when it stops at any point.

What it models, of every file by itself:
- whatever was synced is there;
- a write that was not synced since may be there, be missing, or be torn: any of its sectors of
  512 bytes may have been reached and any not; so also may truncations, and the later of two writes
  may be there without the earlier;
- a file that was made, renamed or deleted has the old or the new name until its folder (or, for a
  new file, itself) is synced.
What it does not model: a disk that lies about a sync, bits that rot, sectors that are torn inside.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.powercuts.recording import Event

SECTOR = 512
HABITS = ("nothing", "everything", "some", "some", "some", "torn", "last only")
"""How much of what was not synced a cut leaves."""
_FATES = ("kept", "kept", "dropped", "torn")


@dataclass
class _File:
    durable: bytearray = field(default_factory=bytearray)
    is_durable: bool = False
    waiting: list[Event] = field(default_factory=list)
    old: bytes | None = None
    """What the name stood for before, until the change of name is durable."""

    def sync(self) -> None:
        for event in self.waiting:
            _apply(self.durable, event)
        self.waiting, self.is_durable, self.old = [], True, None

    def found(self, dice: random.Random) -> bytes | None:
        """What a cut leaves under the name now."""
        is_new = not self.is_durable
        if is_new and (dice.random() < 0.5 or not (self.waiting or self.durable)):
            return self.old
        content = bytearray(self.durable)
        _survive(content, self.waiting, dice)
        return bytes(content)


class Disk:
    """Files that change event by event; `cut` says what a person may find just now."""

    def __init__(self, start: Mapping[str, bytes]) -> None:
        self._files = {
            name: _File(bytearray(held), is_durable=True) for name, held in start.items()
        }

    def cut(self, dice: random.Random) -> dict[str, bytes]:
        """The files after the power went off; the disk itself goes on."""
        found = {name: file.found(dice) for name, file in self._files.items()}
        return {name: content for name, content in found.items() if content is not None}

    def happens(self, event: Event) -> None:
        """One thing more is asked of the disk."""
        if event.kind == "sync folder":
            self._names_are_durable(event.name)
        elif event.kind in ("remove", "unlink"):
            self._deleted(event)
        elif event.kind == "rename":
            self._renamed(event)
        elif event.kind == "sync":
            self._files.setdefault(event.name, _File()).sync()
        elif event.kind in ("write", "truncate"):
            self._files.setdefault(event.name, _File()).waiting.append(event)

    def _names_are_durable(self, folder: str) -> None:
        for name, file in self._files.items():
            if name.rpartition("/")[0] == folder and not file.waiting:
                file.old, file.is_durable = None, True

    def _deleted(self, event: Event) -> None:
        gone = self._files.pop(event.name, None)
        if event.kind == "unlink" and gone is not None and gone.is_durable:
            self._files[event.name] = _File(old=bytes(gone.durable))

    def _renamed(self, event: Event) -> None:
        moved, before = self._files.pop(event.name), self._files.get(event.to)
        moved.old = bytes(before.durable) if before is not None else None
        moved.is_durable = False
        self._files[event.to] = moved


def _survive(content: bytearray, waiting: Sequence[Event], dice: random.Random) -> None:
    habit = dice.choice(HABITS)
    if habit == "nothing":
        return
    for event in waiting[-1:] if habit == "last only" else waiting:
        fate = dice.choice(_FATES) if habit == "some" else habit
        if fate == "torn" and event.kind == "write":
            _tear(content, event, dice)
        elif fate != "dropped":
            _apply(content, event)


def _apply(content: bytearray, event: Event) -> None:
    if event.kind == "truncate":
        del content[event.at :]
        content.extend(bytes(event.at - len(content)))
    else:
        _put(content, event.at, event.data)


def _put(content: bytearray, at: int, data: bytes) -> None:
    if data:
        content.extend(bytes(max(at - len(content), 0)))
        content[at : at + len(data)] = data


def _tear(content: bytearray, event: Event, dice: random.Random) -> None:
    """Some of the sectors that the write touches, in no order."""
    at, end = event.at, event.at + len(event.data)
    while at < end:
        until = min((at // SECTOR + 1) * SECTOR, end)
        if dice.random() < 0.5:
            _put(content, at, event.data[at - event.at : until - event.at])
        at = until
