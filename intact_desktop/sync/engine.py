"""A round of sync: hello, push, pull, files. Every step can fail; none loses anything."""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Engine, update

from intact_core import clock
from intact_core.errors import (
    IntactError,
    Revoked,
    ServerFault,
    StorageFault,
    UnknownLaptop,
    UpgradeNeeded,
)
from intact_core.records.base import SCHEMA_VERSION
from intact_core.sync.protocol import (
    BATCH,
    PROTOCOL_VERSION,
    Hello,
    HelloAnswer,
    Successor,
)
from intact_desktop.store.engine import checkpoint, reading, turn_of
from intact_desktop.store.journal import APP_VERSION, this_device
from intact_desktop.store.tables import Device, table_of
from intact_desktop.sync import leaving, names, outgoing, parallel
from intact_desktop.sync.applying import Applied, Prepared, prepare, write
from intact_desktop.sync.at_rest import at_rest, stands_there
from intact_desktop.sync.beside import Beside, beside
from intact_desktop.sync.carrying_up import carry_up, segments
from intact_desktop.sync.cuts import Cut
from intact_desktop.sync.files import (
    FileTransfer,
    Progress,
    newest_receipt,
    note_epoch,
    note_wanted,
)
from intact_desktop.sync.gateway import Forked, Gateway, Sign
from intact_desktop.sync.proof import files_by_state, worth_keeping
from intact_desktop.sync.pushing import Sender
from intact_desktop.sync.showing import show
from intact_desktop.sync.staging import FROM_ROWS, Shelf, receive

_NOTE = update(table_of(Device))
_MOST_PULLS = 3
_MANY_ROWS = 200
_POLITE_SECONDS = 15.0
_QUIET_SECONDS = 0.25
_POLL_SECONDS = 0.0005
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Around:
    """What a round asks of the application around it.

    `set_aside` copies the database before anything that the server does not have is hidden;
    `renamed` keeps the new name of a laptop that was copied or restored. Of a pull with `kept_from`
    rows or more what came is kept when it breaks off.
    """

    keep_lease: Callable[[HelloAnswer], None]
    set_aside: Callable[[], object]
    renamed: Callable[[Successor], None]
    kept_from: int = FROM_ROWS
    beside: Beside = beside


@dataclass(frozen=True)
class Round:
    """What a round did; `news` when something here is now other than the person left it."""

    sent: int
    received: int
    files_sent: int
    files_fetched: int
    clock_offset: timedelta
    proof: dict[str, object] | None
    news: bool = True


class _Later(Exception):
    """Somebody else wants to write: what was written so far is taken back."""


def _silent(words: str, done: int, whole: int) -> None:
    del words, done, whole


class SyncEngine:
    """Syncs one laptop. Call `round` from one thread at a time, never from the GUI thread."""

    def __init__(
        self,
        engine: Engine,
        gateway: Gateway,
        sign: Sign,
        transfer: FileTransfer,
        around: Around,
    ) -> None:
        self._kept_from = around.kept_from
        self._engine = engine
        self._turn = turn_of(engine)
        self._gateway = gateway
        self._sign = sign
        self._transfer = transfer
        self._around = around
        self._progress: Progress = _silent
        self._acknowledged = 0
        self._news = False
        self._sent = 0
        self._offset = timedelta()

    def round(self, progress: Progress = _silent) -> Round:
        """One whole round; raises IntactError when it could not be finished.

        Operations never wait for files: they are pushed and pulled first. Revoked and
        UpgradeNeeded are raised only after everything from here was handed in.
        """
        self._progress = self._gateway.line.follow(progress)
        self._news = False
        try:
            result = self._round_or_deposit()
        except IntactError as error:
            # A full disk must not take the place of what is told.
            with suppress(StorageFault):
                self._log("failed", f"{error.title}: {error.sentence}")
            raise
        if result.sent or result.received or result.files_sent or result.files_fetched:
            self._log("done", f"{result.sent} sent, {result.received} received")
        return result

    def tidy(self) -> None:
        """After a round, when it was told how it went: what nobody has to wait for."""
        checkpoint(self._engine)

    def hang_up(self) -> None:
        """From any thread: the message under way ends now, and the round with it."""
        self._gateway.line.cut()

    def _round_or_deposit(self) -> Round:
        try:
            return self._round()
        except (Revoked, UpgradeNeeded):
            self._deposit()
            raise

    def _round(self) -> Round:
        self._progress("Talking to the server", 0, 0)
        answer = self._meet()
        with reading(self._engine).connect() as connection:
            device, files = this_device(connection), files_by_state(connection)
            rests = at_rest(connection, device, files, answer)
        if rests:
            return Round(0, 0, 0, 0, self._offset, self._proof_of(device, files), news=False)
        end = self._push(answer)
        received = self._pull(answer)
        show(self._engine)
        sent_files = self._transfer.send_all(self._progress)
        fetched = self._transfer.fetch_all(self._progress)
        proof = self._prove(end)
        news = self._news or sent_files > 0 or fetched > 0
        return Round(self._sent, received, sent_files, fetched, self._offset, proof, news)

    def _meet(self) -> HelloAnswer:
        try:
            return self._greet()
        except UnknownLaptop:
            names.be_known_again(self._engine, self._gateway)
        except Forked:
            self._around.renamed(names.take_new_name(self._engine, self._gateway))
        return self._greet()

    def _greet(self) -> HelloAnswer:
        with reading(self._engine).connect() as connection:
            device = this_device(connection)
            ours = outgoing.hash_at(connection, device.acknowledged_n) or ""
            newest = newest_receipt(connection)
        self._acknowledged = device.acknowledged_n
        message = Hello(
            protocol=PROTOCOL_VERSION,
            app_version=APP_VERSION,
            schema_version=SCHEMA_VERSION,
            epoch=device.epoch,
            last_n=self._acknowledged,
            chain_hash=ours,
            wall_time=clock.now(),
            newest_receipt=newest,
        )
        answer = self._gateway.hello(message)
        self._around.keep_lease(answer)
        self._note_offset(answer, device.clock_offset_seconds)
        if (answer.last_n, answer.chain_hash) != (self._acknowledged, ours):
            self._same_history(answer.last_n, answer.chain_hash)
        if answer.last_n < self._acknowledged:
            self._send_again(answer.last_n)
        return answer

    def _note_offset(self, answer: HelloAnswer, known: int | None) -> None:
        self._offset = answer.server_time - clock.now()
        offset = round(self._offset.total_seconds())
        if known is None or abs(known - offset) > 1:
            with self._engine.begin() as connection:
                connection.execute(_NOTE, {"clock_offset_seconds": offset})

    def _send_again(self, last_n: int) -> None:
        """The server was restored from a backup: what it lost is sent from the archive."""
        lost = self._acknowledged - last_n
        with self._engine.begin() as connection:
            outgoing.expect_again(connection, last_n)
            words = f"The server was restored from a backup: {lost} changes are sent again"
            names.append_log(connection, "restored", words)
        self._acknowledged = last_n

    def _deposit(self) -> None:
        """Hand in what is not on the server yet, where nothing else is allowed any more."""
        with reading(self._engine).connect() as connection:
            end = this_device(connection).acknowledged_n, ""
        beside, progress = self._around.beside, self._progress
        Sender(
            self._engine, self._gateway, self._sign, beside, progress, end, is_deposit=True
        ).send(BATCH)
        for one in segments(self._engine):
            carry_up(self._engine, self._gateway, one)
        self._transfer.send_all(self._progress)

    def _push(self, answer: HelloAnswer) -> tuple[int, str]:
        """Own operations and colleagues' that are carried here, each in its turn."""
        # Operations whose receipt was lost are sent again: the server answers with the same.
        end = min(answer.last_n, self._acknowledged), answer.chain_hash
        beside, progress = self._around.beside, self._progress
        sender = Sender(self._engine, self._gateway, self._sign, beside, progress, end)
        refused: set[UUID] = set()
        for one in segments(self._engine):
            if one.device_id not in refused:
                sender.send(answer.batch, until=one.own_n)
                self._progress(f"Bringing the work of {one.name} to the server", 0, 0)
                if not carry_up(self._engine, self._gateway, one):
                    refused.add(one.device_id)
        sender.send(answer.batch)
        self._sent, self._news = sender.sent, self._news or sender.is_news
        return sender.end

    def _same_history(self, after: int, chain_hash: str) -> None:
        with reading(self._engine).connect() as connection:
            if outgoing.hash_at(connection, after) != chain_hash:
                raise Forked(
                    "The server knows other changes of this laptop than those stored here. Nothing "
                    "was sent or removed."
                )

    def _pull(self, answer: HelloAnswer) -> int:
        shelf = Shelf(self._engine, self._progress, self._kept_from)
        if self._stands_there(answer):
            shelf.drop()
            return 0
        received = 0
        for _ in range(_MOST_PULLS):
            self._progress("Receiving changes", received, 0)
            cut, known_epoch = receive(self._engine, self._gateway, shelf)
            applied = self._apply(cut, answer.epoch, known_epoch)
            shelf.drop()
            received += applied.rows
            if not applied.mismatched:
                return received
            self._log("mismatch", "Fetching again: " + ", ".join(applied.mismatched))
        raise ServerFault(
            "What the server sent does not add up to what it says it holds. Your own changes are "
            "safe here and on the server. Please send a support bundle."
        )

    def _stands_there(self, answer: HelloAnswer) -> bool:
        """Whether a pull could bring nothing: nothing was sent, and all scopes stand the same."""
        with reading(self._engine).connect() as connection:
            return not self._sent and stands_there(connection, this_device(connection), answer)

    def _apply(self, cut: Cut, epoch: str, known_epoch: str) -> Applied:
        with reading(self._engine).connect() as connection:
            prepared = prepare(connection, cut, self._turn.rest)
            both_kept = parallel.met(connection, cut.changes)
        if astray := prepared.applied.mismatched:
            # The changes lie on another history than ours: rows could point to what is not here.
            with self._engine.begin() as connection:
                leaving.start_again(connection, astray)
            return Applied(0, astray)
        if prepared.gone:
            self._around.set_aside()
        if not prepared.is_empty or epoch != known_epoch:
            self._news |= prepared.is_news
            self._write(prepared, epoch)
            for one in both_kept:
                self._log(parallel.OUTCOME, one.words())
            for scope in prepared.lost_scopes:
                self._transfer.forget(scope)
                self._log("left", f"You do not work on this any more, so it was removed: {scope}")
        return prepared.applied

    def _write(self, prepared: Prepared, epoch: str) -> None:
        """One transaction; somebody at the keyboard goes first, but not for ever."""
        end = time.monotonic() + _POLITE_SECONDS
        if prepared.applied.rows >= _MANY_ROWS:
            self._turn.wait_for_quiet(_QUIET_SECONDS, end)
        while not self._written(prepared, epoch, end):
            self._turn.wait_for_quiet(_QUIET_SECONDS, end)

    def _written(self, prepared: Prepared, epoch: str, polite_until: float) -> bool:
        turn = self._turn

        def give_way() -> None:
            while turn.busy and time.monotonic() < polite_until:
                if turn.waiting:
                    raise _Later
                time.sleep(_POLL_SECONDS)

        try:
            with self._engine.begin() as connection:
                write(connection, prepared, give_way)
                note_epoch(connection, epoch)
                note_wanted(connection)
        except _Later:
            return False
        return True

    def _prove(self, end: tuple[int, str]) -> dict[str, object] | None:
        with reading(self._engine).connect() as connection:
            device = this_device(connection)
            files = files_by_state(connection)
        if (device.last_n, device.chain_hash) != end or files.get("pending"):
            return None
        return self._proof_of(device, files)

    def _proof_of(self, device: Device, files: Mapping[str, int]) -> dict[str, object]:
        now = clock.now()
        proof: dict[str, object] = {
            "operations": device.last_n,
            "files": files.get("sent", 0),
            "at": now.isoformat(),
        }
        if worth_keeping(device.proof, proof, now):
            with self._engine.begin() as connection:
                connection.execute(_NOTE, {"proof": proof})
        return proof

    def _log(self, outcome: str, words: str) -> None:
        with self._engine.begin() as connection:
            names.append_log(connection, outcome, words)
