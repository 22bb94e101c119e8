"""Files up and down: resumable, verified, small ones first."""

import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from uuid import UUID

import msgspec
from sqlalchemy import Engine, Select, bindparam, func, insert, select, update
from sqlalchemy.engine import Connection

from intact_core import clock
from intact_core.errors import BadInput, NotFound, ServerFault
from intact_core.records.checklist import AuditEvidence
from intact_core.records.conclusions import AuditReport
from intact_core.sync.protocol import CHUNK, BlobOffer, read_receipt
from intact_desktop.evidence.files import EvidenceFiles
from intact_desktop.evidence.pieces import Pieces
from intact_desktop.store.engine import reading
from intact_desktop.store.tables import Blob, Device, table_of
from intact_desktop.sync.beside import Beside, beside
from intact_desktop.sync.gateway import BlobPart, Gateway
from intact_desktop.sync.names import append_log
from intact_desktop.sync.pacing import Pace
from intact_desktop.sync.reading_ahead import ReadingAhead

_BLOBS = table_of(Blob)
_DEVICE = table_of(Device)
_NOTED_EACH_SECONDS = 1.0
_OTHER_HISTORY = select(_DEVICE.c.epoch).scalar_subquery() != bindparam("present")
_ASK_FOR_ALL = (
    update(_BLOBS)
    .where(_OTHER_HISTORY, _BLOBS.c.state.in_(("sent", "here")))
    .values(state="pending")
)
_ENTER = update(_DEVICE)
_NEWEST_RECEIPT = (
    select(_BLOBS.c.receipt)
    .where(_BLOBS.c.state == "sent", _BLOBS.c.taken_at.is_not(None))
    .order_by(_BLOBS.c.taken_at.desc())
    .limit(1)
)
_IN_STATE = (
    select(_BLOBS.c.sha256, _BLOBS.c.audit_id, _BLOBS.c.size)
    .where(_BLOBS.c.state == bindparam("state"))
    .order_by(_BLOBS.c.size)
)
_OPERATIONS_WAIT = select(_DEVICE.c.last_n > _DEVICE.c.acknowledged_n)
_OF_FILE = update(_BLOBS).where(
    _BLOBS.c.sha256 == bindparam("hash"), _BLOBS.c.audit_id == bindparam("audit")
)


def _missing_of(record: type[AuditEvidence] | type[AuditReport]) -> Select[str, UUID, int]:
    known = (_BLOBS.c.sha256 == record.sha256) & (_BLOBS.c.audit_id == record.audit_schedule_id)
    return (
        select(record.sha256, record.audit_schedule_id, func.max(record.size))
        .where(~select(_BLOBS.c.sha256).where(known).exists())
        .group_by(record.sha256, record.audit_schedule_id)
    )


_MISSING = (_missing_of(AuditEvidence), _missing_of(AuditReport))
Progress = Callable[[str, int, int], None]
Tell = Callable[[], None]


def add_pending(connection: Connection, audit_id: UUID, sha256: str, size: int) -> None:
    """A file captured here waits to be sent; joins the caller's transaction."""
    mine = (_BLOBS.c.sha256 == sha256) & (_BLOBS.c.audit_id == audit_id)
    if connection.scalar(select(_BLOBS.c.size).where(mine)) is None:
        connection.execute(
            insert(_BLOBS).values(
                sha256=sha256,
                audit_id=audit_id,
                size=size,
                state="pending",
                sent=0,
                added_at=clock.now(),
            )
        )


def add_received(connection: Connection, audit_id: UUID, sha256: str, size: int) -> None:
    """A colleague's file that came without the server waits to be sent from here too."""
    add_pending(connection, audit_id, sha256, size)
    mine = (_BLOBS.c.sha256 == sha256) & (_BLOBS.c.audit_id == audit_id)
    wanted = mine & (_BLOBS.c.state == "wanted")
    connection.execute(update(_BLOBS).where(wanted).values(state="pending"))


def note_wanted(connection: Connection) -> None:
    """Files that a pull named and this laptop lacks are to be fetched."""
    for query in _MISSING:
        rows = [
            {
                "sha256": sha256,
                "audit_id": audit_id,
                "size": size,
                "state": "wanted",
                "sent": 0,
                "added_at": clock.now(),
            }
            for sha256, audit_id, size in connection.execute(query)
        ]
        if rows:
            connection.execute(insert(_BLOBS), rows)


def note_epoch(connection: Connection, epoch: str) -> None:
    """Another history of the server: it is asked again for every file whether it has it."""
    connection.execute(_ASK_FOR_ALL, {"present": epoch})
    connection.execute(_ENTER, {"epoch": epoch})


def newest_receipt(connection: Connection) -> str:
    """Of the files sent in the server's present history, that of the last it took, or empty."""
    return connection.scalar(_NEWEST_RECEIPT) or ""


class FileTransfer:
    """Moves files between this laptop and the server; every step can be broken off.

    It ends early when an operation waits: operations go first, and the next round goes on here.
    """

    def __init__(
        self,
        engine: Engine,
        gateway: Gateway,
        files: EvidenceFiles,
        pace: Pace | None = None,
        beside: Beside = beside,
    ) -> None:
        self._engine = engine
        self._gateway = gateway
        self._files = files
        self._pace = pace or Pace()
        self._beside = beside
        self._moved = False

    def send_all(self, progress: Progress) -> int:
        """Send what waits, small files first; returns how many are on the server now."""
        waiting, self._moved = self._in_state("pending"), False
        for done, (sha256, audit_id, size) in enumerate(waiting):
            tell = partial(progress, "Sending files", done, len(waiting))
            if not self._files.has(audit_id, sha256):
                self._miss(sha256, audit_id)
                continue
            receipt = self._send(sha256, audit_id, (size, tell))
            if receipt is None:
                return done
            taken_at = _taken_at(receipt)
            self._set(sha256, audit_id, state="sent", sent=size, receipt=receipt, taken_at=taken_at)
        return len(waiting)

    def fetch_all(self, progress: Progress) -> int:
        """Fetch what is wanted; a file that the server does not have yet stays wanted."""
        wanted, fetched, self._moved = self._in_state("wanted"), 0, False
        for done, (sha256, audit_id, size) in enumerate(wanted):
            tell = partial(progress, "Fetching files", done, len(wanted))
            try:
                whole = self._fetch(sha256, audit_id, (size, tell))
            except NotFound:
                continue
            if not whole:
                break
            self._set(sha256, audit_id, state="here")
            fetched += 1
        return fetched

    def forget(self, scope: str) -> None:
        """Remove the files of an audit that is this person's no more."""
        kind, _, id_ = scope.partition(":")
        if kind == "audit":
            self._files.remove_audit(UUID(id_))

    def _in_state(self, state: str) -> list[tuple[str, UUID, int]]:
        with reading(self._engine).connect() as connection:
            rows = connection.execute(_IN_STATE, {"state": state})
            return [(sha256, audit_id, size) for sha256, audit_id, size in rows]

    def _send(self, sha256: str, audit_id: UUID, more: tuple[int, Tell]) -> str | None:
        """The receipt, or None where an operation goes first."""
        size, tell = more
        state = self._gateway.offer_blob(BlobOffer(sha256, size))
        noted = time.monotonic()
        with (
            self._files.open(audit_id, sha256) as file,
            ReadingAhead(file, self._beside) as ahead,
        ):
            while state.receipt is None:
                if not self._may_go(tell):
                    return None
                piece = ahead.piece(state.offset, self._pace.piece)
                before, state = state, self._gateway.send_blob(sha256, state.offset, piece)
                self._went(len(piece.content))
                if state.receipt is None and state.offset <= before.offset:
                    raise ServerFault(
                        "The server does not take a file and does not say why. The file is safe "
                        "here; it is tried again."
                    )
                # The server knows how far it is; here it is only shown.
                if time.monotonic() - noted >= _NOTED_EACH_SECONDS:
                    self._set(sha256, audit_id, sent=state.offset)
                    noted = time.monotonic()
        return state.receipt

    def _miss(self, sha256: str, audit_id: UUID) -> None:
        """The database was restored and the file was not: it comes back from who else has it."""
        self._set(sha256, audit_id, state="wanted")
        words = (
            "A file of evidence that waited here is not on this computer any more. It is fetched "
            f"from the server as soon as it is there: {sha256[:12]}"
        )
        with self._engine.begin() as connection:
            append_log(connection, "missing", words)

    def _fetch(self, sha256: str, audit_id: UUID, more: tuple[int, Tell]) -> bool:
        """Whether it is here whole; not so where an operation goes first."""
        pieces = Pieces(self._files, audit_id, sha256)
        came = _Coming(pieces, more[0])
        try:
            while came.lacks:
                if not self._may_go(more[1]):
                    return False
                part = self._gateway.fetch_blob(sha256, came.size, came.ask(self._pace.piece))
                self._went(len(part.content))
                came.add(part)
        except BadInput:
            # The server's file is shorter than what is here of it.
            came.forget()
            raise
        finally:
            came.keep()
        try:
            self._files.write_verified(audit_id, sha256, came.read())
        finally:
            # Whole they are not needed, and what is damaged is fetched anew.
            pieces.remove()
        return True

    def _may_go(self, tell: Tell) -> bool:
        """Wait for the line; after a first piece, whether no operation waits."""
        self._pace.wait(tell)
        with reading(self._engine).connect() as connection:
            return not (self._moved and connection.scalar(_OPERATIONS_WAIT))

    def _went(self, count: int) -> None:
        self._moved = True
        self._pace.passed(count)

    def _set(self, sha256: str, audit_id: UUID, **values: object) -> None:
        with self._engine.begin() as connection:
            connection.execute(_OF_FILE, {"hash": sha256, "audit": audit_id, **values})


def _taken_at(receipt: str) -> datetime:
    try:
        return read_receipt(receipt).at
    except msgspec.DecodeError as error:
        raise ServerFault(
            "The server's receipt for a file cannot be read. The file is safe here; it is tried "
            "again."
        ) from error


class _Coming:
    """A file that is being fetched: what is kept in pieces, and what came since."""

    def __init__(self, pieces: Pieces, expected: int) -> None:
        self._pieces = pieces
        self._held = bytearray()
        self._whole = max(expected, 1)

    @property
    def size(self) -> int:
        return self._pieces.size + len(self._held)

    @property
    def lacks(self) -> bool:
        return self.size < self._whole

    def ask(self, most: int) -> int:
        """How much to ask for; 0, all of it, where that is little."""
        return 0 if self.size == 0 and self._whole <= most else most

    def add(self, part: BlobPart) -> None:
        if not part.content and part.size > self.size:
            raise ServerFault(
                "The server sends nothing of a file and does not say why. It is tried again."
            )
        self._held += part.content
        self._whole = part.size
        if self.lacks and len(self._held) >= CHUNK:
            self.keep()

    def keep(self) -> None:
        """Make a piece of what came, where more is to come."""
        if self.lacks:
            self._pieces.add(bytes(self._held))
            self._held.clear()

    def forget(self) -> None:
        self._held.clear()
        self._pieces.remove()

    def read(self) -> Iterator[bytes]:
        yield from self._pieces.read()
        yield bytes(self._held)
