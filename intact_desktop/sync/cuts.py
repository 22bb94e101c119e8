"""One pull as it came: a consistent cut of all scopes, and what it makes of the rows held."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from intact_core.errors import ServerFault
from intact_core.records.catalogue import TYPES
from intact_core.sync import digest
from intact_core.sync.protocol import Begin, Change, Cursor, End, decode_pull_line
from intact_desktop.store.bases import Base, Ref, Rest, confirmed
from intact_desktop.store.working import working

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
    fresh: list[Base | None] = field(default_factory=list)
    """For each change with a whole record the row that it makes: worked out while the next lines
    are on their way."""
    rows: dict[Ref, Base] = field(default_factory=dict)
    """Of scopes that come whole; there may be very many."""
    unbound: list[tuple[str, Base]] = field(default_factory=list)
    """Of the fresh ones the last, whose working rows are not made yet."""
    cursors: list[Cursor] = field(default_factory=list)

    @property
    def changed(self) -> list[Ref]:
        """The records that the changes are about, each as often as it changed."""
        return [(one.type, one.id) for one in self.changes]

    def add(self, one: Change) -> None:
        """One more line; raises ServerFault where the record's id has no right form."""
        ref = (one.type, one.id)
        # A body's own id is looked at where its working row is made.
        if (one.type not in TYPES or one.patch.get("id") != one.id) and not _ID(one.id):
            raise _not_understood(f"{one.id!r} is no id")
        if one.kind == "row":
            self.rows[ref] = confirmed(ref, one.scope, one.rev, one.patch)
            return
        self.changes.append(one)
        if "id" not in one.patch:
            self.fresh.append(None)
            return
        fresh = confirmed(ref, one.scope, one.rev, one.patch, as_text=False)
        self.fresh.append(fresh)
        if one.type in TYPES:
            self.unbound.append((one.type, fresh))
            if len(self.unbound) == _BOUND_AT_ONCE:
                self.bind()

    def bind(self) -> None:
        """Make the working rows of what came: there is time while the next lines are on their way.

        Raises BadInput for a value of a wrong form.
        """
        by_type: dict[str, list[Base]] = {}
        for type_, base in self.unbound:
            by_type.setdefault(type_, []).append(base)
        for type_, states in by_type.items():
            working(type_).bind(states)
        self.unbound.clear()


class Keeping:
    """What becomes of the rows of an answer until it is whole: by default nothing."""

    def begin(self, begin: Begin, line: bytes) -> Iterator[Change]:
        """The rows that are here already, where the answer goes on behind them."""
        del begin, line
        yield from ()

    def came(self, one: Change, line: bytes) -> None:
        """One more line came."""


def read_cut(lines: Iterable[bytes], keeping: Keeping | None = None) -> Cut:
    """Gather a pull's lines; raises ServerFault unless it begins and ends as it should."""
    keeping, source = keeping or Keeping(), iter(lines)
    first = next(source, b"")
    begin = _decoded(first) if first else None
    if isinstance(begin, Begin):
        cut = Cut(begin.epoch, begin.scopes, begin.whole, begin.heads)
        for one in keeping.begin(begin, first):
            cut.add(one)
        for line in source:
            message = _decoded(line)
            if isinstance(message, Change):
                cut.add(message)
                keeping.came(message, line)
            elif isinstance(message, End):
                cut.cursors = message.cursors
                cut.bind()
                return cut
    raise ServerFault("The server's answer broke off. Nothing was changed; it is tried again.")


def _decoded(line: bytes) -> Begin | Change | End:
    try:
        message: Begin | Change | End = decode_pull_line(line)
    except ValueError as error:
        raise _not_understood(str(error)) from error
    return message


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
    for n, (one, fresh) in enumerate(zip(cut.changes, cut.fresh, strict=True)):
        if n % _LAID_AT_ONCE == 0:
            rest()
        work.lay(one, fresh)
    return work.folded()


class _Fold:
    """By scope and record: one that moves there and back stands in both for a while."""

    def __init__(self, cut: Cut, known: Mapping[str, Cursor], held: Mapping[Ref, Base]) -> None:
        self._cut, self._known, self._held = cut, known, held
        self._whole = frozenset(cut.whole)
        self._seqs = {scope: one.seq for scope, one in known.items()}
        self._seqs |= {one.scope: one.seq for one in cut.heads}
        self._rows: dict[tuple[str, Ref], Base | None] = {}

    def lay(self, one: Change, fresh: Base | None) -> None:
        self._expect_next(one)
        ref = (one.type, one.id)
        if one.kind == "leave":
            self._rows[one.scope, ref] = None
        elif fresh is not None:
            self._rows[one.scope, ref] = fresh
        else:
            before = self._before(one.scope, ref)
            body = {**before.body, **one.patch} if before else one.patch
            self._rows[one.scope, ref] = confirmed(ref, one.scope, one.rev, body)

    def _expect_next(self, one: Change) -> None:
        last = self._seqs.get(one.scope, 0)
        if one.seq != last + 1:
            raise ServerFault(
                "The server left out a change. Nothing was applied; it is tried again.",
                details=f"{one.scope}: {one.seq} after {last}",
            )
        self._seqs[one.scope] = one.seq

    def _before(self, scope: str, ref: Ref) -> Base | None:
        if (scope, ref) in self._rows:
            return self._rows[scope, ref]
        return self._at_first(scope, ref)

    def _is_in(self, scope: str, ref: Ref) -> bool:
        return self._held[ref].scope == scope

    def _at_first(self, scope: str, ref: Ref) -> Base | None:
        found = (self._cut.rows if scope in self._whole else self._held).get(ref)
        return found if found is not None and found.scope == scope else None

    def folded(self) -> Folded:
        lines = len(self._cut.changes) + len(self._cut.rows)
        changed = {ref: row for (_, ref), row in self._rows.items() if row is not None}
        rows = changed
        for ref, row in changed.items():
            row.is_new = not self._held or ref not in self._held
        if self._cut.rows:
            # In place: there may be very many.
            rows = self._cut.rows
            for scope, ref in self._rows:
                if ref in rows and rows[ref].scope == scope:
                    del rows[ref]
            rows |= changed
        gone = [key for key, row in self._rows.items() if row is None]
        left = {ref for scope, ref in gone if ref not in self._held or self._is_in(scope, ref)}
        return Folded(rows, frozenset(left - rows.keys()), self._digests(rows), lines)

    def _digests(self, rows: Mapping[Ref, Base]) -> dict[str, str]:
        into: dict[str, list[str]] = {scope: [] for scope in self._whole}
        out: dict[str, list[str]] = {}
        for row in rows.values():
            into.setdefault(row.scope, []).append(row.hash)
        for scope, ref in self._rows if self._held else ():
            before = self._at_first(scope, ref)
            if before is not None and scope not in self._whole:
                out.setdefault(scope, []).append(before.hash)
        digests = {scope: one.digest for scope, one in self._known.items()}
        digests |= dict.fromkeys(self._whole, digest.EMPTY)
        for scope in into.keys() | out.keys():
            start = digests.get(scope, digest.EMPTY)
            digests[scope] = digest.moved(start, out=out.get(scope, ()), into=into.get(scope, ()))
        return digests
