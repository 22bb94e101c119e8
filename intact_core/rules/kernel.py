"""What a rule sees: before, after, who, and the rows around."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import msgspec

from intact_core.errors import Place, RuleBroken
from intact_core.rules.clauses import clause

Row = Any
"""Anything with a record's fields as attributes: a mapped object or a plain row."""


@dataclass(frozen=True)
class Actor:
    """Who changes something. `system` stands for the server's own work (imports, schedules).

    `permits` are the kinds of record that the server's permissions let this person write beside
    what the roles allow; what belongs to an audit stays with its team and the office. `address`
    is the network address that a request came from, for the audit log; empty where none is known.
    """

    user_id: UUID | None
    roles: frozenset[str] = frozenset()
    client_id: UUID | None = None
    device_id: UUID | None = None
    system: bool = False
    permits: frozenset[str] = frozenset()
    address: str = ""

    def has(self, *codes: str) -> bool:
        """True when the actor holds one of the role codes."""
        return self.system or not self.roles.isdisjoint(codes)


SYSTEM = Actor(user_id=None, system=True)


class Change(msgspec.Struct, frozen=True):
    """One record about to change. `before` is None when it is new; `fields` are those changed."""

    type: str
    id: UUID
    before: Row | None
    after: Row
    fields: frozenset[str]

    @property
    def is_new(self) -> bool:
        """True when the record is being made."""
        return self.before is None

    @property
    def deletes(self) -> bool:
        """True when the record gets its tombstone."""
        return "deleted_at" in self.fields and self.after.deleted_at is not None

    def moved(self, field: str) -> tuple[Any, Any] | None:
        """(old, new) of a field that changes, else None; a new record's old value is None."""
        if field not in self.fields:
            return None
        old = None if self.before is None else getattr(self.before, field)
        return (old, getattr(self.after, field))


class World(Protocol):
    """The rows around a change, as they will be once it is made."""

    def get(self, type_: str, id_: UUID | None) -> Row | None:
        """The living record of that id, or None."""
        ...

    def find(self, type_: str, **equal: Any) -> Sequence[Row]:
        """Living records whose fields equal the values given."""
        ...


Rule = Callable[[Change, Actor, World], None]


def broken(
    code: str, sentence: str, change: Change, field: str | None = None, *, cites: str = ""
) -> RuleBroken:
    """The error for a broken rule, pointing at the record that changes."""
    return RuleBroken(
        code, sentence, clause=clause(cites), place=Place(change.type, change.id, field)
    )


def broken_at(code: str, sentence: str, place: Place, *, cites: str = "") -> RuleBroken:
    """The error for a broken rule, pointing at another place to mend it."""
    return RuleBroken(code, sentence, clause=clause(cites), place=place)
