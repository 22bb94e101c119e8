"""Our own sync code with one deliberate mistake each: the suite must notice every one."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import msgspec
from sqlalchemy import delete, select, update

from intact_core.errors import BadInput, NotAllowed
from intact_core.sync import digest, merge
from intact_desktop.store import bases, journal
from intact_desktop.store.tables import Device, Outbox, table_of
from intact_desktop.sync import applying, engine, leaving, outgoing, pushing, working_state
from intact_desktop.sync.engine import SyncEngine
from intact_desktop.sync.pushing import Sender
from sync_server.ledger import conflicts, feed, giving, ingest, rounds
from sync_server.ledger.lineage import Lineage
from sync_server.ledger.workspace import Workspace

_DEVICE, _OUTBOX = table_of(Device), table_of(Outbox)
Mutant = Callable[[ExitStack], None]


def _swap(stack: ExitStack, place: object, name: str, new: object) -> None:
    stack.enter_context(patch.object(place, name, new))


def sequence_cursor(stack: ExitStack) -> None:
    """Positions come from a sequence, which is not rolled back with the transaction."""
    right, last = feed.take_scope, {}

    def take(connection: Any, tenant_id: Any, scope: str, **more: Any) -> tuple[int, str]:
        seq, value = right(connection, tenant_id, scope, **more)
        key = (str(connection.engine.url), scope)
        last[key] = max(seq, last.get(key, 0))
        given, last[key] = last[key], last[key] + 1
        return given, value

    _swap(stack, feed, "take_scope", take)


def acknowledge_before_commit(stack: ExitStack) -> None:
    """What is about to be sent counts as received."""
    right = Sender._launch

    def launch(self: Sender, batch: Any) -> Any:
        with self.engine.begin() as connection:
            connection.execute(update(_DEVICE).values(acknowledged_n=batch.last_n))
        return right(self, batch)

    _swap(stack, Sender, "_launch", launch)


def cursor_before_rows(stack: ExitStack) -> None:
    """How far a laptop is gets written in a transaction before the rows."""
    right = SyncEngine._write

    def write(self: SyncEngine, prepared: Any, epoch: str) -> None:
        with self._engine.begin() as connection:
            prepared.writes[-1].run(connection)
            connection.execute(update(_DEVICE).values(epoch=epoch))
        right(self, prepared, epoch)

    _swap(stack, SyncEngine, "_write", write)


def drop_on_4xx(stack: ExitStack) -> None:
    """What a server answers with "no" is taken out of the queue."""
    right = SyncEngine._push

    def push(self: SyncEngine, answer: Any) -> Any:
        try:
            return right(self, answer)
        except (NotAllowed, BadInput):
            _purge_queue(self)
            return answer.last_n, answer.chain_hash

    _swap(stack, SyncEngine, "_push", push)


def _purge_queue(sync: SyncEngine) -> None:
    with sync._engine.begin() as connection:
        last = connection.scalar(select(_DEVICE.c.acknowledged_n)) or 0
        value = outgoing.hash_at(connection, last)
        connection.execute(delete(_OUTBOX).where(_OUTBOX.c.n > last))
        connection.execute(update(_DEVICE).values(last_n=last, chain_hash=value))


def newest_clock_wins(stack: ExitStack) -> None:
    """Between two edits the one with the later time of day stands."""
    right, newest = merge._clash, {}

    def clash(operation: Any, fields: Any, current: Any, device: str) -> str:
        before = newest.get(operation.id)
        newest[operation.id] = operation.wall_time
        kind = right(operation, fields, current, device)
        later = before is None or operation.wall_time > before
        return "" if kind == "edit" and later else kind

    _swap(stack, merge, "_clash", clash)


def delete_wins(stack: ExitStack) -> None:
    """What one person removed is gone, whatever another did to it meanwhile."""
    right = merge._clash

    def clash(operation: Any, fields: Any, current: Any, device: str) -> str:
        kind = right(operation, fields, current, device)
        return "" if kind == "delete_edit" else kind

    _swap(stack, merge, "_clash", clash)
    _swap(stack, merge, "_revive", lambda *_: None)


def purge_before_push(stack: ExitStack) -> None:
    """A scope that was lost is cleared at once, with what waits to be sent."""
    right = SyncEngine._greet

    def greet(self: SyncEngine) -> Any:
        answer = right(self)
        with self._engine.begin() as connection:
            known = {one.scope for one in applying.cursors(connection)}
            lost = known - {one.scope for one in answer.heads}
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for scope in lost:
                leaving.forget_scope(connection, scope)
        if lost:
            _purge_queue(self)
        return answer

    _swap(stack, SyncEngine, "_greet", greet)


def count_only_digest(stack: ExitStack) -> None:
    """The digest counts rows and does not look at them."""
    _swap(stack, digest, "text_hash", lambda *_: f"{1:064x}")


def no_epoch(stack: ExitStack) -> None:
    """Nobody notices that the server has another history."""
    right = giving._goes_on
    _swap(stack, giving, "_goes_on", lambda cursor, head, _: right(cursor, head, True))

    def note(connection: Any, epoch: str) -> None:
        connection.execute(update(_DEVICE).values(epoch=epoch))

    _swap(stack, engine, "note_epoch", note)


def whole_row_push(stack: ExitStack) -> None:
    """An operation says all fields of the record, not those that changed."""
    right = journal._operation

    def operation(n: int, txn_id: Any, one: Any, base_rev: int) -> Any:
        body = {name: (value, value) for name, value in one.spec.body(one.after).items()}
        return right(n, txn_id, replace(one, changes=body | dict(one.changes)), base_rev)

    _swap(stack, journal, "_operation", operation)


def whole_record_conflict(stack: ExitStack) -> None:
    """Any two edits of one record are a conflict."""

    def by_others(current: Any, group: str, device: str) -> int:
        return max((rev for rev, who in current.field_rev.values() if who != device), default=0)

    _swap(stack, merge, "_by_others", by_others)


def retry_without_limit(stack: ExitStack) -> None:
    """A server that goes round in circles is followed for ever."""
    _swap(stack, pushing, "_expect", lambda _: None)


def no_operation_ids(stack: ExitStack) -> None:
    """What came under another number before is taken for new."""
    _swap(stack, ingest, "_seen", lambda *_: {})


def half_a_group(stack: ExitStack) -> None:
    """Of an action that is refused, what came before the refusal stays."""
    _swap(stack, Workspace, "drop", Workspace.keep)


def incoming_forgotten(stack: ExitStack) -> None:
    """A conflict does not keep what the later person wrote."""
    right = conflicts.ConflictWriter._incoming_side

    def side(self: Any, operation: Any, clash: Any) -> Any:
        return right(self, operation, clash) | {"incoming": {}}

    _swap(stack, conflicts.ConflictWriter, "_incoming_side", side)


def pending_forgotten(stack: ExitStack) -> None:
    """A pull writes over what was typed and not yet sent."""
    _swap(stack, working_state, "pending_changes", lambda _: {})


def refused_stays(stack: ExitStack) -> None:
    """What the server did not accept goes on standing on the laptop."""
    _swap(stack, applying, "_outcome", lambda *_: set())


def no_settled_state(stack: ExitStack) -> None:
    """A laptop that stands where the server stands is never told of its verdicts."""
    _swap(stack, SyncEngine, "_stands_there", lambda self, _: not self._sent)


def receipts_by_place(stack: ExitStack) -> None:
    """A message that comes twice is taken twice: the device's last number is not looked at."""
    right = rounds._known

    def known(*arguments: Any) -> Any:
        return [msgspec.structs.replace(one, verdict="applied") for one in right(*arguments)]

    _swap(stack, rounds, "_known", known)


def own_work_forgotten(stack: ExitStack) -> None:
    """A copied laptop meets what it did before the copy as another's."""
    _swap(stack, Lineage, "own_view", lambda *given: given[-1])


def copies_are_one(stack: ExitStack) -> None:
    """Whatever any copy of a laptop did counts as seen by every copy."""
    _swap(stack, Lineage, "_own", lambda *given: given[-1])


def confirmed_overwritten(stack: ExitStack) -> None:
    """An edit is laid on what the server confirmed, and nothing of that is kept beside."""
    _swap(stack, bases, "keep", lambda *_: None)


DOCUMENT: Mapping[str, Mutant] = {
    "sequence cursor": sequence_cursor,
    "acknowledge before commit": acknowledge_before_commit,
    "cursor before rows": cursor_before_rows,
    "drop on 4xx": drop_on_4xx,
    "newest clock wins": newest_clock_wins,
    "delete wins": delete_wins,
    "purge before push": purge_before_push,
    "count-only digest": count_only_digest,
    "no epoch": no_epoch,
    "whole-row push": whole_row_push,
    "whole-record conflict": whole_record_conflict,
    "retry without limit": retry_without_limit,
}
"""Those that the protocol's design names."""

MORE: Mapping[str, Mutant] = {
    "no operation ids": no_operation_ids,
    "half a group": half_a_group,
    "incoming forgotten": incoming_forgotten,
    "pending forgotten": pending_forgotten,
    "refused stays": refused_stays,
    "no settled state": no_settled_state,
    "receipts made up": receipts_by_place,
    "own work forgotten": own_work_forgotten,
    "copies are one": copies_are_one,
    "confirmed overwritten": confirmed_overwritten,
}

MUTANTS = {**DOCUMENT, **MORE}


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """Inside, our code has that mistake."""
    with ExitStack() as stack:
        MUTANTS[name](stack)
        yield
