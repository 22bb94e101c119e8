"""One pull as it came: a consistent cut of all scopes, and what it makes of the rows held."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import TypeVar

from intact_core.errors import ServerFault
from intact_core.records.catalogue import TYPES
from intact_core.sync import digest
from intact_core.sync.protocol import (
    Begin,
    Change,
    Cursor,
    End,
    decode_pull_line,
    decode_pull_lines,
)
from intact_desktop.store.bases import Base, Ref, Rest, confirmed
from intact_desktop.store.tables import chunks
from intact_desktop.store.working import working

T = TypeVar("T")
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_BOUND_AT_ONCE = 500
_LAID_AT_ONCE = 100


@dataclass
class Cut:
    """A whole pull: nothing of it is applied before its last line came."""

    epoch: str
    scopes: list[str]
    whole: list[str]
    heads: tuple[Cursor, ...]
    """Where the scopes that come whole stood when their first row was given."""
    changes: list[Change] = field(default_factory=list)
    changed: list[Ref] = field(default_factory=list)
    """The records that the changes are about, each as often as it changed."""
    fresh: list[Base | None] = field(default_factory=list)
    """For each change with a whole record the row that it makes: worked out while the next lines
    are on their way."""
    rows: dict[Ref, Base] = field(default_factory=dict)
    """Of scopes that come whole; there may be very many."""
    unbound: dict[str, list[Base]] = field(default_factory=dict)
    """By kind the fresh ones whose working rows are not made yet."""
    cursors: list[Cursor] = field(default_factory=list)

    def add(self, some: Iterable[Change]) -> None:
        """More lines; raises ServerFault where a record's id has no right form."""
        for one in some:
            type_, id_, patch = one.type, one.id, one.patch
            # A body's own id is looked at where its working row is made.
            if (type_ not in TYPES or patch.get("id") != id_) and not _ID(id_):
                raise _not_understood(f"{id_!r} is no id")
            ref = (type_, id_)
            if one.kind == "row":
                self.rows[ref] = confirmed(ref, one.scope, one.rev, patch)
                continue
            self.changes.append(one)
            self.changed.append(ref)
            if "id" not in patch or one.kind == "leave":
                self.fresh.append(None)
                continue
            fresh = confirmed(ref, one.scope, one.rev, patch, as_text=False)
            self.fresh.append(fresh)
            if type_ in TYPES:
                self.unbound.setdefault(type_, []).append(fresh)
        if sum(map(len, self.unbound.values())) >= _BOUND_AT_ONCE:
            self.bind()

    def bind(self) -> None:
        """Make the working rows of what came: there is time while the next lines are on their way.

        Raises BadInput for a value of a wrong form.
        """
        for type_, states in self.unbound.items():
            working(type_).bind(states)
        self.unbound.clear()


class Keeping:
    """What becomes of the rows of an answer until it is whole: by default nothing."""

    def begin(self, begin: Begin, line: bytes) -> Iterator[Change]:
        """The rows that are here already, where the answer goes on behind them."""
        del begin, line
        yield from ()

    def came(self, some: Sequence[Change], piece: bytes) -> None:
        """More lines came, in that piece."""


def read_cut(pieces: Iterable[bytes], keeping: Keeping | None = None) -> Cut:
    """Gather a pull's lines, some whole ones in each piece.

    Raises ServerFault unless they begin and end as they should.
    """
    keeping, source = keeping or Keeping(), iter(pieces)
    first, _, rest = next(source, b"").partition(b"\n")
    begin = _decoded(decode_pull_line, first) if first else None
    if isinstance(begin, Begin):
        cut = Cut(begin.epoch, begin.scopes, begin.whole, begin.heads)
        cut.add(keeping.begin(begin, first))
        for piece in chain([rest], source):
            some = _decoded(decode_pull_lines, piece)
            end = some.pop() if some and isinstance(some[-1], End) else None
            cut.add(some)
            keeping.came(some, piece)
            if end:
                cut.cursors = end.cursors
                cut.bind()
                return cut
    raise ServerFault("The server's answer broke off. Nothing was changed; it is tried again.")


def _decoded(decode: Callable[[bytes], T], said: bytes) -> T:
    try:
        return decode(said)
    except ValueError as error:
        raise _not_understood(str(error)) from error


def _not_understood(details: str) -> ServerFault:
    return ServerFault(
        "The server sent a line that is not understood. Nothing was changed.", details=details
    )


@dataclass(frozen=True)
class Folded:
    """The rows that a cut makes, those that left without coming to another scope, the digests.

    `lines` is how many changes and rows came.
    """

    rows: Mapping[Ref, Base]
    left: frozenset[Ref]
    digests: Mapping[str, str]
    lines: int


def fold(
    cut: Cut, known: Mapping[str, Cursor], held: Mapping[Ref, Base], rest: Rest = lambda: None
) -> Folded:
    """Lay the changes on the rows: those in `held`, or of a whole scope those that came.

    Rows may be newer than the first changes laid on them; laid in order, the last word of each
    field is the same. The cut's rows are used up. Raises ServerFault where a change is missing.
    """
    work = _Fold(cut, known, held)
    for part in chunks(range(len(cut.changes)), _LAID_AT_ONCE):
        rest()
        work.lay(part)
    return work.folded()


class _Fold:
    """By scope and record: one that moves there and back stands in both for a while."""

    def __init__(self, cut: Cut, known: Mapping[str, Cursor], held: Mapping[Ref, Base]) -> None:
        self._cut, self._known, self._held = cut, known, held
        self._whole = frozenset(cut.whole)
        self._seqs = {scope: one.seq for scope, one in known.items()}
        self._seqs |= {one.scope: one.seq for one in cut.heads}
        self._rows: dict[str, dict[Ref, Base | None]] = {}

    def lay(self, part: Sequence[int]) -> None:
        """The changes in these places, one after the other."""
        cut = self._cut
        for n in part:
            one, ref, row = cut.changes[n], cut.changed[n], cut.fresh[n]
            scope = one.scope
            self._expect_next(scope, one.seq)
            rows = self._rows.setdefault(scope, {})
            if row is None and one.kind != "leave":
                before = rows[ref] if ref in rows else self._at_first(scope, ref)
                body = {**before.body, **one.patch} if before else one.patch
                row = confirmed(ref, scope, one.rev, body)
            rows[ref] = row

    def _expect_next(self, scope: str, seq: int) -> None:
        last = self._seqs.get(scope, 0)
        if seq != last + 1:
            raise ServerFault(
                "The server left out a change. Nothing was applied; it is tried again.",
                details=f"{scope}: {seq} after {last}",
            )
        self._seqs[scope] = seq

    def _is_in(self, scope: str, ref: Ref) -> bool:
        return self._held[ref].scope == scope

    def _at_first(self, scope: str, ref: Ref) -> Base | None:
        found = (self._cut.rows if scope in self._whole else self._held).get(ref)
        return found if found is not None and found.scope == scope else None

    def folded(self) -> Folded:
        lines = len(self._cut.changes) + len(self._cut.rows)
        changed: dict[Ref, Base] = {}
        for laid in self._rows.values():
            changed |= {ref: row for ref, row in laid.items() if row is not None}
        for ref, row in changed.items():
            row.is_new = not self._held or ref not in self._held
        rows = changed
        if self._cut.rows:
            # In place: there may be very many.
            rows = self._cut.rows
            for scope, laid in self._rows.items():
                for ref in laid:
                    if ref in rows and rows[ref].scope == scope:
                        del rows[ref]
            rows |= changed
        left = {
            ref
            for scope, laid in self._rows.items()
            for ref, row in laid.items()
            if row is None and (ref not in self._held or self._is_in(scope, ref))
        }
        return Folded(rows, frozenset(left - rows.keys()), self._digests(rows), lines)

    def _digests(self, rows: Mapping[Ref, Base]) -> dict[str, str]:
        into: dict[str, list[str]] = {scope: [] for scope in self._whole}
        out: dict[str, list[str]] = {}
        for row in rows.values():
            into.setdefault(row.scope, []).append(row.hash)
        for scope in self._rows.keys() - self._whole if self._held else ():
            before = (self._at_first(scope, ref) for ref in self._rows[scope])
            out[scope] = [row.hash for row in before if row is not None]
        digests = {scope: one.digest for scope, one in self._known.items()}
        digests |= dict.fromkeys(self._whole, digest.EMPTY)
        for scope in into.keys() | out.keys():
            start = digests.get(scope, digest.EMPTY)
            digests[scope] = digest.moved(start, out=out.get(scope, ()), into=into.get(scope, ()))
        return digests
