"""A large answer kept as it comes, so that one that broke off goes on where it was."""

from collections.abc import Iterator, Sequence
from uuid import UUID

from sqlalchemy import Engine, delete, insert, select

from intact_core.errors import ServerFault
from intact_core.packing import Damaged, packed, unpacked
from intact_core.sync.protocol import (
    PROTOCOL_VERSION,
    Begin,
    Change,
    End,
    Pull,
    Resume,
    decode_pull_line,
)
from intact_desktop.store.engine import reading, turn_of
from intact_desktop.store.journal import this_device
from intact_desktop.store.tables import Staging, table_of
from intact_desktop.sync.applying import cursors
from intact_desktop.sync.cuts import Cut, Keeping, read_cut
from intact_desktop.sync.files import Progress
from intact_desktop.sync.gateway import Gateway

FROM_ROWS = 5_000
"""Smaller answers are asked for again: keeping them would cost more than it saves."""
_ROWS_AT_ONCE = 500
_SAID_EACH = 500
_DROPPED_AT_ONCE = 20
_STAGING = table_of(Staging)
_FIRST = select(_STAGING.c.lines).order_by(_STAGING.c.n).limit(1)
_LAST = select(_STAGING.c.lines).order_by(_STAGING.c.n.desc()).limit(1)
_KEEP = insert(_STAGING)
# The last first: what is left is always the beginning of an answer.
_TO_DROP = select(_STAGING.c.n).order_by(_STAGING.c.n.desc()).limit(_DROPPED_AT_ONCE)


def receive(engine: Engine, gateway: Gateway, shelf: "Shelf") -> tuple[Cut, str]:
    """Pull all that is new; with it the epoch that this laptop named.

    What came of an answer that broke off stays on the shelf. Raises IntactError.
    """
    with reading(engine).connect() as connection:
        epoch, known = this_device(connection).epoch, cursors(connection)
    message = Pull(PROTOCOL_VERSION, epoch, known, shelf.resume())
    try:
        with gateway.pull(message) as pieces:
            return read_cut(turn_of(engine).resting(pieces, each=1), shelf), epoch
    finally:
        shelf.keep()


class Shelf(Keeping):
    """Keeps the rows of one answer, packed, some hundred in each small transaction.

    The lines are kept as they came and read again as if they came again. The outbox is never
    touched.
    """

    def __init__(self, engine: Engine, progress: Progress, from_rows: int = FROM_ROWS) -> None:
        self._engine, self._turn = engine, turn_of(engine)
        self._progress, self._from_rows = progress, from_rows
        self._at_once = min(_ROWS_AT_ONCE, max(1, from_rows // 2))
        self._begin: bytes = b""
        self._lines: list[bytes] = []
        self._n = 0
        self._keeps = False
        self._rows = self._of = 0

    def resume(self) -> Resume | None:
        """What is here of an answer that broke off."""
        with reading(self._engine).connect() as connection:
            first, last = connection.scalar(_FIRST), connection.scalar(_LAST)
        if first is None or last is None:
            return None
        begin, row = self._read(first)[0], self._read(last)[-1]
        if not isinstance(begin, Begin) or not isinstance(row, Change):
            raise self._useless("no begin, or no row")
        return Resume(begin.epoch, begin.heads, row.type, UUID(row.id))

    def begin(self, begin: Begin, line: bytes) -> Iterator[Change]:
        self._of, self._keeps = begin.rows, begin.rows >= self._from_rows
        self._begin, self._lines, self._n, self._rows = line, [], 0, 0
        if not begin.resumed:
            self.drop()
            return
        self._begin = b""
        for n, lines in self._kept():
            self._n = n + 1
            found = [one for one in self._read(lines) if isinstance(one, Change)]
            self._rows += len(found)
            yield from self._turn.resting(found)
        self._say()

    def came(self, some: Sequence[Change], piece: bytes) -> None:
        before, self._rows = self._rows, self._rows + len(some)
        if before // _SAID_EACH != self._rows // _SAID_EACH:
            self._say()
        if self._keeps:
            # Rows come before all changes.
            rows = sum(one.kind == "row" for one in some)
            self._lines += piece.split(b"\n", rows)[:rows]
            if len(self._lines) >= self._at_once:
                self.keep()

    def keep(self) -> None:
        """Make durable what came since the last time."""
        if not self._lines:
            return
        lines = [self._begin, *self._lines] if self._begin else self._lines
        content = packed(b"\n".join(lines))
        self._turn.rest()
        with self._engine.begin() as connection:
            connection.execute(_KEEP, {"n": self._n, "lines": content})
        self._n, self._begin, self._lines = self._n + 1, b"", []

    def drop(self) -> None:
        """What is kept is of no use any more."""
        while True:
            with reading(self._engine).connect() as connection:
                parts = list(connection.scalars(_TO_DROP))
            if not parts:
                return
            self._turn.rest()
            with self._engine.begin() as connection:
                connection.execute(delete(_STAGING).where(_STAGING.c.n.in_(parts)))

    def _kept(self) -> Iterator[tuple[int, bytes]]:
        n = -1
        while True:
            with reading(self._engine).connect() as connection:
                query = select(_STAGING.c.n, _STAGING.c.lines).where(_STAGING.c.n > n)
                found = connection.execute(query.order_by(_STAGING.c.n).limit(1)).first()
            if found is None:
                return
            n = found.n
            yield n, found.lines

    def _say(self) -> None:
        if self._of >= self._from_rows:
            done = min(self._rows, self._of)
            self._progress(f"Receiving changes {done:,} of {self._of:,}", done, self._of)

    def _read(self, lines: bytes) -> list[Begin | Change | End]:
        try:
            return [decode_pull_line(line) for line in unpacked(lines).split(b"\n")]
        except (ValueError, Damaged) as fault:
            raise self._useless(str(fault)) from fault

    def _useless(self, details: str) -> ServerFault:
        self.drop()
        return ServerFault(
            "What was kept of the server's answer is not understood. Nothing was lost; it is "
            "fetched again.",
            details=details,
        )
