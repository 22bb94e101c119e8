"""Sending this laptop's own operations: the next batch is made while the server takes the last."""

from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Engine, select

from intact_core.errors import IntactError, ServerFault
from intact_core.sync.protocol import PushAnswer
from intact_desktop.store.engine import reading, turn_of
from intact_desktop.store.tables import Device, chunks, table_of
from intact_desktop.sync import outgoing
from intact_desktop.sync.beside import Await, Beside
from intact_desktop.sync.files import Progress
from intact_desktop.sync.gateway import Gap, Gateway, Sign

_LAST_N = select(table_of(Device).c.last_n)
_RECEIPTS_AT_ONCE = 100
_AS_SENT = ("applied", "no_change")


@dataclass
class Sender:
    """Sends batches through one round; counts what was sent, and whether any met another verdict.

    `end` is where the server's chain of this laptop stands: (n, hash). A deposit is for a laptop
    that may do nothing else any more.
    """

    engine: Engine
    gateway: Gateway
    sign: Sign
    beside: Beside
    progress: Progress
    end: tuple[int, str]
    is_deposit: bool = False
    sent: int = 0
    is_news: bool = False

    def send(self, most: int, until: int | None = None) -> None:
        """Send all operations, or those up to n = `until`, `most` at once; raises IntactError."""
        batch = self._next(self.end[0], most, until)
        flight = self._launch(batch) if batch else None
        while batch and flight:
            try:
                following = self._next(batch.last_n, most, until)
                got, flight = self._landed(flight, batch), None
                if got is None:
                    following = self._next(self.end[0], most, until)
                flight = self._launch(following) if following else None
                if got is not None:
                    self._keep(got, batch.count)
            except BaseException:
                # What is on its way cannot be called back: its answer is given again next time.
                if flight is not None:
                    with suppress(IntactError):
                        flight()
                raise
            batch = following

    def _next(self, after: int, most: int, until: int | None) -> outgoing.Batch | None:
        most = most if until is None else min(most, until - after)
        if most <= 0:
            return None
        with reading(self.engine).connect() as connection:
            return outgoing.next_batch(connection, after, most)

    def _launch(self, batch: outgoing.Batch) -> Await[PushAnswer]:
        with reading(self.engine).connect() as connection:
            last_n = connection.scalar(_LAST_N) or 0
        words = "Handing in operations" if self.is_deposit else "Sending operations"
        self.progress(words, batch.first_n - 1, last_n)
        body = batch.body(self.sign(batch.last_hash.encode()))
        ask = self.gateway.deposit if self.is_deposit else self.gateway.push
        return self.beside(partial(ask, body))

    def _landed(self, flight: Await[PushAnswer], batch: outgoing.Batch) -> PushAnswer | None:
        """The answer, or None where the server wants another batch first."""
        try:
            got = flight()
        except Gap as gap:
            _expect(gap.expected != batch.first_n)
            self.end = gap.expected - 1, ""
            return None
        _expect(got.last_n >= batch.last_n)
        # A colleague may have brought more than this batch: that has its receipts to be asked for.
        whole = got.last_n == batch.last_n
        self.end = batch.last_n, got.chain_hash if whole else batch.last_hash
        return got

    def _keep(self, got: PushAnswer, count: int) -> None:
        self.is_news |= any(one.verdict not in _AS_SENT for one in got.receipts)
        for part in turn_of(self.engine).resting(list(chunks(got.receipts, _RECEIPTS_AT_ONCE))):
            with self.engine.begin() as connection:
                outgoing.keep_receipts(connection, part)
        self.sent += count


def _expect(goes_on: bool) -> None:
    """Raise ServerFault: asked for the same again and again a round would never end."""
    if not goes_on:
        raise ServerFault(
            "The server does not take the next change and does not say why. Nothing was lost; it "
            "is tried again."
        )
