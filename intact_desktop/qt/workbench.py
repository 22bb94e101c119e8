"""What an unlocked profile gives to features, and how they read and write the local database."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from PySide6.QtCore import QObject, Signal
from shiboken6 import isValid
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from intact_core.errors import IntactError, Place
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.qt.tasks import Lanes, Task
from intact_desktop.settings import Account, Profile
from intact_desktop.store import journal
from intact_desktop.store.engine import reading, turn_of
from intact_desktop.vault.keyring_secret import SecretStore
from intact_desktop.vault.vault import Unlocked

T = TypeVar("T")
Show = Callable[[IntactError], None]


@dataclass(frozen=True)
class Opened:
    """An unlocked profile: keys, database, who works here on which device, and until when."""

    profile: Profile
    account: Account
    engine: Engine
    unlocked: Unlocked = field(repr=False)
    device_id: UUID
    tenant_id: UUID
    user_id: UUID
    lease_until: datetime
    secrets: SecretStore | None = field(default=None, repr=False)


class Workbench(QObject):
    """Given to every page. One user action is one transaction, committed here.

    `written` counts the actions begun: what was read before the last of them is old.
    `changed` carries the page whose action was committed, `synced` says that a round of sync
    brought news, `place_wanted` asks the window to go somewhere, `said` is a line for the notice
    bar.
    """

    changed = Signal(object)
    synced = Signal()
    place_wanted = Signal(object)
    sync_wanted = Signal()
    said = Signal(str)

    def __init__(self, opened: Opened, lanes: Lanes) -> None:
        super().__init__()
        self.opened = opened
        self.lanes = lanes
        self._closed = False
        self.written = 0
        self.files = EvidenceFiles(opened.profile.evidence, opened.unlocked.evidence_key)
        self.sessions: sessionmaker[Session] = journal.sessions(opened.engine)
        self.readers: sessionmaker[Session] = sessionmaker(
            reading(opened.engine), expire_on_commit=False
        )

    @property
    def user_id(self) -> UUID:
        return self.opened.user_id

    @property
    def tenant_id(self) -> UUID:
        return self.opened.tenant_id

    def do(
        self,
        action: Callable[[Session], T],
        on_done: Callable[[T], None] | None = None,
        on_error: Show | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """Run one user action on the database lane, as one transaction.

        The result comes back on the GUI thread unless `owner` is gone by then; others are told
        in any case, for the action is committed.
        """

        self.written += 1

        def work() -> T:
            with turn_of(self.opened.engine).queue(), self.sessions.begin() as session:
                return action(session)

        def done(result: T) -> None:
            if on_done is not None and (owner is None or isValid(owner)):
                on_done(result)
            self.changed.emit(owner)
            self.sync_wanted.emit()

        def failed(error: IntactError) -> None:
            if on_error is not None and (owner is None or isValid(owner)):
                on_error(error)
            else:
                self.tell(error.sentence)

        return self._run(work, done, failed, self, self.lanes.database.run_first)

    def ask(
        self,
        query: Callable[[Session], T],
        on_done: Callable[[T], None],
        on_error: Show | None = None,
        owner: QObject | None = None,
    ) -> Task:
        """Run a query on the database lane; it never waits for a writer.

        Once the workbench is closed its pages are on their way out: no answer is delivered then.
        """

        def work() -> T:
            with self.readers() as session:
                return query(session)

        def answered(found: T) -> None:
            if not self._closed:
                on_done(found)

        return self._run(work, answered, on_error, owner, self.lanes.database.run)

    def close(self, seconds: float = 10.0) -> bool:
        """Let what was begun be written, then close the database; False if it took too long.

        What a page still asks after this is answered to nobody.
        """
        self._closed = True
        ended = threading.Event()

        def last() -> None:
            self.opened.engine.dispose()
            ended.set()

        self.lanes.database.run(last)
        return ended.wait(seconds)

    def _run(
        self,
        work: Callable[[], T],
        on_done: Callable[[T], None],
        on_error: Show | None,
        owner: QObject | None,
        put: Callable[..., Task],
    ) -> Task:
        if self._closed:
            return Task()
        turn = turn_of(self.opened.engine)
        turn.touch()

        def first() -> T:
            try:
                return work()
            finally:
                # The answer is delivered and painted yet.
                turn.touch()

        return put(first, on_done, on_error, owner)

    def show_place(self, place: Place) -> None:
        """Go to a record, and to its field where one is named."""
        self.place_wanted.emit(place)

    def request_sync(self) -> None:
        """Ask for a round of sync now."""
        self.sync_wanted.emit()

    def tell(self, sentence: str) -> None:
        """Say something in the notice line: no dialog."""
        self.said.emit(sentence)
